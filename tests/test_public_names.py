"""The names that programs import."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

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


def types_in(hint: object) -> Iterator[object]:
    """Yield the classes that a type is made of; a class's own constant stands in no signature."""
    if typing.get_origin(hint) is typing.ClassVar:
        return
    yield from (found for part in typing.get_args(hint) for found in types_in(part))
    if isinstance(hint, type):
        yield hint


def hints_of(value: object) -> dict[str, object]:
    # What some modules import for type checkers alone.
    names = {name: getattr(notesearch, name) for name in notesearch.__all__}
    names |= {"np": np, "NDArray": NDArray}
    return typing.get_type_hints(value, localns=names)


def signatures_of(public: object) -> Iterator[dict[str, object]]:
    """Yield the types in a function, or in the fields and the public methods of a class."""
    if not isinstance(public, type):
        yield hints_of(public)
        return
    yield hints_of(public)
    for name, member in inspect.getmembers(public):
        function = member.fget if isinstance(member, property) else inspect.unwrap(member)
        if not name.startswith("_") and (
            inspect.isfunction(function) or inspect.ismethod(function)
        ):
            yield hints_of(function)


@pytest.mark.parametrize("name", [name for name in notesearch.__all__ if name != "__version__"])
def test_everything_that_stands_in_a_signature_is_exported(name: str):
    public = getattr(notesearch, name)
    if not (isinstance(public, type) or inspect.isfunction(public)):
        return  # a name for a type of several parts
    exported = [getattr(notesearch, known) for known in notesearch.__all__]
    found = {
        one for hints in signatures_of(public) for hint in hints.values() for one in types_in(hint)
    }
    own = {one for one in found if one.__module__.startswith("notesearch")}
    assert own <= {one for one in exported if isinstance(one, type)}


def test_signatures_are_looked_into():
    from notesearch.index.reports import IndexStatus

    found = {one for hints in signatures_of(notesearch.Index) for one in map(str, hints.values())}
    assert len(found) > 20
    assert IndexStatus in {one for hints in signatures_of(notesearch.Index)
                           for hint in hints.values() for one in types_in(hint)}  # fmt: skip


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
