"""`notesearch compare`: two sides beside each other, and names that mean neither."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from notesearch import AlikePair, Comparison, Said
from notesearch.cli.output import ExitCode

SHIPPED = Path(__file__).parents[2] / "corpus"
ONE, OTHER = "alignment/instructgpt.md", "alignment/summarize-from-human-feedback.md"


@pytest.fixture
def compare(shipped_index, run):
    """Compare among the notes that ship."""
    return lambda *arguments: run("compare", *arguments, "--index", str(shipped_index))


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_lines_fit_the_terminal_in_two_columns_or_one(compare, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    ended = compare(ONE, OTHER)
    lines = ended.out.splitlines()
    assert ended.code == ExitCode.OK
    assert max(map(len, lines)) <= columns
    borders = {line.index("│") for line in lines if "│" in line}
    assert borders == (set() if columns < 72 else {(columns - 3) // 2 + 1})
    headings = [line.split("│")[0].strip() for line in lines]
    assert headings.index("both speak of") < headings.index("results") < headings.index("only A")


def test_json_has_the_fields_of_pairs_and_of_hits(compare):
    found = json.loads(compare(ONE, OTHER, "--json").out)
    assert list(found) == [field.name for field in fields(Comparison)]
    assert (found["a"]["kind"], found["a"]["notes"][0]["path"]) == ("note", ONE)
    for pair in found["both"]:
        assert list(pair) == [field.name for field in fields(AlikePair)]
        assert (pair["a"]["hit"]["path"], pair["b"]["hit"]["path"]) == (ONE, OTHER)
    assert [pair["a"]["hit"]["rank"] for pair in found["both"]] == [1, 2]
    for said in (*found["only_a"], *found["only_b"]):
        assert list(said) == [field.name for field in fields(Said)]
        lines = (SHIPPED / said["hit"]["path"]).read_text(encoding="utf-8").splitlines()
        first_word = said["sentence"].split()[0].strip(".,:")
        assert first_word in " ".join(lines[said["line_start"] - 1 : said["line_end"]])


def test_as_many_are_listed_as_are_asked_for(compare):
    found = json.loads(compare(ONE, OTHER, "-n", "1", "--json").out)
    assert [len(found[name]) for name in ("both", "only_a", "only_b")] == [1, 1, 1]
    assert found["pairs"] == 2
    assert "both speak of, the likest 1 of 2" in compare(ONE, OTHER, "-n", "1").out


def test_question_is_a_side(compare):
    ended = compare("question:why does DPO need no reward model?", "alignment/ppo.md")
    assert "“why does DPO need no reward model?”" in ended.out
    assert "question, " in ended.out


def test_nothing_in_common_has_a_code_of_its_own(compare):
    ended = compare("alignment/ppo.md", "mechanisms/need-glasses.md")
    assert ended.code == ExitCode.NOTHING_RELEVANT
    assert "nothing that both speak of was found" in ended.out
    assert "only A" in ended.out


def test_numbers_mean_the_hits_above(here, run):
    run("query", "policy takes small steps", "-k", "2")
    ended = run("compare", "1", "2")
    assert [line.split(": ")[0][:12] for line in ended.err.splitlines()] == [
        '1 of the hit',
        '2 of the hit',
    ]  # fmt: skip
    assert "rl/ppo.md" in ended.out


def test_name_of_several_notes_lists_them_and_the_way_to_ask(here, run):
    ended = run("compare", "survey", "rl/dpo.md")
    assert ended.code == ExitCode.USAGE
    *listed, said = ended.err.splitlines()
    assert len([line for line in listed if "survey.md" in line]) == 2
    assert said == (
        "notesearch: survey means 2 notes, or may be a question; give the note's number, or ask: "
        '"question:survey"'
    )
    assert run("compare", "1", "rl/dpo.md").code != ExitCode.USAGE


def test_sides_of_two_indexes_are_found_by_their_names(named, run):
    found = json.loads(
        run("compare", "work:robot.md", "notes:rl/dpo.md", "-i", "notes,work", "--json").out
    )
    assert [found[side]["notes"][0]["path"] for side in "ab"] == [
        "work:robot.md",
        "notes:rl/dpo.md",
    ]


def test_control_signs_of_notes_reach_no_terminal(here, run):
    text = "# Bad \x1b]0;title\x07\n\nThe reward \x1b[31mturns red at night in gardens.\n"
    Path("corpus/bad.md").write_text(text, encoding="utf-8")
    run("index")
    ended = run("compare", "bad.md", "rl/dpo.md")
    assert "bad.md" in ended.out
    assert "\x1b" not in ended.out + ended.err
