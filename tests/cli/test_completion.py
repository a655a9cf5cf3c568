"""What Tab completes: in the shells themselves, and what the command tells them."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.cli.completion import join_split_words
from tests.cli.conftest import ROOT

SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-i"], ""),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D\n"),
}
PATIENCE_S = 120


class Shell:
    """A shell in a terminal of its own, with the completion that it would have installed."""

    def __init__(self, name: str, here: Path) -> None:
        command, prepare = SHELLS[name]
        programs = here / "programs"
        programs.mkdir(exist_ok=True)
        program = programs / "notesearch"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m notesearch "$@"\n')
        program.chmod(0o755)
        environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
            "HOME": str(here),
            "LC_ALL": "C.UTF-8",
        }
        script = subprocess.run(
            [program],
            env={**environment, "_NOTESEARCH_COMPLETE": f"source_{name}"},
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        ).stdout
        (here / "completion.sh").write_text(script, encoding="utf-8")
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=here,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._type(f"{prepare}. ./completion.sh\n")

    def complete(self, line: str) -> list[str]:
        """Return the words of a line after Tab was pressed behind it."""
        # What was typed is then made the arguments of another command.
        self._type(f"{line}\t\x01printf '[%s]' \n")
        # The prompt behind them says that they are whole.
        shown = self._read_until(r"\[notesearch\]((?:\[[^\]\r\n]*\])+)[^\[]*[$%#]")
        return re.findall(r"\[([^\]]*)\]", shown)

    def _type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read_until(self, pattern: str) -> str:
        seen = ""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if select.select([self._master], [], [], 1)[0]:
                seen += os.read(self._master, 65536).decode("utf-8", "replace")
                if found := re.search(pattern, seen):
                    return found[1]
        raise AssertionError(f"the shell showed {seen!r}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture(params=SHELLS)
def shell(here, request) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param}")
    shell = Shell(request.param, here)
    yield shell
    shell.close()


def test_tab_completes_what_is_in_the_index(here, shell):
    for line, words in {
        "notesearch query --tag al": ["query", "--tag", "alignment"],
        "notesearch query policy tag:vision/t": ["query", "policy", "tag:vision/transformers"],
        "notesearch query -tag:al": ["query", "-tag:alignment"],
        "notesearch query 'policy kind:dig": ["query", "policy kind:digest-part"],
        "notesearch show dp": ["show", "dpo"],
        "notesearch show rl/d": ["show", "rl/dpo.md"],
        "notesearch show corpus/rl/d": ["show", "corpus/rl/dpo.md"],  # the shell's own
    }.items():
        assert shell.complete(line) == words, line


def test_name_with_odd_signs_is_completed_so_that_it_is_taken(here, run, shell):
    (here / "corpus/Q&A (old).md").write_text("# Answers\n\nWords.\n", encoding="utf-8")
    run("index")
    assert " ".join(shell.complete("notesearch show Q")) == "show Q&A (old).md"


def test_note_of_an_index_that_is_named_is_completed(here, run, shell):
    run("index")
    (here / "job").mkdir()
    (here / "job/robot.md").write_text("# Robot\n\nIt walks.\n", encoding="utf-8")
    assert run("index", "job", "--name", "work").code == 0
    assert shell.complete("notesearch show work:r") == ["show", "work:robot.md"]


def test_line_without_an_index_completes_to_itself(here, shell):
    words = shell.complete("notesearch query --index nowhere --tag al")
    assert words == ["query", "--index", "nowhere", "--tag", "al"]


# ------------------------------------------------------------ what bash is told


TAGS = ["alignment", "rl", "vision", "dpo", "ppo", "speech", "vision/transformers"]


@pytest.fixture
def offered(here, run, monkeypatch):
    """What is offered for the words of a line as bash takes them apart."""

    def offer(*words: str) -> list[str]:
        line = ["notesearch", *words]
        monkeypatch.setenv("_NOTESEARCH_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(line))
        monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
        ended = run()
        assert (ended.code, ended.err) == (0, "")
        return ended.out.strip("\n").split("\n") if ended.out.strip() else []

    return offer


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["query", "--any-tag", ""], TAGS),
        (["query", "--kind", "ind"], ["index-page"]),
        (["query", "--section", "next"], ["next-steps"]),
        (["query", "tag", ":"], TAGS),
        (["query", "tag", ":", "dpo"], ["dpo"]),
        (["query", "section", ":", "lim"], ["limitations"]),
        (["query", "links-to", ":", "rl/d"], ["rl/dpo.md"]),
        (["query", "why", "-(tag", ":", "pp"], ["ppo"]),
        (["query", "'why -tag:pp"], ["why -tag:ppo"]),
        (["query", "title", ":", "d"], []),
        (["query", "dp"], []),
        (["notes", "kind", ":", "no"], ["note"]),
        (["tags", "--with", "'tag:al"], ["tag:alignment"]),
        (["show", ""], ["rl/", "speech/", "vision/"]),
        (["show", "rl"], ["rl/dpo.md", "rl/ppo.md"]),
        (["show", "rl/p"], ["rl/ppo.md"]),
        (["show", "pp"], ["ppo"]),
        (["similar", "v"], ["vision/", "vit"]),
        (["show", "survey"], []),  # two files have the name
        (["show", "rl/dpo.md", "--in"], ["--index"]),
    ],
)
def test_bash_is_offered(offered, words, names):
    assert offered(*words) == names


def test_path_with_a_space_goes_on_behind_it(offered, here, run, monkeypatch):
    (here / "corpus/odd").mkdir()
    (here / "corpus/odd/a b's.md").write_text("# Odd\n\nWords.\n", encoding="utf-8")
    run("index")
    assert offered("show", "odd/") == [r"odd/a\ b\'s.md"]
    assert offered("show", r"odd/a\ b") == [r"odd/a b\'s.md"]
    assert offered("show", "odd/a", "b") == [r"b\'s.md"]
    assert offered("show", '"odd/a b') == ["odd/a b's.md"]


def test_line_that_names_an_index_is_offered_what_is_in_it(offered, here, run):
    run("index")
    (here / "job").mkdir()
    (here / "job/robot.md").write_text("---\ntags: [alloy]\n---\n\n# Robot\n\nIt walks.\n")
    assert run("index", "job", "--name", "work").code == 0
    assert offered("query", "-i", "wo") == ["work"]
    assert offered("query", "-i", "corpus,w") == ["corpus,work"]
    assert offered("query", "-i", "work", "--tag", "al") == ["alloy"]
    assert sorted(offered("query", "-i", "all", "--tag", "al")) == ["alignment", "alloy"]
    assert offered("show", "-i", "work", "r") == ["robot.md"]
    assert offered("show", "work", ":", "r") == ["robot.md"]
    assert offered("show", "work", ":") == ["robot.md"]
    assert offered("show", "'work:r") == ["work:robot.md"]
    assert offered("show", "-i", "all", "r") == []  # it takes one


def test_nothing_is_offered_or_said_where_something_is_wrong(offered, here):
    assert offered("show", "--index", "nowhere", "a") == []
    (here / "notesearch.yaml").write_text("corpsu: x\n", encoding="utf-8")
    assert offered("query", "--tag", "a") == []
    (here / "notesearch.yaml").unlink()
    (here / "index/catalog.sqlite").write_bytes(b"no catalog")
    assert offered("query", "--tag", "a") == []


@pytest.mark.parametrize(
    ("words", "cursor", "joined"),
    [
        ("n q tag : al", 4, "n q tag: al"),
        ("n q tag : al more", 4, "n q tag: al"),
        ("n q tag :", 3, "n q tag: ''"),
        ("n q http : //x y", 5, "n q http://x y"),
        ("n q a", 2, "n q a"),
        ("n q a", 9, "n q a"),
        ("", 0, "''"),
    ],
)
def test_words_that_bash_took_apart_are_joined(words, cursor, joined):
    environment = {
        "_NOTESEARCH_COMPLETE": "complete_bash",
        "COMP_WORDS": words.replace(" ", "\n"),
        "COMP_CWORD": str(cursor),
    }
    join_split_words(environment)
    assert environment["COMP_WORDS"].replace("\n", " ") == joined
