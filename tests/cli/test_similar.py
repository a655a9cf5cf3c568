"""`notesearch similar`: notes like a note."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode


@pytest.fixture
def second_note_on_dpo(here, run):
    text = "# My DPO notes\n\narxiv: 2305.18290\n\nThe policy is the reward model.\n"
    Path("corpus/again.md").write_text(text, encoding="utf-8")
    run("index")


def test_notes_on_the_same_paper_are_told_apart(run, second_note_on_dpo):
    ended = run("similar", "rl/dpo.md", "-k", "2")
    assert ended.code == ExitCode.OK
    assert ended.err == "on the same paper:\n\nlike it:\n"
    titles = [line for line in ended.out.splitlines() if line[:4].strip().isdigit()]
    assert [line[4:].split("  ")[0] for line in titles] == [
        "My DPO notes",
        "Proximal Policy Optimization",
    ]


def test_forms_for_programs_are_those_of_a_query(run, second_note_on_dpo):
    paths = run("similar", "rl/dpo.md", "--paths").out.splitlines()
    assert "rl/dpo.md" not in paths
    hits = json.loads(run("similar", "rl/dpo.md", "--json").out)
    assert [hit["path"] for hit in hits] == paths
    assert run("similar", "rl/dpo.md", "--json", "--csv").code == ExitCode.USAGE


def test_linked_notes_and_those_of_the_folder_are_left_out(here, run):
    with Path("corpus/rl/dpo.md").open("a", encoding="utf-8") as file:
        file.write("\nSee [survey](../vision/survey.md).\n")
    run("index")
    unlinked = run("similar", "rl/dpo.md", "--unlinked", "--paths").out.splitlines()
    assert sorted(unlinked) == ["rl/ppo.md", "speech/survey.md", "vision/vit.md"]
    ended = run("similar", "rl/dpo.md", "--unlinked", "--other-folder", "-k", "2", "--paths")
    assert sorted(ended.out.splitlines()) == ["speech/survey.md", "vision/vit.md"]


def test_filter_comes_first(here, run):
    ended = run("similar", "rl/dpo.md", "--where", "tag:vision", "--paths")
    assert sorted(ended.out.splitlines()) == ["vision/survey.md", "vision/vit.md"]
