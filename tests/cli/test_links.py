"""`notesearch links`, and the links below a shown note, in whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode

FIGURES = """\
3 links in 2 notes
2  wikilink, 1 lead nowhere
1  markdown
3 notes without a link in or out

linked to by most notes
1  rl/dpo.md  Direct Preference Optimization
1  rl/ppo.md  Proximal Policy Optimization
"""
OF_DPO = """\
Direct Preference Optimization
rl/dpo.md

2 links, 1 of them to no note
    14  rl/ppo.md  Proximal Policy Optimization
        Compare PPO, and KTO.
    14  [[KTO]]  leads nowhere
        Compare PPO, and KTO.

1 link from other notes
rl/ppo.md:9  Proximal Policy Optimization
    Simpler: dpo.
"""
BROKEN = """\
rl/dpo.md:14  [[KTO]]
    Compare PPO, and KTO.
"""
BELOW = """\

links to
rl/ppo.md  Proximal Policy Optimization
[[KTO]]  leads nowhere

linked from
rl/ppo.md  Proximal Policy Optimization
"""


@pytest.fixture
def linked(here, run):
    for path, text in (
        ("rl/dpo.md", "\nCompare [PPO](ppo.md), and [[KTO]].\n"),
        ("rl/ppo.md", "\nSimpler: [[dpo]].\n"),
    ):
        with Path("corpus", path).open("a", encoding="utf-8") as file:
            file.write(text)
    assert run("index").code == ExitCode.OK


def test_links_are_counted_by_kind(linked, run):
    assert run("links").out == FIGURES
    assert len(json.loads(run("links", "--json").out)) == 3


def test_links_of_a_note_and_to_it_come_with_their_sentences(linked, run):
    assert run("links", "rl/dpo.md").out == OF_DPO
    found = json.loads(run("links", "rl/dpo.md", "--json").out)
    assert found["note"]["note_id"] == "rl/dpo.md"
    assert found["links"][0] == {
        "note_id": "rl/dpo.md",
        "path": "rl/dpo.md",
        "title": "Direct Preference Optimization",
        "line": 14,
        "kind": "markdown",
        "target": "ppo.md",
        "sentence": "Compare PPO, and KTO.",
        "to_note_id": "rl/ppo.md",
        "to_path": "rl/ppo.md",
        "to_title": "Proximal Policy Optimization",
    }
    assert [link["line"] for link in found["backlinks"]] == [9]


def test_broken_links_are_listed(linked, run):
    assert run("links", "--broken").out == BROKEN
    assert run("links", "rl/dpo.md", "--broken").out == BROKEN
    assert [one["target"] for one in json.loads(run("links", "--broken", "--json").out)] == ["KTO"]
    ended = run("links", "rl/ppo.md", "--broken")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "")
    assert ended.err == "no link of rl/ppo.md leads nowhere\n"


def test_orphans_are_listed_as_notes(linked, run):
    assert run("links", "--orphans").out.splitlines() == [
        "            speech/survey.md  A Survey",
        "            vision/survey.md  A Survey",
        "2026-01-20  vision/vit.md  An Image is Worth 16x16 Words  #vision/transformers",
    ]
    paths = [
        json.loads(line)["path"] for line in run("links", "--orphans", "--json").out.splitlines()
    ]
    assert paths == ["speech/survey.md", "vision/survey.md", "vision/vit.md"]


def test_notes_without_links_are_none_too_many(here, run):
    assert run("links").out == "0 links in 0 notes\n5 notes without a link in or out\n"
    ended = run("links", "--broken")
    assert (ended.code, ended.out, ended.err) == (1, "", "no link leads nowhere\n")


def test_below_a_shown_note_stand_its_links(linked, run):
    assert run("show", "rl/dpo.md").out.endswith(BELOW)
    assert "link" not in run("show", "vision/vit.md").out


def test_sentence_that_would_act_on_a_terminal_is_text(here, run):
    text = "# Bad \x1b[31mtitle\n\nA \x1b]0;x\x07 [[dpo\x1b[2J]] word\u202e, [x](a\x9b31m.md).\n"
    Path("corpus/bad.md").write_text(text, encoding="utf-8")
    run("index")
    for arguments in (["links", "bad.md"], ["links", "--broken"], ["show", "bad.md"], ["links"]):
        shown = run(*arguments).out
        assert shown
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
