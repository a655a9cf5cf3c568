"""`notesearch quote`: where the notes say a sentence, and what differs from it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from notesearch import Quote
from notesearch.cli.output import ExitCode

NEAR_QUOTE = "a policy takes small steps and a graph model scores them"
# Of words that weigh 8, "the" and the like a quarter, 7 are the same and in one order.
NEAR = """\
 1  Proximal Policy Optimization                                                           near 0.88
    rl/ppo.md:7
    2025-11-02 · #ppo #alignment
    A policy takes small steps, and a [-graph-] {+reward+} model scores them.
"""


def test_exact_sentence_is_shown_with_its_line(here, run):
    ended = run("quote", "model is implied by the policy", "-k", "1")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    title, *lines = ended.out.splitlines()
    assert title.split() == ["1", "Direct", "Preference", "Optimization", "exact"]
    assert lines == [
        "    rl/dpo.md:8  Limitations",
        "    2026-03-14 · arxiv:2305.18290 (2023) · #dpo #alignment",
        "    The reward model is implied by the policy.",
    ]


def test_what_differs_is_marked_and_the_marks_are_explained(here, run):
    ended = run("quote", NEAR_QUOTE)
    assert (ended.code, ended.out) == (ExitCode.OK, NEAR)
    assert ended.err == "what differs: [-your words-] {+words of the note+}\n"


def test_words_need_no_quotes(here, run):
    words = NEAR_QUOTE.split()
    assert run("quote", *words).out == NEAR


@pytest.mark.parametrize("columns", ["60", "80"])
def test_lines_fit_the_terminal(here, run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ended = run("quote", "a policy takes steps and a graph model scores")
    assert "near" in ended.out
    assert max(map(len, ended.out.splitlines())) <= int(columns)


def test_json_has_the_fields_of_a_quote(here, run):
    ended = run("quote", "model is implied by the policy", "--json")
    (quote,) = json.loads(ended.out)
    assert list(quote) == [field.name for field in fields(Quote)]
    assert (quote["found"], quote["agreement"], quote["line_start"]) == ("exact", 1.0, 8)
    assert (quote["hit"]["path"], quote["hit"]["rank"]) == ("rl/dpo.md", 1)
    assert quote["pieces"] == [
        {"text": "The reward ", "kind": "around"},
        {"text": "model is implied by the policy.", "kind": "same"},
    ]


def test_filter_comes_first_and_the_text_holds_none(here, run):
    paths = [
        quote["hit"]["path"]
        for quote in json.loads(
            run("quote", "model there is", "--where", "path:vision/", "--json").out
        )
    ]
    assert paths == ["vision/survey.md"]
    both = json.loads(run("quote", "model there is", "--json").out)
    exact = {quote["hit"]["path"] for quote in both if quote["found"] == "exact"}
    assert exact == {"vision/survey.md", "speech/survey.md"}
    (first, *_) = json.loads(run("quote", "path:vision/ the policy drifts", "--json").out)
    assert first["hit"]["path"] == "rl/dpo.md"


def test_numbers_mean_the_passages_that_were_shown(here, run):
    run("quote", "a policy takes small steps", "-k", "1")
    assert "Proximal Policy Optimization" in run("show", "1").out


def test_several_indexes_are_asked_as_one(named, run):
    ended = run("quote", "a reward for a robot", "-i", "notes,work", "--json")
    assert json.loads(ended.out)[0]["hit"]["path"] == "work:robot.md"


def test_nothing_like_it_is_said_and_ends_with_a_code_of_its_own(here, run):
    ended = run("quote", "kalman smoothing for submarine sonar")
    assert ended.code == ExitCode.NOTHING_RELEVANT
    assert ended.err == "no note says it, nor anything like it; the nearest there is:\n"
    assert "weak" in ended.out
    nowhere = run("quote", "kalman smoothing", "--where", "path:nowhere/")
    assert (nowhere.code, nowhere.out) == (ExitCode.NOTHING_RELEVANT, "")
    assert nowhere.err == "nothing found\n"


def test_control_signs_of_notes_and_quotes_reach_no_terminal(here, run):
    text = "# Bad\n\nThe \x1b]0;title\x07 reward \x1b[31mturns red at night.\n"
    Path("corpus/bad.md").write_text(text, encoding="utf-8")
    run("index")
    ended = run("quote", "reward turns \x1b[32mblue at night")
    assert "bad.md" in ended.out
    assert "\x1b" not in ended.out + ended.err
