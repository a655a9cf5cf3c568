"""`notesearch move`: make an index in another place, a folder or an engine, without embedding."""

from __future__ import annotations

from pathlib import Path

from typer import Argument

from notesearch.cli.app import CONFIG, JSON, app, examples, read_name
from notesearch.cli.index_choice import choose_index
from notesearch.cli.output import show_message, write
from notesearch.cli.update_progress import shown_progress
from notesearch.render.terminal import escaped

_EXAMPLES = examples(
    "notesearch move index qdrants://search.example.org/notes",
    "notesearch move qdrants://search.example.org/notes ~/notes-index",
)


@app.command(epilog=_EXAMPLES)
def move(
    source: str = Argument(
        ..., metavar="FROM", parser=read_name, help="The index: its name, folder or address."
    ),
    target: str = Argument(
        ..., metavar="TO", parser=read_name, help="Another folder, or qdrant://HOST:PORT/NAME."
    ),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Make the same index in another folder, or in an engine.

    Its vectors go along: nothing is read or embedded again. The index that it is made of stays;
    remove it when the other one answers.
    """
    from notesearch.render.listings import report_to_json

    chosen = choose_index(config, source)
    with chosen.open() as index, shown_progress() as progress:
        report = index.move_to(target, progress=progress)
    show_message(
        escaped(
            f"{target} holds {report.passages:,} passages of {report.notes:,} notes; ask it with: "
            f'notesearch query "…" --index {target}'
        )
    )
    if json:
        write(report_to_json(report))
