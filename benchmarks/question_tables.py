"""Tables of settings over questions that people ask: by kind, and each less the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from notesearch.evaluation.evaluate import Evaluation
from notesearch.evaluation.metrics import (
    Difference,
    Figure,
    Measure,
    Scores,
    mean_differences,
    mean_figures,
)

BY_KIND = (Measure.MRR_10, Measure.SUCCESS_1, Measure.RIGHT_PASSAGE, Measure.CALLED_WEAK)
OF_ALL = (
    *(Measure.NOT_CALLED_WEAK, Measure.PASSAGE_NDCG_10, Measure.ANSWER_MRR_10),
    *(Measure.ANSWER_1, Measure.UNJUDGED_10),
)

# A measure over the questions of a kind; None: of every kind.
Column = tuple[Measure, str | None]


def question_lines(evaluations: Mapping[str, Evaluation], base: str) -> Iterator[str]:
    """Write Markdown tables: the figures of each setting, then their differences to one."""
    kinds = (None, *sorted({one.query.kind for one in evaluations[base].answerable}))
    figures = {
        name: {kind: mean_figures(scores_of(evaluation, kind)) for kind in kinds}
        for name, evaluation in evaluations.items()
    }
    differences = {
        name: {
            kind: mean_differences(scores_of(evaluations[base], kind), scores_of(evaluation, kind))
            for kind in kinds
        }
        for name, evaluation in evaluations.items()
        if name != base
    }
    for measure in BY_KIND:
        columns: list[Column] = [(measure, kind) for kind in kinds]
        yield from table(measure.value, columns, figures)
    yield from table("all", [(measure, None) for measure in OF_ALL], figures)
    if differences:
        columns = [(Measure.MRR_10, kind) for kind in kinds]
        columns += [(measure, None) for measure in (*BY_KIND[1:], *OF_ALL)]
        yield from table(f"less {base}", columns, differences)


def scores_of(evaluation: Evaluation, kind: str | None) -> list[Scores]:
    """Give what each question of a kind scored."""
    return [one.scores for one in evaluation.outcomes if kind in (None, one.query.kind)]


def table(
    title: str,
    columns: Sequence[Column],
    settings: Mapping[str, Mapping[str | None, Mapping[Measure, Figure]]],
) -> Iterator[str]:
    """Write a row for each setting; a column that no setting has a figure for is left out."""
    found = {
        (measure, kind): [by_kind[kind].get(measure) for by_kind in settings.values()]
        for measure, kind in columns
    }
    present = {column: figures for column, figures in found.items() if any(figures)}
    if not present:
        return
    heads = [heading(title, *column, figures) for column, figures in present.items()]
    yield f"| {title} | {' | '.join(heads)} |"
    yield "|---|" + "---|" * len(heads)
    for name, *row in zip(settings, *present.values(), strict=True):
        cells = [text_of(figure) if figure else "" for figure in row]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def heading(
    title: str, measure: Measure, kind: str | None, figures: Sequence[Figure | None]
) -> str:
    """Name a column, with the number of its questions where that is the same in all settings."""
    named = kind or ("all" if measure.value == title else measure.value)
    counts = {figure.queries if figure else 0 for figure in figures}
    return f"{named} ({min(counts)})" if len(counts) == 1 else named


def text_of(figure: Figure) -> str:
    """Write a mean; a difference with its interval."""
    if isinstance(figure, Difference):
        return f"{figure.mean:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})"
    return f"{figure.mean:.3f}"
