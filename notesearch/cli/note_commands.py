"""`notesearch tags`, `notes`, `show` and `parse`: look at notes without a question."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit

from notesearch.cli.app import (
    ConfigOption,
    FilterCommand,
    IndexOption,
    JsonOption,
    app,
    examples,
    option,
    read_path,
    require_regular,
    require_within,
)
from notesearch.cli.chosen_index import choose_index
from notesearch.cli.exit_codes import ExitCode, is_debugging
from notesearch.cli.output import show_message, show_warning, write

_MOST_NOTES = 10_000_000
FilterArgument = Annotated[
    list[str] | None,
    Argument(metavar="[FILTER…]", help="Only notes that match, as in tag:dpo since:2026."),
]


@app.command(
    cls=FilterCommand,
    epilog=examples(
        "notesearch tags", "notesearch tags --tree", 'notesearch tags --with "tag:dpo"'
    ),
)
def tags(
    having: Annotated[
        str | None, option("--with", 'Count only notes that match, as in "tag:dpo".', "FILTER")
    ] = None,
    tree: Annotated[bool, option("--tree", "Show tags below the tag that they belong to.")] = False,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """List the tags with the number of notes of each, the commonest first."""
    from notesearch.render.notes import tag_lines, tags_to_json

    with choose_index(config, index_dir).open() as index:
        counts = index.tags(having)
    if json:
        write(tags_to_json(counts))
    else:
        for line in tag_lines(counts, tree=tree):
            write(line)


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch notes -n 20", "notesearch notes tag:rlhf -tag:dpo since:2026"),
)
def notes(
    where: FilterArgument = None,
    limit: Annotated[int | None, option("-n", "List at most N notes.", "N")] = None,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """List the notes, the newest first."""
    from notesearch.render.notes import listed_note_line, stored_note_to_json

    if limit is not None:
        require_within("-n", limit, 1, _MOST_NOTES)
    with choose_index(config, index_dir).open() as index:
        found = index.notes(" ".join(where) if where else None, limit)
    for note in found:
        write(stored_note_to_json(note) if json else listed_note_line(note))
    if not found:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    epilog=examples(
        "notesearch show alignment/dpo.md",
        'notesearch show "Proximal Policy Optimization Algorithms" --open',
    )
)
def show(
    note: Annotated[
        str, Argument(metavar="NOTE", help="Its id, path or title, or the id of a passage.")
    ],
    open_it: Annotated[
        bool, option("--open", "Open the file instead, in $VISUAL or $EDITOR.")
    ] = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Show one note as it stands in the index.

    That is its title, tags, date and paper, and its text with the numbers of its lines.
    """
    from notesearch.render.notes import shown_note_lines
    from notesearch.render.terminal import style_of

    chosen = choose_index(config, index_dir)
    with chosen.open() as index:
        stored, passages = index.show(note)
        corpus = index.corpus
        if open_it:
            index.require_own_corpus()
    if open_it:
        from notesearch.cli.note_editor import find_file, open_file

        file = find_file(corpus, stored.path, chosen.command(corpus))
        first = (one.line_start for one in passages if one.id == note.strip())
        open_file(file, next(first, stored.line_start))
        return
    for line in shown_note_lines(stored, passages, style_of(sys.stdout)):
        write(line)


@app.command(
    epilog=examples("notesearch parse corpus/alignment/dpo.md", "notesearch parse ~/notes --json")
)
def parse(
    paths: Annotated[
        list[Path], Argument(metavar="PATH…", parser=read_path, help="Files or folders of notes.")
    ],
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what is read from files: notes, tags, dates, passages.

    Use it to see why a note is found, or why it is not. It needs no index.
    """
    from notesearch.corpus.folder import DEFAULT_CORPUS, parse_paths
    from notesearch.index_models import Model
    from notesearch.render.notes import note_lines, note_to_json
    from notesearch.render.update_summary import finding_line

    for path in paths:
        require_regular(path, "name a note file or a folder of notes")
    settings = choose_index(config).settings
    model = Model(settings, warn=show_warning, announce=show_message)
    any_skipped = False
    separator = "[\n"
    for file in parse_paths(
        paths,
        settings.corpus or DEFAULT_CORPUS,
        settings.reading_options,
        model.counter,
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
                write("\n".join(note_lines(note, passages)))
    if json:
        write("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise Exit(ExitCode.SKIPPED_FILES)
