"""The answers stay as good as they are: the floors here may only rise.

A change that lowers a figure says in its message why that is right.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import Index
from notesearch.evaluation.evaluate import Evaluation, evaluate_index, make_report
from notesearch.evaluation.judged import JudgedQuery, read_queries
from notesearch.evaluation.metrics import Measure
from notesearch.search.answer import Mode
from tests.conftest import SHIPPED

# What the `tune` half gave when this was written was 0.743 and 0.683, 0.685 and 0.634, 0.657 and
# 0.646; the test half is for the final figures alone.
FLOORS = {
    Mode.HYBRID: {Measure.NDCG_10: 0.735, Measure.SUCCESS_1: 0.67},
    Mode.DENSE: {Measure.NDCG_10: 0.675, Measure.SUCCESS_1: 0.62},
    Mode.LEXICAL: {Measure.NDCG_10: 0.645, Measure.SUCCESS_1: 0.63},
}

# By the words that a question shares with a note, an acronym, an alias, a compound or a spelling.
SMALL = {
    "dpo.md": "---\naliases: [DPO]\n---\n# Direct Preference Optimization\n\nNo judge.\n",
    "grpo.md": "# Groups\n\nGroup Relative Policy Optimization (GRPO) compares answers.\n",
    "r1.md": "# Pure reinforcement\n\nGRPO makes it think for longer.\n",
    "lora.md": "# Low rank\n\nFinetuning moves few weights.\n",
    "decay.md": "# Decay\n\nRegularisation keeps weights small.\n",
    "judges.md": "# Judges\n\nA reward model is a trained judge of answers.\n",
    "apart.md": "# Games\n\nThe model plays, and its answers are the reward of a judge.\n",
    "images.md": "# Images\n\nPatches of an image are read as words.\n",
}
QUESTIONS = {
    "DPO": "dpo.md",
    "direct preference optimization": "dpo.md",
    "reward model": "judges.md",
    "fine tuning": "lora.md",
    "regularization": "decay.md",
    "patches of an image": "images.md",
}


def figures_of(evaluation: Evaluation) -> dict[Measure, float]:
    figures = make_report("", evaluation).groups[0].figures
    return {measure: figure.mean for measure, figure in figures.items()}


@pytest.mark.slow
@pytest.mark.parametrize("mode", FLOORS)
def test_answers_about_the_shipped_notes(shipped_index: Path, mode: Mode) -> None:
    queries = read_queries(SHIPPED / "queries.yaml", split="tune")
    with Index.open(shipped_index) as index:
        figures = figures_of(evaluate_index(index, queries, mode))
    assert {measure: figures[measure] >= floor for measure, floor in FLOORS[mode].items()} == (
        dict.fromkeys(FLOORS[mode], True)
    ), figures


@pytest.fixture
def small_index(tmp_path: Path, word_model: None) -> Index:
    for path, text in SMALL.items():
        (tmp_path / "corpus" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "corpus" / path).write_text(text, encoding="utf-8")
    index = Index.open(tmp_path / "index", create=True)
    index.update(tmp_path / "corpus")
    return index


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.LEXICAL])
def test_every_question_about_a_few_notes_finds_its_note_first(
    small_index: Index, mode: Mode
) -> None:
    queries = [JudgedQuery(question, question, {path: 1}) for question, path in QUESTIONS.items()]
    with small_index as index:
        outcomes = evaluate_index(index, queries, mode).outcomes
    first = {outcome.query.text: outcome.found[0].path for outcome in outcomes}
    assert first == QUESTIONS


def test_a_long_form_finds_the_notes_that_say_the_short_one(small_index: Index) -> None:
    with small_index as index:
        hits = index.query("group relative policy optimization", mode=Mode.LEXICAL)
    assert {hit.path for hit in hits[:2]} == {"grpo.md", "r1.md"}
