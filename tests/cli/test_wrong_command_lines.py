"""Wrong command lines end as on their page: one line that says what to do, and an exit code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PAGE = (Path(__file__).parent / "wrong_command_lines.md").read_text(encoding="utf-8")
AMONG_NOTES, NO_INDEX, TWO_INDEXES = (
    re.findall(r"^\$ notesearch (.+)\n((?:[^=\n].*\n)*)= (\d+)$", section, re.MULTILINE)
    for section in PAGE.split("\n## ")[1:]
)


@pytest.fixture
def prepared(here: Path) -> Path:
    (here / "empty").mkdir()
    (here / "a.png").write_bytes(b"\x89PNG")
    (here / "wrong.yaml").write_text("corpsu: notes\n", encoding="utf-8")
    judged = "- {id: q, text: policy, relevant: [rl/dpo.md]}\n"
    (here / "queries.yaml").write_text(judged, encoding="utf-8")
    return here


def require_as_on_the_page(run: Run, home: Path, case: tuple[str, str, str]) -> None:
    command, shown, code = case
    ended = run(*shlex.split(command))
    assert (ended.code, ended.out) == (int(code), "")
    assert ended.err.replace(str(home), "~") == shown
    (line,) = (line for line in shown.splitlines() if line.startswith("notesearch: "))
    assert len(line) < 300


@pytest.mark.parametrize("case", AMONG_NOTES, ids=lambda case: case[0])
def test_among_notes(prepared: Path, run: Run, case: tuple[str, str, str]) -> None:
    require_as_on_the_page(run, prepared, case)


@pytest.mark.parametrize("case", NO_INDEX, ids=lambda case: case[0])
def test_without_an_index(home: Path, run: Run, case: tuple[str, str, str]) -> None:
    require_as_on_the_page(run, home, case)
    assert not list(home.glob(".*"))


@pytest.mark.parametrize("case", TWO_INDEXES, ids=lambda case: case[0])
def test_with_two_indexes(named: Path, run: Run, case: tuple[str, str, str]) -> None:
    require_as_on_the_page(run, named, case)
    assert not list(Path().iterdir())


def test_every_command_line_of_the_page_is_read() -> None:
    cases = [*AMONG_NOTES, *NO_INDEX, *TWO_INDEXES]
    assert len(cases) == PAGE.count("\n$ ") >= 45
