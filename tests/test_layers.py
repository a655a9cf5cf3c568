"""Which part of the package may import which, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "notesearch"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A folder of the package, and the folders that it must not know.
FORBIDDEN = {
    "corpus": {"index", "search", "embedding", "evaluation", "settings"},
    "index": {"corpus", "search", "evaluation"},
    "embedding": {"corpus", "index", "search", "evaluation"},
    "search": {"corpus", "evaluation"},
}
OUTER = {"cli", "render", "pipeline", "measuring", "model"}
STANDARD_ONLY = {"records", "errors"}
# An outside library, and the one place that may import it.
DOORS = {
    "faiss": "index/vectors.py",
    "sqlite3": "nowhere: see apsw",
    "apsw": "index/",
    "torch": "embedding/",
    "sentence_transformers": "embedding/",
    "openvino": "embedding/openvino_engine.py",
    "tokenizers": "embedding/",
    "typer": "cli/",
    "markdown_it": "corpus/markdown_",
    "ftfy": "corpus/decode.py",
    "yaml": "yaml_faults.py",
    "platformdirs": "user_folders.py",
    "regex": "corpus/reading_rules.py",
}
ONE_MODULE = ("faiss", "ftfy", "openvino", "yaml", "regex")
# They report their use unless they are imported by `import_private`, and by nothing else.
REPORTING = {"onnxruntime", "sentence_transformers", "transformers", "huggingface_hub", "optimum"}


def imports(module: Path) -> Iterator[str]:
    return imported_names(ast.parse(module.read_text(encoding="utf-8")))


def imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_stage_does_not_know_the_stages_it_feeds(module):
    stage = place(module).split("/")[0].removesuffix(".py")
    forbidden = FORBIDDEN.get(stage, set())
    inner = {name.split(".")[1] for name in imports(module) if name.startswith("notesearch.")}
    assert not inner & forbidden
    if stage in FORBIDDEN or stage in STANDARD_ONLY or stage == "evaluation":
        assert not inner & OUTER


@pytest.mark.parametrize("name", sorted(STANDARD_ONLY))
def test_the_bottom_uses_the_standard_library_alone(name):
    roots = {found.split(".")[0] for found in imports(PACKAGE / f"{name}.py")}
    assert roots <= {"__future__", "collections", "dataclasses", "enum", "typing"}


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_a_library_has_one_door(library, door):
    users = {place(module) for module in MODULES if library in roots_of(module)}
    assert all(user.startswith(door) for user in users)


@pytest.mark.parametrize("library", ONE_MODULE)
def test_a_library_is_imported_by_one_module(library):
    assert len([module for module in MODULES if library in roots_of(module)]) <= 1


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_libraries_that_report_their_use_are_imported_privately(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = {name.split(".")[0] for name in imported_names(tree)}
    assert not found & REPORTING


def roots_of(module: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(module)}
