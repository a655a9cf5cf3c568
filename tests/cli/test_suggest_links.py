"""`notesearch suggest-links`: what belongs together and is not linked yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode

GRASP = "A robot arm learns grasping from torque sensors, camera frames and gripper feedback."
GRIP = "Gripper feedback and torque sensors let any robot arm learn grasping by itself."
EVIL = "\x1b[31m\u202e"


@pytest.fixture
def arms(here, run):
    Path("corpus/arm").mkdir()
    Path("corpus/arm/grasp.md").write_text(f"# Grasping\n\n{GRASP}\n", encoding="utf-8")
    Path("corpus/arm/grip.md").write_text(f"# Grippers\n\n## Feel\n\n{GRIP}\n", encoding="utf-8")
    assert run("index").code == ExitCode.OK


def test_pair_is_shown_with_numbers_sentences_and_the_words_of_both(arms, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    ended = run("suggest-links", "-k", "1")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    *lines, words = ended.out.splitlines()
    assert lines[0].startswith(" 1  Grasping  ")
    assert lines[1:4] == [
        "    arm/grasp.md:3",
        "    A robot arm learns grasping from torque sensors, camera",
        "    frames and gripper feedback.",
    ]
    assert lines[4:] == [
        " 2  Grippers",
        "    arm/grip.md:5  Feel",
        "    Gripper feedback and torque sensors let any robot arm",
        "    learn grasping by itself.",
    ]
    assert words.startswith("    both say ")
    assert run("show", "2").out.splitlines()[0] == "Grippers"


def test_partners_of_a_note_are_numbered_alone(arms, run):
    ended = run("suggest-links", "arm/grip.md")
    assert ended.out.splitlines()[1:5] == [
        "    arm/grasp.md:3",
        f"    {GRASP}",
        "    like arm/grip.md:5  Feel",
        f"    {GRIP}",
    ]
    assert run("show", "1").out.splitlines()[0] == "Grasping"
    ended = run("suggest-links", "arm/grip.md", "--other-folder")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "")
    assert ended.err == "nothing belongs with it that is not linked yet\n"


def test_json_has_the_fields_of_both_notes(arms, run):
    (found,) = json.loads(run("suggest-links", "-k", "1", "--json").out)
    assert found.keys() == {"rank", "score", "words", "note", "other"}
    assert found["other"] == {
        "path": "arm/grip.md",
        "line": 5,
        "title": "Grippers",
        "note_id": "arm/grip.md",
        "passage_id": found["other"]["passage_id"],
        "section": ["Feel"],
        "tags": ["arm"],
        "date": None,
        "paper": None,
        "sentence": GRIP,
    }
    assert json.loads(run("suggest-links", "speech/survey.md", "--json").out) == []


def test_linked_notes_are_suggested_no_more(arms, run):
    with Path("corpus/arm/grasp.md").open("a", encoding="utf-8") as file:
        file.write("\nSee [[grip]].\n")
    run("index")
    ended = run("suggest-links", "--where", "path:arm/")
    assert ended.code == ExitCode.NOTHING_RELEVANT
    assert ended.err == "no two notes belong together that are not linked yet\n"


def test_control_signs_of_notes_reach_no_terminal(arms, run):
    text = f'---\ntitle: "Grippers \\e[31m\\u202e"\n---\n\n## Feel {EVIL}\n\n{GRIP[:-1]} {EVIL}.\n'
    Path("corpus/arm/grip.md").write_text(text, encoding="utf-8")
    run("index")
    for form in ([], ["--json"]):
        ended = run("suggest-links", *form)
        assert ended.code == ExitCode.OK
        assert ended.out.replace("\n", "").isprintable()
