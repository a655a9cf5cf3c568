"""`notesearch parse`, with a counter of words in the place of the model's tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode

NOTE = """---
title: Direct Preference Optimization
tags: [dpo, alignment]
date: 2026-03-14
arxiv: 2305.18290
---

The reward model is implied by the policy.

## Limitations

It drifts.
"""


@pytest.fixture
def parse(run, word_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run("parse", *arguments)


def write(path: str, text: str = NOTE) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def test_a_note_is_described_for_a_person(parse):
    write("notes/dpo.md")
    result = parse("notes/dpo.md")
    assert result.code == ExitCode.OK
    assert result.out.splitlines() == [
        "dpo.md:1-12  Direct Preference Optimization",
        "    tags     dpo, alignment",
        "    date     2026-03-14",
        "    paper    arxiv:2305.18290 (2023)",
        "         8-12   14 tokens  Limitations [limitations]",
        "               The reward model is implied by the policy. Limitations It drifts.",
    ]


def test_json_has_the_names_that_scripts_rely_on(parse):
    write("dpo.md")
    (note,) = json.loads(parse("dpo.md", "--json").out)
    passages = note.pop("passages")
    assert note == {
        "id": "dpo.md",
        "path": "dpo.md",
        "title": "Direct Preference Optimization",
        "tags": ["dpo", "alignment"],
        "folder_tags": [],
        "date": "2026-03-14",
        "year": 2023,
        "paper": "arxiv:2305.18290",
        "links": [],
        "authors": [],
        "aliases": [],
        "acronyms": [],
        "kind": "note",
        "line_start": 1,
        "line_end": 12,
    }
    assert [list(passage) for passage in passages] == [
        ["section", "roles", "line_start", "line_end", "text", "search_text", "tokens"]
    ]


def test_json_of_several_files_is_one_list_and_of_none_an_empty_one(parse):
    write("notes/a.md")
    write("notes/rl/b.md")
    assert [note["path"] for note in json.loads(parse("notes", "--json").out)] == [
        "a.md",
        "rl/b.md",
    ]
    Path("empty").mkdir()
    assert json.loads(parse("empty", "--json").out) == []


def test_file_inside_the_corpus_keeps_its_path_there(parse):
    write("corpus/rl/a.md")
    (note,) = json.loads(parse("corpus/rl/a.md", "--json").out)
    assert (note["id"], note["folder_tags"]) == ("rl/a.md", ["rl"])
    (note,) = json.loads(parse("corpus/rl", "--json").out)
    assert note["id"] == "rl/a.md"


def test_bad_file_is_named_on_stderr_and_the_rest_is_read(parse):
    write("notes/a.md")
    Path("notes/b.md").write_bytes(b"%PDF-1.7")
    Path("notes/c.md").write_bytes(b"# Words\n\ncaf\xe9 words\n")
    Path("notes/d.md").mkdir()
    result = parse("notes", "--json")
    assert result.code == ExitCode.SKIPPED_FILES
    assert [note["path"] for note in json.loads(result.out)] == ["a.md", "c.md"]
    assert sorted(result.err.splitlines()) == [
        "b.md: left out: not text but a PDF",
        "c.md, line 3: not UTF-8, read as Windows-1252 (a guess)",
        "d.md: left out: a folder, not a file, and no notes are in it",
    ]


def test_settings_of_a_file_are_used(parse):
    write("notes/a.md", "# One\n\n## Two\n\nwords here\n\n## Three\n\nwords there\n")
    write("my.yaml", "reading:\n  - {files: '*.md', split: heading 2, tags: [course]}\n")
    notes = json.loads(parse("notes/a.md", "--json", "--config", "my.yaml").out)
    assert [(note["title"], note["tags"]) for note in notes] == [
        ("Two", ["course", "One"]),
        ("Three", ["course", "One"]),
        ("One", ["course"]),
    ]
