"""Hostile query lines, some hundreds of those that the benchmark tries by the hundred thousand."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_queries import check, make_line
from notesearch import Index
from notesearch.errors import UsageError
from tests.conftest import write_notes
from tests.fakes import WordEmbedder

LINES = 1_500


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    write_notes(folder / "corpus")
    with Index.open(folder / "index", WordEmbedder(), create=True) as index:
        index.update(folder / "corpus")
        yield index


def test_hostile_line_is_answered_or_refused(index):
    answered = 0
    for number in range(LINES):
        line = make_line(number, 7)

        def ask(text: str) -> None:
            nonlocal answered
            index.search(text, 3)
            answered += 1

        wrong = check(line, number, ask if number % 5 == 0 else None, max_seconds=float("inf"))
        assert wrong is None, f"line {number} {wrong}"
    assert answered > LINES / 5 / 4


def test_line_is_made_again_by_its_number():
    assert make_line(5, 7) == make_line(5, 7)
    assert len({make_line(number, 7) for number in range(50)}) > 40


def test_what_is_raised_beside_our_own_errors_is_a_find():
    def refuse(_: str) -> None:
        raise UsageError("not like this")

    def break_down(_: str) -> None:
        raise ZeroDivisionError

    assert check("policy", 0, refuse) is None
    assert "ZeroDivisionError" in str(check("policy", 0, break_down))
