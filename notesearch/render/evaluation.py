"""How well a search finds what it should: tables for people, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from notesearch.evaluation.bootstrap import Figure
from notesearch.evaluation.metrics import Measure
from notesearch.evaluation.report import (
    Comparison,
    Difference,
    Failure,
    Group,
    Report,
    WeakCalls,
)
from notesearch.render.machine import to_json

_NAME_WIDTH = 24
_SHOWN_ANSWERS = 5


def evaluation_lines(
    reports: Sequence[Report],
    comparisons: Sequence[Comparison] = (),
    failures: Mapping[str, Sequence[Failure]] | None = None,
) -> Iterator[str]:
    """Write reports, then comparisons, then what failed by setting, as tables for a person."""
    for number, report in enumerate(reports):
        if number:
            yield ""
        yield from report_lines(report)
    for comparison in comparisons:
        yield ""
        yield from comparison_lines(comparison)
    for setting, failed in (failures or {}).items():
        yield ""
        yield from failure_lines(setting, failed)


def report_lines(report: Report) -> Iterator[str]:
    """Write the figures of one setting; the interval is that of the first measure."""
    names = [f"{measure.value:>10}" for measure in Measure]
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
    yield f"over {comparison.queries:,} queries"


def failure_lines(setting: str, failures: Sequence[Failure]) -> Iterator[str]:
    """List queries that did not find their answers: what was wanted, and what came."""
    yield f"{setting}: {_count(len(failures), 'query')} without an answer among the first 10"
    for failure in failures:
        query = failure.query
        kind = f" ({query.kind})" if query.kind else ""
        where = f"  where {query.where}" if query.where else ""
        rank = f"rank {failure.first_relevant}" if failure.first_relevant else "not found"
        yield f"{query.id}{kind}: {query.text}{where}"
        answers = sorted(query.relevant, key=lambda name: -query.relevant[name])
        more = f" and {len(answers) - _SHOWN_ANSWERS} more" if len(answers) > _SHOWN_ANSWERS else ""
        yield f"    wanted  {', '.join(answers[:_SHOWN_ANSWERS])}{more}: {rank}"
        came = ", ".join(hit.id for hit in failure.instead) or "nothing"
        yield f"    came    {came}"


def evaluation_to_json(
    reports: Sequence[Report],
    comparisons: Sequence[Comparison] = (),
    failures: Mapping[str, Sequence[Failure]] | None = None,
) -> str:
    """Write all figures, with the interval of each, as one JSON object."""
    value = {
        "settings": [_report_value(report) for report in reports],
        "comparisons": [_comparison_value(comparison) for comparison in comparisons],
    }
    if failures is not None:
        value["failures"] = [
            {"setting": setting, "queries": [_failure_value(failure) for failure in failed]}
            for setting, failed in failures.items()
        ]
    return to_json(value)


def _group_line(group: Group) -> str:
    cells = [f"{figure.mean:10.3f}" for figure in group.figures.values()]
    first = next(iter(group.figures.values()))
    cells.insert(1, f"{f'{first.low:.3f}-{first.high:.3f}':>14}")
    return f"{_group_name(group):{_NAME_WIDTH}} {group.queries:8,}{''.join(cells)}"


def _group_name(group: Group) -> str:
    if group.kind is not None:
        return f"  {group.kind or 'no kind'}"
    if group.split is not None:
        return f"  split {group.split or 'not named'}"
    return "all"


def _weak_call_lines(calls: WeakCalls) -> Iterator[str]:
    if calls.recognised:
        share = _share(calls.recognised)
        yield f"said to have no answer: {share} of {_count(calls.unanswerable, 'query')} without one"
    if calls.wrongly_weak:
        share = _share(calls.wrongly_weak)
        yield f"said to have no answer: {share} of {_count(calls.answerable, 'query')} with one"


def _share(figure: Figure) -> str:
    return f"{100 * figure.mean:.0f} % ({100 * figure.low:.0f}-{100 * figure.high:.0f})"


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number:,} {word.removesuffix('y')}ies"


def _difference_columns(difference: Difference) -> str:
    figure = difference.figure
    interval = f"{figure.low:+.3f} to {figure.high:+.3f}"
    shares = (difference.better, difference.equal, difference.worse)
    return f"{figure.mean:+8.3f}{interval:>18}" + "".join(f"{100 * one:6.0f} %" for one in shares)


def _report_value(report: Report) -> dict[str, object]:
    return {
        "setting": report.setting,
        "groups": [
            {
                "kind": group.kind,
                "split": group.split,
                "queries": group.queries,
                **{measure.value: asdict(figure) for measure, figure in group.figures.items()},
            }
            for group in report.groups
        ],
        "weak_calls": asdict(report.weak_calls),
    }


def _comparison_value(comparison: Comparison) -> dict[str, object]:
    return {
        "first": comparison.first,
        "second": comparison.second,
        "queries": comparison.queries,
        **{
            measure.value: {
                **asdict(difference.figure),
                "better": difference.better,
                "equal": difference.equal,
                "worse": difference.worse,
            }
            for measure, difference in comparison.differences.items()
        },
    }


def _failure_value(failure: Failure) -> dict[str, object]:
    query = failure.query
    return {
        "id": query.id,
        "kind": query.kind,
        "text": query.text,
        "where": query.where,
        "relevant": dict(query.relevant),
        "first_relevant": failure.first_relevant,
        "instead": [asdict(hit) for hit in failure.instead],
    }
