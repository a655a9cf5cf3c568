"""`notesearch eval`: how well questions find their answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notesearch.cli.app import (
    ConfigOption,
    IndexOption,
    JsonOption,
    RerankOption,
    app,
    examples,
    read_path,
)
from notesearch.cli.output import tell, warn, write
from notesearch.cli.places import read_place, require_regular
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notesearch.evaluation.judged import JudgedQuery
    from notesearch.library import Index
    from notesearch.search.answer import Mode


@app.command(
    name="eval",
    epilog=examples(
        "notesearch eval corpus/queries.yaml --split tune --compare dense,hybrid",
        "notesearch eval --auto --modes dense,hybrid",
    ),
)
def evaluate(
    queries: Annotated[
        Path | None,
        typer.Argument(
            metavar="[QUERIES]",
            parser=read_path,
            help="Judged queries: YAML, JSONL or a BEIR folder.",
        ),
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Make judged queries out of your own notes.")
    ] = False,
    modes: Annotated[
        str, typer.Option("--modes", metavar="A,B", help="hybrid, dense, lexical.")
    ] = "hybrid",
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="A,B", help="Two modes, query by query.")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="One split alone: tune, test.")
    ] = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="List the queries without an answer in the top 10.")
    ] = False,
    rerank: RerankOption = None,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Measure how well questions find their answers: nDCG, MRR, recall, success."""
    from notesearch.evaluation.judged import read_queries
    from notesearch.measuring import index_for, index_of_own_notes

    if auto == (queries is not None) or (auto and split is not None):
        raise UsageError("give a file of judged queries, or --auto alone to make some")
    place = read_place(config, index_dir)
    if queries is None:
        with index_of_own_notes(place.settings, warn=warn, tell=tell) as (index, made):
            _report(index, made, modes, compare, rerank=rerank, failures=failures, json=json)
        return
    require_regular(queries, "name a file of judged queries")
    judged = read_queries(queries, split=split)
    if not queries.is_dir():  # a BEIR folder brings its own documents
        place.require_index()
    with index_for(queries, place.settings, warn=warn, tell=tell) as index:
        _report(index, judged, modes, compare, rerank=rerank, failures=failures, json=json)


def _report(
    index: Index,
    queries: Sequence[JudgedQuery],
    modes: str,
    compare: str | None,
    *,
    rerank: bool | None,
    failures: bool,
    json: bool,
) -> None:
    """Measure in each mode and write the tables."""
    from notesearch.evaluation.judged import unknown_notes
    from notesearch.evaluation.report import compare as compare_two
    from notesearch.evaluation.report import find_failures, make_report
    from notesearch.measuring import evaluate_index
    from notesearch.render.evaluation import evaluation_lines, evaluation_to_json

    known = {name for note in index.notes() for name in (note.note_id, note.path)}
    unknown = unknown_notes(queries, known)
    if unknown:
        names = escaped(", ".join(unknown[:5]))
        tell(f"judged, but not in the index: {len(unknown)}, as {names}")
    pair = _modes(compare) if compare is not None else []
    if compare is not None and len(pair) != 2:
        raise UsageError(f"--compare takes two modes, as in dense,hybrid; found {compare}")
    wanted = list(dict.fromkeys([*_modes(modes), *pair]))
    found = {mode: evaluate_index(index, queries, mode, rerank=rerank) for mode in wanted}
    reports = [make_report(mode.value, evaluation) for mode, evaluation in found.items()]
    both = [(mode.value, found[mode]) for mode in pair]
    comparisons = [compare_two(both[0], both[1])] if both else []
    failed = {mode.value: find_failures(found[mode]) for mode in found} if failures else None
    if json:
        write(evaluation_to_json(reports, comparisons, failed))
    else:
        write("\n".join(evaluation_lines(reports, comparisons, failed)))


def _modes(text: str) -> list[Mode]:
    from notesearch.search.answer import Mode

    return [Mode.named(name.strip()) for name in text.split(",")]
