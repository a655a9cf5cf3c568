"""The names that programs import."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import notesearch


def test_list_and_module_agree():
    assert notesearch.__all__ == sorted(notesearch.__all__)
    for name in notesearch.__all__:
        assert getattr(notesearch, name) is not None


def test_type_checkers_see_the_names_that_are_loaded_late():
    tree = ast.parse(Path(notesearch.__file__).read_text(encoding="utf-8"))
    seen = {
        (f"{node.module}", alias.asname)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert {name for _, name in seen} | {"__version__"} == set(notesearch.__all__)
    for home, name in seen:
        assert getattr(import_module(home), str(name)) is getattr(notesearch, str(name))


def test_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Indx'"):
        notesearch.Indx  # noqa: B018


def test_star_brings_what_is_listed():
    names: dict[str, object] = {}
    exec("from notesearch import *", names)
    assert set(notesearch.__all__) <= set(names)


def test_names_are_loaded_when_they_are_used():
    code = (
        "import sys, notesearch\n"
        "assert 'notesearch.library' not in sys.modules\n"
        "notesearch.Hit\n"
        "assert 'notesearch.records' in sys.modules\n"
        "assert 'numpy' not in sys.modules\n"
        "notesearch.Index\n"
        "assert 'notesearch.library' in sys.modules\n"
    )
    root = Path(notesearch.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=120)


def test_version_is_the_same_everywhere():
    root = Path(notesearch.__file__).parents[1]
    if not (root / "pyproject.toml").exists():
        pytest.skip("run from an installed package")
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{notesearch.__version__}"\n' in project
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = next(line for line in changes.splitlines() if line.startswith("## "))
    assert newest.split()[1].rstrip(",") == notesearch.__version__


def test_package_is_typed_and_names_its_version():
    assert (Path(notesearch.__file__).parent / "py.typed").exists()
    try:
        installed = version("notesearch")
    except ModuleNotFoundError:
        pytest.skip("run from the source folder")
    assert notesearch.__version__ == installed
