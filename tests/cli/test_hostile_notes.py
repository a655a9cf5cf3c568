"""A folder full of hostile names and texts, through every command and form: all is printable."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.render.terminal import guarded
from tests.cli.conftest import Ended, run_apart
from tests.cli.test_terminal import on_terminal
from tests.render.test_hostile import control_signs

pytestmark = pytest.mark.skipif(os.name == "nt", reason="file names of POSIX systems")

EVIL = "\x1b[31m\x1b]0;owned\x07\x9b2J\x9d0;t\x9c\u202egnp\u2066\u200f\u061c\x08\x7f"
NAMES = (
    "esc\x1b[31m.md",
    "osc\x1b]8;;http:x\x07.md",
    "c1\x9b2J.md",
    "bidi\u202ednm.md",
    "line\nbreak.md",
    "tab\tbed\r.md",
    "mark\u200f\u061c.md",
    "=cmd|' a'!A0.md",
    "-option.md",
    "](javascript:x) [.md",
    "fol\x1b[2Jder/in\u2067side.md",
    "\U0001f916 robot.md",
)
NOT_UTF_8 = "x\udcff\udc9b.md"

# A file with a control character in fifty is taken for binary data.
FILLER = "A policy takes small steps, and a proof takes large ones.\n\n" * 40
NOTE = f"""---
title: "\\e[31mReward\\x07\\u202e {{}} \\x9b"
tags: ["\\e[31mtag", "b\\u202ea", "=1+1"]
date: 2026-03-14
authors: ["A\\e]0;x\\a B\\u2066"]
aliases: ["@SUM\\u200f"]
arxiv: 2305.18290
---

A reward model {EVIL} for the policy. https://example.org/{EVIL}

## Limits {EVIL}

=HYPERLINK("http://evil") reward {EVIL} policy

    code\twith tabs\r\nand more

{FILLER}"""
BROKEN = f"---\ntitle: [reward {EVIL}\n  bad: {EVIL}: x\n---\n\nA reward {EVIL}.\n\n{FILLER}"
DIGEST = f"# Reward {EVIL}\n\n" + "".join(
    f"## Paper {n} {EVIL}\n\n#tag{EVIL} reward {n}\n\n{FILLER}" for n in range(3)
)
QUERIES = (
    f'- {{id: "q\\e[31m", text: "robot \\u202e", kind: "k\\e", relevant: ["{"nowhere"}\\e[2J"]}}\n'
    '- {id: "r\\x9b", text: "graph", split: "s\\u202e", relevant: ["none\\u2066.md"]}\n'
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hostile library in a hostile folder, with its index."""
    place = tmp_path_factory.mktemp("place") / "wo\x1b[31mrk\u202e"
    for number, name in enumerate(NAMES):
        file = place / "corpus" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(NOTE.replace("{}", str(number)), encoding="utf-8")
    corpus = place / "corpus"
    (corpus / "broken\x1b.md").write_text(BROKEN, encoding="utf-8")
    (corpus / "digest\u202e.md").write_text(DIGEST, encoding="utf-8")
    (corpus / "scan\x1b[1m.md").write_bytes(b"%PDF-1.7")
    (corpus / "latin\x9b.md").write_bytes(b"# Reward\n\ncaf\xe9 \x1b[31m words\n")
    (corpus / NOT_UTF_8).write_bytes(b"# Reward\n")
    (place / "queries.yaml").write_text(QUERIES, encoding="utf-8")
    (place / "lines.txt").write_text(f"reward {EVIL}\ntag:none{EVIL}\n", encoding="utf-8")
    for name, text in (
        ("key.yaml", f'"cor\\e[31mpsu": x{EVIL}\n'),
        ("value.yaml", 'inline_tags: "\\e[31m\\u202e"\n'),
        ("rule.yaml", 'reading: [{files: "*.md", record_start: "(\\e\\u202e"}]\n'),
        ("index.yaml", 'index: "no\\e[31m\\u202e"\n'),
        ("model.yaml", 'model: "no\\e[31m/model\\u202e"\n'),
    ):
        (place / name).write_text(text, encoding="utf-8")
    assert run_apart(["index"], place).code == ExitCode.SKIPPED_FILES
    (corpus / "esc\x1b[31m.md").rename(corpus / "esc\x1b[32m.md")  # behind its corpus
    return place


FORMS = ("--json", "--jsonl", "--csv", "--markdown", "--paths", "--full", "--explain")
COMMANDS = (
    *(["query", f"reward {EVIL} policy", *([form] if form else [])] for form in ("", *FORMS)),
    ["query", f"reward tag:\x1b[31mtag {EVIL}", "--explain", "--context", "1"],
    ["query", "--tag", "\x1b[31mtag", "--explain"],
    ["query", "--batch", "lines.txt"],
    ["query", f"reward tag:none{EVIL}"],
    ["query", f'reward "unclosed {EVIL}'],
    ["query", f"tga:x{EVIL} reward"],
    ["query", "x", "--tag", f"none{EVIL}"],
    ["query", "x", "--section", f"none{EVIL}"],
    ["query", "x", "--since", f"none{EVIL}"],
    ["query", "x", "--mode", f"none{EVIL}"],
    ["query", "x", "-k", f"1{EVIL}"],
    ["query", "x", f"--none{EVIL}"],
    [f"none{EVIL}"],
    ["query", "x", "--index", f"none{EVIL}"],
    ["query", "x", "--config", f"none{EVIL}"],
    *(["query", "x", "--config", f"{name}.yaml"] for name in ("key", "value", "rule", "index")),
    *(["similar", "digest\u202e.md", *([form] if form else [])] for form in ("", *FORMS[:5])),
    ["similar", f"none{EVIL}"],
    ["suggest-links"],
    ["suggest-links", "line\nbreak.md", "--json"],
    ["notes"],
    ["notes", "--json"],
    ["notes", f"tag:none{EVIL}"],
    ["tags"],
    ["tags", "--tree"],
    ["tags", "--json"],
    *(["show", name] for name in ("line\nbreak.md", "broken\x1b.md", "digest\u202e.md")),
    ["show", f"Reward {EVIL}"],
    ["show", "digest\u202e.mt"],
    ["show", "esc\x1b[31m.md", "--open"],
    ["status"],
    ["status", "--json"],
    ["check"],
    ["index", "--dry-run"],
    ["index", "--dry-run", "--json"],
    ["index", f"none{EVIL}", "--index", "other"],
    ["index", f"corpus/{NAMES[0]}", "--index", "other"],
    ["parse", "corpus"],
    ["parse", "corpus", "--json"],
    ["parse", "corpus/broken\x1b.md", "corpus/scan\x1b[1m.md"],
    ["parse", f"none{EVIL}.md"],
    ["parse", "key.yaml\x1b"],
    ["eval", "queries.yaml", "--failures", "--compare", "lexical,hybrid"],
    ["eval", "queries.yaml", "--failures", "--json"],
    ["eval", "queries.yaml", "--split", f"none{EVIL}"],
    ["eval", "queries.yaml", "--modes", f"none{EVIL}"],
    ["eval", f"none{EVIL}.yaml"],
    ["eval", "--auto", "--failures"],
)


def assert_printable(ended: Ended) -> None:
    assert not control_signs(ended.out, allowed="\n")
    assert not control_signs(ended.err, allowed="\n")
    assert "Traceback" not in ended.err
    assert ended.code != ExitCode.BUG


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: ascii(" ".join(command))[:60])
def test_command_writes_nothing_that_a_terminal_acts_on(
    place, run, word_model, monkeypatch, command
):
    monkeypatch.chdir(place)
    ended = run(*command)
    assert_printable(ended)
    assert ended.out or ended.err


@pytest.mark.parametrize(
    "command",
    [["query", f"reward {EVIL}"], ["notes"], ["show", "line\nbreak.md"], ["parse", "corpus"],
     ["status"], ["eval", "queries.yaml", "--failures"]],
    ids=lambda command: command[0],
)  # fmt: skip
def test_command_in_a_locale_without_utf_8_writes_nothing_of_it_either(place, command):
    assert_printable(run_apart(command, place, PYTHONUTF8="0", LC_ALL="C"))


def test_file_that_is_not_utf_8_is_named_with_its_bytes(place):
    assert r"x\udcff\udc9b.md" in run_apart(["index", "--dry-run"], place).err


def test_traceback_is_printable_too(place):
    for command in (["--debug", "show", f"none{EVIL}"], ["query", "x", "--config", "rule.yaml"]):
        ended = run_apart(command, place, NOTESEARCH_DEBUG="1")
        assert "Traceback (most recent call last):" in ended.err.splitlines()
        assert not control_signs(ended.err, allowed="\n")


def test_json_still_has_every_sign(place):
    notes = [json.loads(line) for line in run_apart(["notes", "--json"], place).out.splitlines()]
    paths = {note["path"] for note in notes}
    assert set(NAMES) <= paths
    assert any("\u202e" in note["title"] for note in notes)


@pytest.mark.parametrize("command", [["query", f"reward {EVIL}"], ["show", "line\nbreak.md"]])
def test_terminal_gets_our_own_marks_alone(place, word_model, command):
    _, got = on_terminal(place, *command, TERM="xterm-kitty")
    assert "\x1b[1m" in got
    assert guarded(got) == got
    assert "]0;" in got  # what is left of the note's own is harmless text
