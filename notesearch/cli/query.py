"""`notesearch query` and `similar`: ask, and show the hits in the form that is wanted."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notesearch.cli.app import ConfigOption, IndexOption, app, open_index, read_settings
from notesearch.cli.output import tell, warn, write
from notesearch.errors import UsageError
from notesearch.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from notesearch.pipeline import Index
    from notesearch.records import Hit
    from notesearch.search.answer import Answer

_ASK, _FILTER, _SHOW = "Asking", "Filters", "What is shown"


class ModeName(Enum):
    """What hits are ranked by."""

    hybrid = "hybrid"
    dense = "dense"
    lexical = "lexical"


def _flag(name: str, text: str) -> object:
    return typer.Option(name, help=text, rich_help_panel=_SHOW)


def _filter(name: str, metavar: str, text: str) -> object:
    return typer.Option(name, metavar=metavar, help=text, rich_help_panel=_FILTER)


@app.command()
def query(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT…", help="A question, filters among it.")
    ] = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="Hits to show.")] = 10,
    mode: Annotated[ModeName, typer.Option("--mode", help="Ranked by what.")] = ModeName.hybrid,
    per_note: Annotated[
        int, typer.Option("--per-note", metavar="N", help="Passages of one note at most.")
    ] = 1,
    all_passages: Annotated[
        bool, typer.Option("--all-passages", help="Any number of passages of a note.")
    ] = False,
    min_score: Annotated[
        float | None, typer.Option("--min-score", metavar="X", help="Leave out lower scores.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the index in step first.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch", metavar="FILE", help="A query a line (- for stdin), a JSON object a line out."
        ),
    ] = None,
    tag: Annotated[list[str] | None, _filter("--tag", "TAG", "With this tag; may be repeated.")] = None,
    any_tag: Annotated[list[str] | None, _filter("--any-tag", "TAG", "With one of these.")] = None,
    not_tag: Annotated[list[str] | None, _filter("--not-tag", "TAG", "Without this tag.")] = None,
    since: Annotated[str | None, _filter("--since", "DATE", "Dated then or later.")] = None,
    until: Annotated[str | None, _filter("--until", "DATE", "Dated then or earlier.")] = None,
    path: Annotated[str | None, _filter("--path", "GLOB", "In files that match.")] = None,
    section: Annotated[str | None, _filter("--section", "ROLE", "In sections of a role.")] = None,
    paper: Annotated[str | None, _filter("--paper", "ID", "On this paper.")] = None,
    kind: Annotated[str | None, _filter("--kind", "KIND", "note, digest-part, index-page.")] = None,
    json: Annotated[bool, _flag("--json", "One JSON array.")] = False,
    jsonl: Annotated[bool, _flag("--jsonl", "A JSON object a line.")] = False,
    csv: Annotated[bool, _flag("--csv", "CSV with a line of names.")] = False,
    markdown: Annotated[bool, _flag("--markdown", "A list with citations.")] = False,
    paths: Annotated[bool, _flag("--paths", "The files alone, best first.")] = False,
    full: Annotated[bool, _flag("--full", "Whole passages.")] = False,
    context: Annotated[
        int,
        typer.Option(
            "--context", metavar="N", help="Passages around each hit.", rich_help_panel=_SHOW
        ),
    ] = 0,
    explain: Annotated[bool, _flag("--explain", "How each hit came about.")] = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Ask a question: ranked passages, with file and lines.

        notesearch query "why DPO avoids reward model"
        notesearch query "limits of RLHF tag:alignment -tag:survey after:2025-06"
        notesearch query "section:limitations calibration" -k 3 --full
        notesearch query --tag dpo --json | jq '.[0].text'

    The line may hold filters (tag: -tag: since: until: path: section: paper: kind: author:
    year:), "exact phrases", OR and brackets; filters alone list the newest notes.
    """
    where = _where(tag, any_tag, not_tag, since, until, path, section, paper, kind)
    form = _form_of(json=json, jsonl=jsonl, csv=csv, markdown=markdown, paths=paths)
    if k < 1 or per_note < 1 or context < 0:
        raise UsageError("-k and --per-note must be 1 or more, and --context 0 or more")
    line = " ".join(words or [])
    with _ready_index(config, index_dir, update=update) as index:

        def ask(text: str) -> Answer:
            return index.search(
                text, k, where, mode=mode.value, per_note=None if all_passages else per_note
            )

        if batch is not None:
            _answer_batch(_lines_of(batch, line), ask)
            return
        answer = ask(line)
        hits = [hit for hit in answer.hits if min_score is None or hit.score >= min_score]
        if form is not None:
            for text in form(hits):
                write(text)
        else:
            _show(index, line, answer, hits, full=full, context=context, explain=explain)
    if answer.weak or not hits:
        if form is None and answer.weak and hits:
            pass
        raise typer.Exit(ExitCode.NOTHING_RELEVANT)
