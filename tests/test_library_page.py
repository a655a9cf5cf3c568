"""docs/library.md does what it says: its code runs from top to bottom, its names are there."""

from __future__ import annotations

import inspect
import re
import shutil
import warnings
from pathlib import Path

import pytest

import notesearch
from notesearch import Index

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/library.md").read_text(encoding="utf-8")
# A block of code, and what it writes where the page shows that.
BLOCKS = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", PAGE, re.M | re.S)


@pytest.mark.parametrize(
    "model", ["word_model", pytest.param("default_embedder", marks=pytest.mark.slow)]
)
def test_code_writes_what_the_page_shows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    model: str,
) -> None:
    request.getfixturevalue(model)
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    shown = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code, expected in BLOCKS:
            exec(compile(code, "docs/library.md", "exec"), names)
            written = capsys.readouterr().out
            if expected:
                assert written == expected
                shown += 1
            elif "print(" in code:  # of a model's own words, which others may put otherwise
                assert written
    assert shown >= 6


def test_every_name_of_the_index_is_on_the_page_and_every_name_on_it_is_there() -> None:
    named = set(re.findall(r"\bindex\.(\w+)", PAGE))
    there = {name for name, _ in inspect.getmembers(Index) if not name.startswith("_")}
    assert there - {"open", "search"} <= named
    assert named <= there
    assert "`Index.open" in PAGE


def test_options_on_the_page_are_those_of_the_call() -> None:
    calls = re.findall(r"\bindex\.(\w+)\(([^()`]*)\)", PAGE)
    checked = 0
    for name, given in calls:
        known = inspect.signature(getattr(Index, name)).parameters
        for option in re.findall(r"(\w+)=", given):
            assert option in known, name
            checked += 1
    assert checked > 10


def test_names_of_the_package_are_exported() -> None:
    imported = {
        name.strip()
        for line in re.findall(r"^from notesearch import (.+)$", PAGE, re.M)
        for name in line.split(",")
    }
    named = set(re.findall(r"`notesearch\.(\w+)", PAGE)) | set(re.findall(r"`(\w+Error)`", PAGE))
    assert imported | named <= set(notesearch.__all__)
    errors = {name for name in notesearch.__all__ if name.endswith("Error")}
    assert errors - {"NotesearchError"} == set(re.findall(r"^\| `(\w+Error)` \|", PAGE, re.M))
