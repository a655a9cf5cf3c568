"""`notesearch links`: what a note links to, what links to it, and the links that lead nowhere."""

from __future__ import annotations

import sys
from pathlib import Path

from typer import Argument, Exit

from notesearch.cli.app import CONFIG, INDEXES, JSON, app, examples, option
from notesearch.cli.chosen_index import open_as_they_are
from notesearch.cli.completion import complete_note
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.terminal import style_of, to_json


@app.command(
    epilog=examples(
        "notesearch links alignment/dpo.md",
        "notesearch links --broken",
        "notesearch links --orphans",
    )
)
def links(
    note: list[str] | None = Argument(
        None,
        metavar="[NOTE]",
        help="A note as in show; without one, the links of all notes are counted.",
        autocompletion=complete_note,
    ),
    broken: bool = option(False, "--broken", "List only the links that lead to no note."),
    orphans: bool = option(False, "--orphans", "List the notes without a link in or out."),
    json: bool = JSON,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Show the links between notes, each with its sentence.

    Those are wikilinks, embeds, Markdown links, the links of org and rst files, and papers that
    other notes are on, by their key or id. What a link means is
    found among the notes as they are now.
    """
    if orphans and (note or broken):
        other = "--broken" if broken else "a note"
        raise UsageError(f"--orphans lists notes, and {other} does not go with it; leave one out")
    if note:
        _of_note(note, broken, json, wanted_index, config)
    elif orphans:
        _orphans(json, wanted_index, config)
    else:
        _of_all(broken, json, wanted_index, config)


def _of_note(
    note: list[str], broken: bool, json: bool, wanted_index: str | None, config: Path | None
) -> None:
    from notesearch.cli.named_note import open_for_note
    from notesearch.render.link_listings import broken_link_lines, note_link_lines

    with open_for_note(note, "links", config, wanted_index) as (_, index, name):
        found = index.links(name)
    style = style_of(sys.stdout)
    if broken:
        shown = [link for link in found.links if link.is_broken]
        for line in [to_json(shown)] if json else broken_link_lines(shown, style):
            write(line)
        if not shown:
            _nothing(f"no link of {found.note.path} leads nowhere")
    elif json:
        write(to_json(found))
    else:
        for line in note_link_lines(found, style):
            write(line)


def _of_all(broken: bool, json: bool, wanted_index: str | None, config: Path | None) -> None:
    from notesearch.render.link_listings import broken_link_lines, link_figures

    with open_as_they_are(choose_indexes(config, wanted_index)) as index:
        found = index.broken_links() if broken else index.all_links()
        orphans = len(index.orphans()) if not broken and not json else 0
    style = style_of(sys.stdout)
    people = broken_link_lines(found, style) if broken else link_figures(found, orphans, style)
    for line in [to_json(found)] if json else people:
        write(line)
    if broken and not found:
        _nothing("no link leads nowhere")


def _orphans(json: bool, wanted_index: str | None, config: Path | None) -> None:
    from notesearch.render.listings import listed_note_lines, stored_note_to_json

    with open_as_they_are(choose_indexes(config, wanted_index)) as index:
        found = index.orphans()
    lines = (
        map(stored_note_to_json, found) if json else listed_note_lines(found, style_of(sys.stdout))
    )
    for line in lines:
        write(line)
    if not found:
        _nothing("every note has a link, or one leads to it")


def _nothing(what: str) -> None:
    show_message(what)
    raise Exit(ExitCode.NOTHING_RELEVANT)
