"""`notesearch tags`, `notes` and `show`, in whole."""

from __future__ import annotations

import json

import pytest

from notesearch.cli.output import ExitCode

TITLE = "Direct Preference Optimization"
TAGS = """\
2  alignment
2  rl/
2  vision/
1  dpo
1  ppo
1  speech/
1  vision/transformers
"""
TREE = """\
2  alignment
1  dpo
1  ppo
2  rl
1  speech
2  vision
1    transformers
"""
NOTES = """\
2026-03-14  rl/dpo.md  Direct Preference Optimization  #dpo #alignment
2026-01-20  vision/vit.md  An Image is Worth 16x16 Words  #vision/transformers
2025-11-02  rl/ppo.md  Proximal Policy Optimization  #ppo #alignment
            speech/survey.md  A Survey
            vision/survey.md  A Survey
"""
SHOWN = """\
Direct Preference Optimization
id       rl/dpo.md
lines    rl/dpo.md:1-12
tags     dpo, alignment, rl
date     2026-03-14
paper    arxiv:2305.18290
year     2023

8-12
The reward model is implied by the policy.

## Limitations

The policy drifts where a proof is missing.
"""


def test_tags_are_listed_with_the_commonest_first(here, run):
    assert run("tags").out == TAGS
    assert run("tags", "--tree").out == TREE


def test_tags_beside_a_tag(here, run):
    assert run("tags", "--with", "tag:dpo").out == "1  alignment\n1  dpo\n1  rl/\n"
    first = json.loads(run("tags", "--with", "tag:dpo", "--json").out)[0]
    assert first == {"normal": "alignment", "written": "alignment", "folder": False, "notes": 1}


def test_notes_are_listed_newest_first(here, run):
    assert run("notes").out == NOTES
    assert run("notes", "-n", "1").out == NOTES.splitlines(keepends=True)[0]
    assert run("notes", "-n", "0").code == ExitCode.USAGE


def test_filter_that_leaves_out_is_no_option(here, run):
    ppo = NOTES.splitlines(keepends=True)[2]
    assert run("notes", "tag:alignment", "-tag:dpo").out == ppo
    assert run("notes", "-(tag:dpo OR kind:index-page)", "-n", "1").out != NOTES.splitlines()[0]
    assert run("query", "policy", "-tag:dpo", "tag:rl", "--paths").out == "rl/ppo.md\n"
    assert run("tags", "--with", "-tag:rl").out.splitlines()[0] == "2  vision/"


def test_notes_as_json_are_one_object_a_line(here, run):
    lines = run("notes", "--json").out.splitlines()
    assert [json.loads(line)["note_id"] for line in lines] == [
        line[12:].split()[0] for line in NOTES.splitlines()
    ]


def test_no_notes_end_with_their_own_code(here, run):
    ended = run("notes", "kind:index-page")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "")


@pytest.mark.parametrize(
    "name", ["rl/dpo.md", "./rl/dpo.md", TITLE, TITLE.upper()], ids=["id", "./", "title", "upper"]
)
def test_note_is_shown_by_id_path_or_title(here, run, name):
    assert run("show", name).out == SHOWN


def test_note_is_shown_by_the_id_of_a_passage(here, run):
    (hit,) = json.loads(run("query", "--tag", "dpo", "--json").out)
    assert run("show", hit["passage_id"]).out == SHOWN
