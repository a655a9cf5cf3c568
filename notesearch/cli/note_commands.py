"""`notesearch tags`, `notes`, `show` and `parse`: look at notes without a question."""

from __future__ import annotations

import sys
from pathlib import Path

from typer import Argument, Exit

from notesearch.cli.app import (
    AT,
    CONFIG,
    INDEXES,
    JSON,
    NOTE,
    FilterCommand,
    app,
    examples,
    option,
    read_path,
    require_regular,
    require_within,
)
from notesearch.cli.completion import complete_filter
from notesearch.cli.index_choice import choose_indexes
from notesearch.cli.note_file import find_file, open_file
from notesearch.cli.output import ExitCode, is_debugging, show_message, show_warning, write
from notesearch.cli.past_choice import open_as_they_were, require_present
from notesearch.render.terminal import style_of, to_json

_MOST_NOTES = 10_000_000


@app.command(
    cls=FilterCommand,
    epilog=examples(
        "notesearch tags", "notesearch tags --tree", 'notesearch tags --with "tag:dpo"'
    ),
)
def tags(
    having: str | None = option(
        None,
        "--with",
        'Count only notes that match, as in "tag:dpo".',
        "FILTER",
        complete=complete_filter,
    ),
    tree: bool = option(False, "--tree", "Show tags below the tag that they belong to."),
    json: bool = JSON,
    at: str | None = AT,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """List the tags and their numbers of notes, most first."""
    from notesearch.render.listings import tag_lines

    with open_as_they_were(choose_indexes(config, wanted_index), at) as index:
        counts = index.tags(having)
    if json:
        write(to_json(counts))
    else:
        for line in tag_lines(counts, style_of(sys.stdout), tree=tree):
            write(line)


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch notes -n 20", "notesearch notes tag:rlhf -tag:dpo since:2026"),
)
def notes(
    where: list[str] | None = Argument(
        None,
        metavar="[FILTER…]",
        help="Only notes that match, as in tag:dpo since:2026.",
        autocompletion=complete_filter,
    ),
    limit: int | None = option(None, "-n", "List at most N notes.", "N"),
    json: bool = JSON,
    at: str | None = AT,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """List the notes, the newest first."""
    from notesearch.render.listings import listed_note_lines, stored_note_to_json

    if limit is not None:
        require_within("-n", limit, 1, _MOST_NOTES)
    with open_as_they_were(choose_indexes(config, wanted_index), at) as index:
        found = index.notes(" ".join(where) if where else None, limit)
    lines = map(stored_note_to_json, found) if json else None
    for line in lines or listed_note_lines(found, style_of(sys.stdout)):
        write(line)
    if not found:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    epilog=examples(
        "notesearch show alignment/dpo.md",
        "notesearch show direct preference",
        "notesearch show 2 --open",
    )
)
def show(
    note: list[str] = NOTE,
    raw: bool = option(False, "--raw", "Show the source of the note, with its LaTeX and HTML."),
    open_it: bool = option(False, "--open", "Open the file instead, in your editor."),
    at: str | None = AT,
    wanted_index: str | None = INDEXES,
    config: Path | None = CONFIG,
) -> None:
    """Show one note as it stands in the index.

    That is its title, tags, date and paper, its text with the numbers of its lines, and the notes
    that it links to and is linked from.

    A note is named by the number of a hit above, by its path, with or without a line, by its
    file's name, or by its title or some words of it.
    """
    from notesearch.cli.named_note import open_for_note
    from notesearch.render.link_listings import brief_link_lines
    from notesearch.render.listings import shown_note_lines
    from notesearch.search.note_lookup import read_place

    with open_for_note(note, "show", config, wanted_index, at) as (chosen, index, name):
        stored, passages = index.show(name)
        if open_it:
            require_present(index, stored.path)
        found_links = None if open_it else index.links(stored.note_id)
        found = find_file(stored, index, chosen) if open_it else None
    if found is not None:
        file, editor = found
        named = next((one for one in passages if one.id == name), None)
        line_number = named.line_start if named else read_place(name)[1] or stored.line_start
        section = named.section[-1] if named and named.section else ""
        open_file(file, line_number, section, editor)
        return
    style = style_of(sys.stdout)
    for line in shown_note_lines(stored, passages, style, raw=raw):
        write(line)
    for line in brief_link_lines(found_links, style) if found_links else ():
        write(line)


@app.command(
    epilog=examples("notesearch parse corpus/alignment/dpo.md", "notesearch parse ~/notes --json")
)
def parse(
    paths: list[Path] = Argument(
        metavar="PATH…", parser=read_path, help="Files or folders of notes."
    ),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Show what is read from files: notes, tags, dates, passages.

    Use it to see why a note is found, or why it is not. It needs no index.
    """
    from notesearch.chosen_models import ChosenModels
    from notesearch.corpus.folder import DEFAULT_CORPUS, parse_paths
    from notesearch.render.listings import finding_line, note_lines, note_to_json
    from notesearch.settings import load_settings

    for path in paths:
        require_regular(path, "name a note file or a folder of notes")
    settings = load_settings(config, warn=show_warning)
    models = ChosenModels(settings, warn=show_warning, announce=show_message)
    style = style_of(sys.stdout)
    any_skipped = False
    separator = "[\n"
    for file in parse_paths(
        paths,
        settings.corpus or settings.root / DEFAULT_CORPUS,
        settings.reading_options,
        models.counter.get,
        debug=is_debugging(),
    ):
        for finding in file.reading.findings:
            show_message(finding_line(finding))
        if file.reading.skipped:
            show_message(finding_line(file.reading.skipped, left_out=True))
            any_skipped = True
        for note, passages in zip(file.reading.notes, file.passages, strict=True):
            if json:
                write(separator + note_to_json(note, passages), end="")
                separator = ",\n"
            else:
                write("\n".join(note_lines(note, passages, style)))
    if json:
        write("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise Exit(ExitCode.SKIPPED_FILES)
