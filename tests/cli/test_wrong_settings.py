"""Wrong settings are told as on their page: one line that says what to do, and an exit code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import Run

PAGE = (Path(__file__).parent / "wrong_settings.md").read_text(encoding="utf-8")


class Case(NamedTuple):
    settings: str
    command: str
    shown: str
    code: str


CASES = [
    Case(*found)
    for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for found in re.findall(r"((?:[^$\n].*\n)*)\$ (.+)\n((?:[^=\n].*\n)*)= (\d+)(?:\n|\Z)", block)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.settings}{case.command}")
def test_setting_is_told_as_on_the_page(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    Path("notesearch.yaml").write_text(case.settings, encoding="utf-8")
    words = shlex.split(case.command)
    for variable in words[: words.index("notesearch")]:
        monkeypatch.setenv(*variable.split("="))
    ended = run(*words[words.index("notesearch") + 1 :])
    assert (ended.err.replace(str(here), "~"), ended.code) == (case.shown, int(case.code))
    assert case.shown.startswith("notesearch: ")
    assert (case.shown.count("\n"), len(case.shown) < 400) == (1, True)


def test_every_setting_of_the_page_is_read() -> None:
    assert len(CASES) == len(re.findall(r"^= \d+$", PAGE, re.MULTILINE)) >= 35
