"""Write how well a search finds its answers: tables for people, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from notesearch.cells import cells
from notesearch.evaluation.evaluate import (
    FAILURE_DEPTH,
    Comparison,
    Failure,
    Group,
    Report,
)
from notesearch.evaluation.metrics import Figure, Measure
from notesearch.render.terminal import Style, printable, to_json
from notesearch.render.wrapping import wrapped_words

_NEVER_CUT = Style()
_SHOWN_ANSWERS = 5
_DECIMALS = 4  # in JSON; a single query of 1,000 moves the third one

_OF_NOTES = (
    *(Measure.NDCG_10, Measure.MRR_10, Measure.RECALL_10, Measure.RECALL_100, Measure.SUCCESS_1),
    Measure.RIGHT_PASSAGE,
)
# Of a query that one note answers, these say no more than the others.
_OF_SEVERAL_ANSWERS = (Measure.NDCG_10, Measure.RECALL_100)
_OF_GRADED_PASSAGES = (
    *(Measure.PASSAGE_NDCG_10, Measure.ANSWER_MRR_10, Measure.ANSWER_1, Measure.UNJUDGED_10),
)


def evaluation_lines(
    reports: Sequence[Report],
    comparisons: Sequence[Comparison] = (),
    failures: Mapping[str, Sequence[Failure]] | None = None,
    style: Style = _NEVER_CUT,
) -> Iterator[str]:
    """Write reports, then comparisons, then failures by setting, as tables for a person."""
    tables = [
        *(report_lines(report, style) for report in reports),
        *(comparison_lines(comparison, style) for comparison in comparisons),
        *(failure_lines(setting, failed, style) for setting, failed in (failures or {}).items()),
    ]
    for number, table in enumerate(tables):
        if number:
            yield ""
        yield from table


def report_lines(report: Report, style: Style = _NEVER_CUT) -> Iterator[str]:
    """Write the figures of one setting; where passages were graded, in a second table theirs."""
    if not report.groups:
        yield f"{report.setting}: no queries"
        return
    columns = [
        measure
        for measure in _OF_NOTES
        if any(measure in group.figures for group in report.groups)
        and not (report.one_answer and measure in _OF_SEVERAL_ANSWERS)
    ]
    rows = [[*_headings(report.setting, columns), "wrong verdict"]]
    for group in report.groups:
        verdict = Measure.CALLED_WEAK if group.has_answer else Measure.NOT_CALLED_WEAK
        rows.append([*_cells(group, group.queries, columns), _mean(group.figures[verdict])])
    yield from _aligned(rows, style)
    graded = [group for group in report.groups if Measure.UNJUDGED_10 in group.figures]
    if graded:
        rows = [_headings("graded passages", _OF_GRADED_PASSAGES)]
        for group in graded:
            queries = group.figures[Measure.UNJUDGED_10].queries
            rows.append(_cells(group, queries, _OF_GRADED_PASSAGES))
        yield ""
        yield from _aligned(rows, style)


def comparison_lines(comparison: Comparison, style: Style = _NEVER_CUT) -> Iterator[str]:
    """Write how much more the second setting has, measure by measure."""
    name = f"{comparison.second} less {comparison.first}"
    rows = [[name, "queries", "mean", "95 %", "higher", "equal", "lower"]]
    for measure, found in comparison.differences.items():
        interval = f"{found.low:+.3f} to {found.high:+.3f}"
        shares = (f"{100 * share:.0f} %" for share in (found.higher, found.equal, found.lower))
        rows.append([measure.value, f"{found.queries:,}", f"{found.mean:+.3f}", interval, *shares])
    yield from _aligned(rows, style)


def failure_lines(
    setting: str, failures: Sequence[Failure], style: Style = _NEVER_CUT
) -> Iterator[str]:
    """List queries that did not find their answers, and the hits that came instead."""
    missed = f"{_count(len(failures))} without an answer among the first {FAILURE_DEPTH}"
    yield from wrapped_words(f"{setting}: {missed}", style)
    for failure in failures:
        query = failure.query
        kind = f" ({query.kind})" if query.kind else ""
        where = f"  where {query.where}" if query.where else ""
        rank = f"rank {failure.first_relevant}" if failure.first_relevant else "not found"
        yield from wrapped_words(f"{kind}: {query.text}{where}", style, printable(query.id))
        answers = sorted(query.relevant, key=lambda name: -query.relevant[name])
        more = f" and {len(answers) - _SHOWN_ANSWERS} more" if len(answers) > _SHOWN_ANSWERS else ""
        wanted = f"{', '.join(answers[:_SHOWN_ANSWERS])}{more}: {rank}"
        yield from wrapped_words(wanted, style, "    wanted  ")
        came = ", ".join(hit.id for hit in failure.instead) or "nothing"
        yield from wrapped_words(came, style, "    came    ")


def evaluation_to_json(
    reports: Sequence[Report],
    comparisons: Sequence[Comparison] = (),
    failures: Mapping[str, Sequence[Failure]] | None = None,
) -> str:
    """Write all figures, with the interval of each, as one JSON object."""
    value = {"settings": _plain(reports), "comparisons": _plain(comparisons)}
    if failures is not None:
        value["failures"] = [
            {"setting": setting, "queries": [_failure_value(failure) for failure in failed]}
            for setting, failed in failures.items()
        ]
    return to_json(value)


def _aligned(rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """Write rows as a table whose first column holds names and the others numbers.

    Columns that do not fit stand below, beside the names once more.
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    room = style.width if style.cuts else sum(widths) + 2 * len(widths)
    start = 1
    while start < len(widths):
        if start > 1:
            yield ""
        stop, used = start + 1, widths[0] + 2 + widths[start]
        while stop < len(widths) and used + 2 + widths[stop] <= room:
            used += 2 + widths[stop]
            stop += 1
        for name, *numbers in rows:
            texts = zip(numbers[start - 1 : stop - 1], widths[start:stop], strict=True)
            columns = "".join(f"  {text:>{width}}" for text, width in texts)
            yield f"{name}{' ' * (widths[0] - cells(name))}{columns}"
        start = stop


def _headings(name: str, columns: Sequence[Measure]) -> list[str]:
    cells = [measure.value for measure in columns]
    cells[1:1] = ["95 %"] if columns else []
    return [name, "queries", *cells]


def _cells(group: Group, queries: int, columns: Sequence[Measure]) -> list[str]:
    """Return the figures of a group in the order of `_headings`, the interval of the first."""
    figures = [group.figures.get(measure) for measure in columns]
    cells = [_mean(figure) for figure in figures]
    for figure in figures[:1]:
        cells.insert(1, f"{figure.low:.3f}-{figure.high:.3f}" if figure else "")
    return [_group_name(group), f"{queries:,}", *cells]


def _mean(figure: Figure | None) -> str:
    return f"{figure.mean:.3f}" if figure else ""


def _group_name(group: Group) -> str:
    if not group.has_answer:
        return "without an answer"
    if group.kind is not None:
        return f"  {printable(group.kind) or 'no kind'}"
    if group.split is not None:
        return f"  split {printable(group.split) or 'not named'}"
    return "all"


def _count(queries: int) -> str:
    return "1 query" if queries == 1 else f"{queries:,} queries"


def _plain(value: object) -> object:
    """Return a value as JSON has it: figures rounded, and measures as keys beside the others."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if not is_dataclass(value):
        return value
    plain: dict[str, object] = {}
    for field in fields(value):
        found = getattr(value, field.name)
        if isinstance(found, Mapping):
            plain |= {measure.value: _plain(figure) for measure, figure in found.items()}
        else:
            plain[field.name] = _plain(found)
    return plain


def _failure_value(failure: Failure) -> dict[str, object]:
    query = failure.query
    return {
        "id": query.id,
        "kind": query.kind,
        "text": query.text,
        "where": query.where,
        "relevant": dict(query.relevant),
        "first_relevant": failure.first_relevant,
        "instead": _plain(failure.instead),
    }
