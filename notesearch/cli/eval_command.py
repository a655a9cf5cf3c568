"""`notesearch eval`: how well questions find their answers."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from typer import Argument

from notesearch.cli.app import (
    CONFIG,
    INDEX,
    JSON,
    RERANK,
    app,
    examples,
    option,
    read_path,
    require_regular,
)
from notesearch.cli.chosen_index import NAME_A_CORPUS
from notesearch.cli.index_choice import choose_index
from notesearch.cli.output import show_message, show_warning, write
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped
from notesearch.search.answer import Mode


@app.command(
    name="eval",
    epilog=examples(
        "notesearch eval corpus/queries.yaml --split tune --compare dense,hybrid",
        "notesearch eval questions.jsonl absent.txt",
        "notesearch eval --auto --modes dense,hybrid",
    ),
)
def evaluate(
    queries: list[Path] | None = Argument(
        None,
        metavar="[QUERIES…]",
        parser=read_path,
        help="Files of judged queries (YAML, JSONL) and of topics that your notes do not hold "
        "(TXT), or a BEIR folder.",
    ),
    auto: bool = option(False, "--auto", "Make the queries out of your own notes."),
    modes: str = option("hybrid", "--modes", "Measure these: hybrid, dense, lexical.", "A,B"),
    compare: str | None = option(None, "--compare", "Compare two of them, query by query.", "A,B"),
    split: str | None = option(None, "--split", "Use one split alone: tune, test.", "NAME"),
    failures: bool = option(
        False, "--failures", "List the queries without an answer in the top 10."
    ),
    rerank: bool | None = RERANK,
    json: bool = JSON,
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Measure how well questions find their answers.

    The measures are nDCG, MRR, recall and success of the notes; "right passage", how often the
    passage shown of the right note holds a line that answers; and "wrong verdict", how often
    "nothing relevant" is said of a query that has an answer, or not said of one without.
    """
    from notesearch.evaluation.evaluate import compare as compare_two
    from notesearch.evaluation.evaluate import evaluate_index, find_failures, index_for, make_report
    from notesearch.evaluation.judged import read_queries, unknown_notes
    from notesearch.evaluation.own_notes import index_of_own_notes
    from notesearch.library import Index
    from notesearch.render.evaluation_tables import evaluation_lines, evaluation_to_json
    from notesearch.render.terminal import style_of

    if auto == bool(queries) or (auto and split is not None):
        raise UsageError("give a file of judged queries, or --auto alone to make some")
    pair = _modes(compare) if compare is not None else []
    if compare is not None and len(pair) != 2:
        raise UsageError(f"--compare takes two modes, as in dense,hybrid; found {compare}")
    wanted = dict.fromkeys([*_modes(modes), *pair])
    chosen = choose_index(config, wanted_index)
    open_index = partial(Index.open, warn=show_warning, announce=show_message)
    with ExitStack() as stack:
        if not queries:
            corpus = chosen.settings.corpus or chosen.made_of()
            if corpus is None and not chosen.has_corpus():
                raise UsageError(f"there are no notes to make queries of; {NAME_A_CORPUS}")
            chosen.show_which()
            own = index_of_own_notes(replace(chosen.settings, corpus=corpus), open_index)
            index, judged = stack.enter_context(own)
        else:
            for file in queries:
                require_regular(file, "name a file of judged queries")
            judged = read_queries(*queries, split=split)
            if not queries[0].is_dir():  # a BEIR folder brings its own documents
                chosen.require()
                chosen.show_which()
            index = stack.enter_context(index_for(queries[0], chosen.settings, open_index))
        known = {name for note in index.notes() for name in (note.note_id, note.path)}
        if unknown := unknown_notes(judged, known):
            names = escaped(", ".join(unknown[:5]))
            show_message(f"judged, but not in the index: {len(unknown)}, as {names}")
        found = {mode: evaluate_index(index, judged, mode, rerank=rerank) for mode in wanted}
    reports = [make_report(mode.value, evaluation) for mode, evaluation in found.items()]
    both = [(mode.value, found[mode]) for mode in pair]
    comparisons = [compare_two(*both)] if both else []
    failed = {mode.value: find_failures(found[mode]) for mode in found} if failures else None
    if json:
        write(evaluation_to_json(reports, comparisons, failed))
    else:
        style = style_of(sys.stdout)
        write("\n".join(evaluation_lines(reports, comparisons, failed, style)))


def _modes(text: str) -> list[Mode]:
    return [Mode.named(name.strip()) for name in text.split(",")]
