"""Messages name what helps: a call in a program, a command in a shell."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notesearch import Index, NotesearchError
from tests.fakes import WordEmbedder
from tests.test_layers import MODULES, place

NAME = "notesearch-encoder"
# They write for people, or write commands and nothing else.
OF_COMMANDS = (
    *("cli/", "known_indexes.py", "index/index_layout.py", "editors.py"),
    "mcp/client_config.py",  # of other programs
    "web/server.py",  # runs as a command alone
    *("corpus/committed_folder.py", "corpus/git_program.py", "corpus/named_commit.py"),  # git's
)
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def open_index(folder: str = "index", name: str = NAME, *, create: bool = False) -> Index:
    return Index.open(folder, WordEmbedder(name=name), create=create)


def ask_a_damaged_index() -> None:
    catalog = Path("index/catalog.sqlite")
    content = bytearray(catalog.read_bytes())
    content[content.index(b"probe_cosines")] ^= 1
    catalog.write_bytes(content)
    with open_index() as index:
        index.update()


def ask_without_vectors() -> None:
    next(Path("index").glob("vectors-*")).unlink()
    with open_index() as index:
        index.query("reward")


def change_the_corpus() -> None:
    Path("other").mkdir()
    Path("other/a.md").write_text("A robot.", encoding="utf-8")
    with open_index() as index:
        index.update("other")


def empty_the_corpus() -> None:
    for note in Path("corpus").rglob("*.md"):
        note.unlink()
    with open_index() as index:
        index.update()


def index_a_folder_of_other_files() -> None:
    with open_index("corpus", create=True) as index:
        index.update("corpus")


@pytest.mark.parametrize(
    ("fail", "call", "command"),
    [
        (
            lambda: open_index("none"),
            "none: holds no index; open it with create=True, then call update('corpus')",
            "none: holds no index; run: notesearch index corpus --index none",
        ),
        (
            lambda: open_index(name="other").query("reward"),
            "call update(rebuild=True)",
            "run: notesearch index corpus --index index --rebuild",
        ),
        (
            ask_a_damaged_index,
            "call update(rebuild=True)",
            "run: notesearch index corpus --index index --rebuild",
        ),
        (
            ask_without_vectors,
            "is lost; call check(fix=True)",
            "is lost; run: notesearch check --fix --index index",
        ),
        (
            change_the_corpus,
            "or change over; call update('other', rebuild=True)",
            "or change over; run: notesearch index other --index index --rebuild",
        ),
        (
            empty_the_corpus,
            "is its disk mounted? update(allow_empty=True) empties the index",
            "is its disk mounted? --allow-empty empties the index",
        ),
        (
            index_a_folder_of_other_files,
            "choose an empty folder",
            "choose an empty folder with --index",
        ),
    ],
)
def test_error_names_a_call_in_a_program_and_a_command_in_a_shell(
    here: Path, fail: Callable[[], object], call: str, command: str
) -> None:
    with pytest.raises(NotesearchError) as caught:
        fail()
    assert str(caught.value).endswith(call)
    assert caught.value.for_shell.endswith(command)
    assert not OPTION.search(str(caught.value))


def test_problems_are_named_in_both_ways(here: Path) -> None:
    next(Path("index").glob("vectors-*")).unlink()
    with open_index() as index:
        (problem,) = index.check()
    assert problem.message.endswith("is lost; call check(fix=True)")
    assert problem.for_shell.endswith("is lost; run: notesearch check --fix --index index")


def messages_in(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module, but for documentation and what a `Remedy` says in a shell."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Remedy":
            node = ast.Expr(node.args[0])
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from messages_in(node)


def test_messages_of_the_library_name_no_option_of_a_command() -> None:
    for module in MODULES:
        if not place(module).startswith(OF_COMMANDS):
            found = messages_in(ast.parse(module.read_text(encoding="utf-8")))
            assert [text for text in found if OPTION.search(text)] == [], place(module)
