"""`notesearch tags`, `notes` and `show`: what there is, without a question."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from notesearch.cli.app import (
    Asking,
    ConfigOption,
    IndexOption,
    JsonOption,
    app,
    examples,
    open_index,
    require_within,
)
from notesearch.cli.chosen_index import read_place
from notesearch.cli.output import write
from notesearch.exit_codes import ExitCode

_MOST_NOTES = 10_000_000
FilterArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[FILTER…]", help="As in tag:dpo since:2026.")
]


@app.command(
    cls=Asking,
    epilog=examples(
        "notesearch tags", "notesearch tags --tree", 'notesearch tags --with "tag:dpo"'
    ),
)
def tags(
    having: Annotated[
        str | None,
        typer.Option("--with", metavar="FILTER", help='Only of notes like these: "tag:dpo".'),
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="Children below their parents.")] = False,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Count the notes of each tag, the commonest first."""
    from notesearch.render.notes import tag_lines, tags_to_json

    with open_index(read_place(config, index_dir)) as index:
        counts = index.tags(having)
    if json:
        write(tags_to_json(counts))
    else:
        for line in tag_lines(counts, tree=tree):
            write(line)


@app.command(
    cls=Asking,
    epilog=examples("notesearch notes -n 20", "notesearch notes tag:rlhf -tag:dpo since:2026"),
)
def notes(
    where: FilterArgument = None,
    limit: Annotated[int | None, typer.Option("-n", metavar="N", help="At most so many.")] = None,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """List notes, the newest first."""
    from notesearch.render.notes import listed_note_line, stored_note_to_json

    if limit is not None:
        require_within("-n", limit, 1, _MOST_NOTES)
    with open_index(read_place(config, index_dir)) as index:
        found = index.notes(" ".join(where) if where else None, limit)
    for note in found:
        write(stored_note_to_json(note) if json else listed_note_line(note))
    if not found:
        raise typer.Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    epilog=examples(
        "notesearch show alignment/dpo.md",
        'notesearch show "Proximal Policy Optimization Algorithms" --open',
    )
)
def show(
    note: Annotated[str, typer.Argument(metavar="NOTE", help="Id, path, title or passage id.")],
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the file, in $VISUAL or $EDITOR.")
    ] = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Show one note as the index has it: what is known of it, and its text with lines."""
    from notesearch.render.notes import shown_note_lines
    from notesearch.render.terminal import style_of

    place = read_place(config, index_dir)
    with open_index(place) as index:
        stored, passages = index.show(note)
        corpus = index.corpus
        if open_it:
            index.require_own_corpus()
    if open_it:
        from notesearch.cli.note_editor import find_file, open_file

        file = find_file(corpus, stored.path, place.index_command(corpus))
        first = (one.line_start for one in passages if one.id == note.strip())
        open_file(file, next(first, stored.line_start))
        return
    for line in shown_note_lines(stored, passages, style_of(sys.stdout)):
        write(line)
