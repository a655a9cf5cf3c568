"""`notesearch papers` and `cite`, in whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode

COPY = """---
title: DPO, read again
arxiv: 2305.18290
authors: [Rafael Rafailov, Archit Sharma]
date: 2026-04-01
tags: [again]
---

The policy is the reward model.
"""
PAPERS = """\
2023  DPO, read again  Rafailov and Sharma  arxiv:2305.18290  again.md, rl/dpo.md
"""
ENTRY = """\
@misc{rafailov2023dpo,
  author = {Rafailov, Rafael and Sharma, Archit},
  title = {{DPO}, read again},
  year = {2023},
  eprint = {2305.18290},
  archiveprefix = {arXiv},
  url = {https://arxiv.org/abs/2305.18290},
}
"""
LINE = (
    "- Rafael Rafailov and Archit Sharma (2023). *DPO, read again*. "
    "[arXiv:2305.18290](<https://arxiv.org/abs/2305.18290>).\n"
)


@pytest.fixture
def read_twice(here: Path, run) -> Path:
    (here / "corpus/again.md").write_text(COPY, encoding="utf-8")
    assert run("index").code == ExitCode.OK
    return here


def test_papers_are_listed_with_all_their_notes(read_twice, run):
    assert run("papers").out == PAPERS
    assert run("papers", "tag:dpo", "-tag:ppo").out == PAPERS
    assert run("papers", "--several").out == PAPERS


def test_on_a_terminal_notes_stand_below_their_paper(read_twice, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert run("papers").out == (
        "2023  DPO, read again  Rafailov and Sharma  arxiv:2305.18290\n"
        "      again.md\n"
        "      rl/dpo.md\n"
    )


def test_papers_as_json(read_twice, run):
    paper = json.loads(run("papers", "--json").out)
    assert paper["key"] == "rafailov2023dpo"
    assert paper["ids"] == ["arxiv:2305.18290"]
    assert [note["note_id"] for note in paper["notes"]] == ["again.md", "rl/dpo.md"]
    assert paper["notes"][0]["tags"] == ["again"]


def test_copy_of_a_note_is_told(read_twice, run):
    (read_twice / "corpus/copy.md").write_text(COPY, encoding="utf-8")
    assert run("index").code == ExitCode.OK
    assert run("papers").out.endswith("  again.md, copy.md (the same text), rl/dpo.md\n")


def test_no_papers_end_with_their_own_code(here, run):
    ended = run("papers", "tag:ppo")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "")
    assert run("papers", "--several").code == ExitCode.NOTHING_RELEVANT


def test_note_is_cited_by_any_name_of_it(read_twice, run):
    for name in ("again.md", "rl/dpo.md", "corpus/rl/dpo.md", "Direct Preference Optimization"):
        assert run("cite", name).out == ENTRY
    assert run("cite", "direct", "preference", "--bibtex").out == ENTRY
    assert run("cite", "again.md", "--markdown").out == LINE
    assert json.loads(run("cite", "again.md", "--csl").out)[0]["id"] == "rafailov2023dpo"


def test_papers_of_a_filter_are_cited(read_twice, run):
    assert run("cite", "tag:again").out == ENTRY
    assert run("cite", "tag:dpo", "-tag:ppo", "--markdown").out == LINE
    ended = run("cite", "tag:ppo")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "")
    assert ended.err == (
        "no note that matches is on a paper; to list notes, run: notesearch notes\n"
    )


def test_hits_are_cited_by_their_numbers_each_paper_once(read_twice, run):
    hits = json.loads(run("query", "policy", "--json").out)
    assert {hit["path"] for hit in hits} >= {"again.md", "rl/dpo.md", "rl/ppo.md"}
    run("query", "policy")
    numbers = [str(hit["rank"]) for hit in hits if hit["path"] != "rl/ppo.md"]
    ended = run("cite", *numbers)
    assert ended.out.count("rafailov2023dpo") == 1
    (ppo,) = (str(hit["rank"]) for hit in hits if hit["path"] == "rl/ppo.md")
    assert run("cite", ppo).out == (
        "@misc{proximalpolicy,\n  title = {Proximal Policy Optimization},\n}\n"
    )


OWN = """\
@inproceedings{rafailovDirect2023,
  title = {Direct {{Preference}} Optimization},
  author = {Rafailov, Rafael and Finn, Chelsea},
  booktitle = {{NeurIPS}},
  year = {2023},
  month = dec,
  eprint = {2305.18290},
}
"""


def test_entry_of_an_own_file_is_cited_and_names_the_paper(read_twice, run):
    (read_twice / "corpus/refs.bib").write_text(OWN, encoding="utf-8")
    assert run("cite", "again.md").out == OWN
    assert run("cite", "tag:again", "--markdown").out == (
        "- Rafael Rafailov and Chelsea Finn (2023). *Direct Preference Optimization*. NeurIPS. "
        "[arXiv:2305.18290](<https://arxiv.org/abs/2305.18290>).\n"
    )
    assert json.loads(run("cite", "again.md", "--csl").out)[0] == {
        "id": "rafailovDirect2023",
        "type": "paper-conference",
        "title": "Direct Preference Optimization",
        "author": [
            {"family": "Rafailov", "given": "Rafael"},
            {"family": "Finn", "given": "Chelsea"},
        ],
        "container-title": "NeurIPS",
        "issued": {"date-parts": [[2023, 12]]},
        "URL": "https://arxiv.org/abs/2305.18290",
    }
    assert run("papers").out == (
        "2023  Direct Preference Optimization  Rafailov and Finn  arxiv:2305.18290  "
        "again.md, rl/dpo.md\n"
    )
    paper = json.loads(run("papers", "--json").out)
    assert (paper["entry"]["path"], paper["entry"]["line"]) == ("refs.bib", 1)


def test_settings_name_a_file_outside_the_notes(read_twice, run):
    (read_twice / "zotero.bib").write_text(OWN, encoding="utf-8")
    (read_twice / "notesearch.yaml").write_text("bibliography: zotero.bib\n", encoding="utf-8")
    assert run("cite", "again.md").out == OWN
    (read_twice / "zotero.bib").unlink()
    ended = run("cite", "again.md")
    assert (ended.code, ended.out) == (ExitCode.OK, ENTRY)
    assert ended.err == (
        "notesearch: warning: zotero.bib cannot be read: No such file or directory; "
        "mend the setting bibliography\n"
    )


def test_papers_are_gathered_once_for_many_hits(read_twice, run):
    (read_twice / "corpus/refs.bib").write_text("@misc{x, title = \n" + OWN, encoding="utf-8")
    hits = json.loads(run("query", "policy", "--json").out)
    run("query", "policy")
    ended = run("cite", *(str(hit["rank"]) for hit in hits))
    assert len(hits) > 2
    assert OWN in ended.out
    assert ended.err.count("refs.bib, line 1: a field without a value; the entry is left out") == 1


def test_note_of_one_of_several_indexes_is_cited(named, run):
    assert run("cite", "work:robot.md", "-i", "all", "--markdown").out == "- *Robot*.\n"
    assert run("papers", "-i", "all").out == (
        "2023  Direct Preference Optimization  arxiv:2305.18290  notes:rl/dpo.md\n"
    )
