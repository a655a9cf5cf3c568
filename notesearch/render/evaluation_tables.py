"""Write how well a search finds its answers: tables for people, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from notesearch.evaluation.evaluate import (
    FAILURE_DEPTH,
    Comparison,
    Difference,
    Failure,
    Group,
    Report,
    WeakCalls,
)
from notesearch.evaluation.metrics import Figure, Measure
from notesearch.render.terminal import printable, to_json

_NAME_WIDTH = 24
_SHOWN_ANSWERS = 5
_DECIMALS = 4  # in JSON; a single query of 1,000 moves the third one


def evaluation_lines(
    reports: Sequence[Report],
    comparisons: Sequence[Comparison] = (),
    failures: Mapping[str, Sequence[Failure]] | None = None,
) -> Iterator[str]:
    """Write reports, then comparisons, then failures by setting, as tables for a person."""
    tables = [
        *map(report_lines, reports),
        *map(comparison_lines, comparisons),
        *(failure_lines(setting, failed) for setting, failed in (failures or {}).items()),
    ]
    for number, table in enumerate(tables):
        if number:
            yield ""
        yield from table


def report_lines(report: Report) -> Iterator[str]:
    """Write the figures of one setting; the interval is that of the first measure."""
    names = [f"{measure.value:>11}" for measure in Measure]
    names.insert(1, f"{'95 %':>14}")
    yield f"{report.setting:{_NAME_WIDTH}} {'queries':>8}{''.join(names)}"
    for group in report.groups:
        yield _group_line(group)
    if not report.groups:
        yield "no query has an answer"
    yield from _weak_call_lines(report.weak_calls)


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Write how much more the second setting has, measure by measure."""
    name = f"{comparison.second} less {comparison.first}"
    columns = f"{'mean':>8}{'95 %':>18}{'better':>8}{'equal':>8}{'worse':>8}"
    yield f"{name:{_NAME_WIDTH}}{columns}"
    for measure, difference in comparison.differences.items():
        yield f"{measure.value:{_NAME_WIDTH}}{_difference_columns(difference)}"
    yield f"over {_count(comparison.queries)}"


def failure_lines(setting: str, failures: Sequence[Failure]) -> Iterator[str]:
    """List queries that did not find their answers, and the hits that came instead."""
    yield f"{setting}: {_count(len(failures))} without an answer among the first {FAILURE_DEPTH}"
    for failure in failures:
        query = failure.query
        kind = f" ({query.kind})" if query.kind else ""
        where = f"  where {query.where}" if query.where else ""
        rank = f"rank {failure.first_relevant}" if failure.first_relevant else "not found"
        yield printable(f"{query.id}{kind}: {query.text}{where}")
        answers = sorted(query.relevant, key=lambda name: -query.relevant[name])
        more = f" and {len(answers) - _SHOWN_ANSWERS} more" if len(answers) > _SHOWN_ANSWERS else ""
        yield printable(f"    wanted  {', '.join(answers[:_SHOWN_ANSWERS])}{more}: {rank}")
        came = ", ".join(hit.id for hit in failure.instead) or "nothing"
        yield printable(f"    came    {came}")


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


def _group_line(group: Group) -> str:
    cells = [f"{figure.mean:11.3f}" for figure in group.figures.values()]
    first = next(iter(group.figures.values()))
    cells.insert(1, f"{f'{first.low:.3f}-{first.high:.3f}':>14}")
    return f"{_group_name(group):{_NAME_WIDTH}} {group.queries:8,}{''.join(cells)}"


def _group_name(group: Group) -> str:
    if group.kind is not None:
        return f"  {printable(group.kind) or 'no kind'}"
    if group.split is not None:
        return f"  split {printable(group.split) or 'not named'}"
    return "all"


def _weak_call_lines(calls: WeakCalls) -> Iterator[str]:
    rows = (
        (calls.recognised, calls.unanswerable, "without one"),
        (calls.wrongly_weak, calls.answerable, "with one"),
    )
    for figure, queries, which in rows:
        if figure:
            yield f"called without an answer: {_share(figure)} of {_count(queries)} {which}"


def _share(figure: Figure) -> str:
    return f"{100 * figure.mean:.0f} % ({100 * figure.low:.0f}-{100 * figure.high:.0f})"


def _count(queries: int) -> str:
    return "1 query" if queries == 1 else f"{queries:,} queries"


def _difference_columns(difference: Difference) -> str:
    interval = f"{difference.low:+.3f} to {difference.high:+.3f}"
    shares = (difference.better, difference.equal, difference.worse)
    columns = "".join(f"{100 * share:6.0f} %" for share in shares)
    return f"{difference.mean:+8.3f}{interval:>18}{columns}"


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
