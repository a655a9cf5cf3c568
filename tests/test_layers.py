"""Which part of the package may import which, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "notesearch"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A folder of the package, and the folders that it must not know.
FORBIDDEN = {
    "corpus": {"index", "search", "query", "embedding", "evaluation", "settings"},
    "query": {"corpus", "index", "search", "embedding", "evaluation"},
    "index": {"corpus", "search", "evaluation", "note_map"},
    "embedding": {"corpus", "index", "search", "query", "evaluation"},
    "search": {"corpus", "evaluation"},
    "bibliography": {"corpus", "search", "query", "embedding", "evaluation"},
    "note_map": {"corpus", "search", "query", "embedding", "evaluation"},
}
OUTER = {"cli", "web", "mcp", "render", "library", "kept_index", "held_index", "chosen_models"}
OUTER |= {"watch", "corpus_index"}
STANDARD_ONLY = {"records", "errors"}
# An outside library, and the one place that may import it.
DOORS = {
    "faiss": "index/faiss_file.py",
    "sqlite3": "index/qdrant/engine_",  # errors of the client; all else is apsw's
    "apsw": "index/",
    "qdrant_client": "index/qdrant/",
    "torch": "embedding/compile/",
    "sentence_transformers": "embedding/compile/",
    "transformers": "embedding/compile/",
    "onnx": "embedding/compile/",
    "onnxscript": "embedding/compile/",
    "onnxruntime": "embedding/",
    "huggingface_hub": "embedding/model_files.py",
    "tokenizers": "embedding/",
    "typer": "cli/",
    "starlette": "web/",
    "uvicorn": "web/server.py",
    "jinja2": "web/pages.py",
    "prompt_toolkit": "cli/picker/screen.py",
    # Once for the blocks of a note, once to show it on a page.
    "markdown_it": ("corpus/markdown_", "web/note/"),
    "latex2mathml": "web/note/formulas.py",
    "markupsafe": "web/note/",
    "ftfy": "corpus/decode.py",
    "watchfiles": "corpus/folder_watch.py",
    "yaml": "untrusted_yaml.py",
    "platformdirs": "user_folders.py",
    "regex": "corpus/reading_rules.py",
    "mcp": "mcp/",
    "mcp_types": "mcp/",
    "anyio": ("web/", "mcp/"),
}
ONE_MODULE = ("faiss", "ftfy", "yaml", "regex", "watchfiles")
# They report their use unless they are imported by `import_private`, and by nothing else.
REPORTING = {"onnxruntime", "sentence_transformers", "transformers", "huggingface_hub", "optimum"}


@cache
def imports(module: Path) -> frozenset[str]:
    return frozenset(imported_names(ast.parse(module.read_text(encoding="utf-8"))))


def imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "import_private":
            yield ast.literal_eval(node.args[0])


def place(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_stage_does_not_know_the_stages_it_feeds(module):
    stage = place(module).split("/")[0].removesuffix(".py")
    forbidden = FORBIDDEN.get(stage, set())
    inner = {name.split(".")[1] for name in imports(module) if name.startswith("notesearch.")}
    assert not inner & forbidden
    if stage in FORBIDDEN or stage in STANDARD_ONLY:
        assert not inner & OUTER
    if stage == "mcp":
        assert "cli" not in inner
    if stage == "evaluation":  # asks the index as the command line does, and is shown by others
        assert not inner & {"cli", "render"}


def test_search_knows_of_an_index_what_a_snapshot_answers_and_no_more():
    inside = "notesearch.index."
    names = {name for module in (PACKAGE / "search").glob("*.py") for name in imports(module)}
    assert {
        n for n in names if n.startswith(inside) and not n.startswith(f"{inside}snapshot.")
    } == {f"{inside}snapshot"}


def test_a_snapshot_answers_no_question_that_nobody_asks():
    tree = ast.parse((PACKAGE / "index/snapshot.py").read_text(encoding="utf-8"))
    protocol = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Snapshot")
    offered = {node.name for node in protocol.body if isinstance(node, ast.FunctionDef)}
    asked = {
        node.attr
        for module in (
            *(PACKAGE / "search").glob("*.py"),
            *(PACKAGE / "note_map").glob("*.py"),
            PACKAGE / "library.py",
            PACKAGE / "related_index.py",
            PACKAGE / "news_index.py",
        )
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "snapshot"
    }
    assert offered == asked


@pytest.mark.parametrize("stage", ["index", "search"])
def test_index_and_search_know_of_embedding_its_protocol_alone(stage):
    found = {name for module in (PACKAGE / stage).rglob("*.py") for name in imports(module)}
    known = {name for name in found if name.startswith("notesearch.embedding")}
    assert known
    assert all(name.startswith("notesearch.embedding.protocol") for name in known)


@pytest.mark.parametrize("name", sorted(STANDARD_ONLY))
def test_the_bottom_uses_the_standard_library_alone(name):
    roots = {found.split(".")[0] for found in imports(PACKAGE / f"{name}.py")}
    assert roots <= {"__future__", "collections", "dataclasses", "enum", "typing", "warnings"}


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
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "import_private":
            node.func = ast.Name("private")
    found = {name.split(".")[0] for name in imported_names(tree)}
    assert not found & REPORTING


def test_a_library_that_is_imported_privately_is_seen():
    assert "onnxruntime" in roots_of(PACKAGE / "embedding/graph_engine.py")
    assert "sentence_transformers" in roots_of(PACKAGE / "embedding/compile/pretrained.py")


def roots_of(module: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(module)}
