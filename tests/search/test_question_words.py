from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch.search.lexical import LexicalMatches, LexicalRanker
from notesearch.search.question_words import MAX_TERMS, Rewording, find_rewordings, read_wording
from notesearch.search.weights import Weights
from tests.search.written import Written, build_store, note


def terms_of(text: str) -> tuple[str, ...]:
    return read_wording(text).terms


def test_stop_words_are_left_out() -> None:
    assert terms_of("why is the reward needed") == ("reward", "needed")


def test_stop_words_alone_are_kept() -> None:
    assert terms_of("Who is it") == ("who", "is", "it")


def test_compound_is_taken_apart() -> None:
    wording = read_wording("GPT-4 of the state-of-the-art, GPT-4")
    assert wording.terms == ("gpt", "4", "state", "art")
    assert wording.compounds == (("gpt", "4"), ("state", "of", "the", "art"))


def test_signs_of_the_query_syntax_are_no_words() -> None:
    assert terms_of('"reward" AND (graph* NEAR^ -col:x)') == (
        "reward",
        "graph",
        "near",
        "col",
        "x",
    )


def test_number_of_words_is_bounded() -> None:
    assert len(terms_of(" ".join(f"word{number}" for number in range(50_000)))) == MAX_TERMS


def test_a_word_said_twice_is_counted() -> None:
    counts = read_wording("reward models and other Reward signals").counts
    assert counts == {"reward": 2, "models": 1, "other": 1, "signals": 1}


def test_pairs_are_telling_words_side_by_side() -> None:
    assert read_wording("the reward model of a fine-tuned policy").pairs == (
        ("reward", "model"),
        ("fine", "tuned"),
        ("tuned", "policy"),
    )


def test_a_sign_between_two_words_parts_them() -> None:
    assert read_wording("DPO, reward models; policy").pairs == (("reward", "models"),)


def test_number_of_pairs_and_of_compounds_is_bounded() -> None:
    words = " ".join(f"word-{number}" for number in range(1_000))
    assert len(read_wording(words).pairs) == len(read_wording(words).compounds) == MAX_TERMS


DPO = ("dpo", "direct preference optimization")
EXPLAINS = note("explains.md", "graph", title="x", acronyms=(DPO,))
RARE = [note(f"z{number}.md", "image robot", title="x") for number in range(8)]


def rewordings_of(tmp_path: Path, question: str, *notes: Written) -> list[Rewording]:
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        return find_rewordings(snapshot, read_wording(question))


def matches_of(
    tmp_path: Path, question: str, *notes: Written, weights: Weights | None = None
) -> LexicalMatches:
    with build_store(tmp_path, *notes, *RARE) as store, store.snapshot() as snapshot:
        ranker = LexicalRanker(weights or Weights())
        return ranker.find_matches(snapshot, read_wording(question), 10, None)


@pytest.mark.parametrize(
    ("question", "terms", "other"),
    [
        ("what is DPO", ("dpo",), "direct preference optimization"),
        (
            "loss of direct preference optimization",
            ("direct", "preference", "optimization"),
            "dpo",
        ),
        ("finetune", ("finetune",), "fine tune"),
        ("fine tune", ("fine", "tune"), "finetune"),
        ("fine-tune", ("fine", "tune"), "finetune"),
        ("GPT-3.5", ("gpt", "3", "5"), "gpt35"),
        ("state-of-the-art", ("state", "art"), "stateoftheart"),
        ("to-do", ("to", "do"), "todo"),
        ("regularise", ("regularise",), "regularize"),
        ("regularization", ("regularization",), "regularisation"),
        ("behaviour", ("behaviour",), "behavior"),
        ("analyze", ("analyze",), "analyse"),
        ("β-VAE", ("β",), "beta"),
        ("Σ", ("σ",), "sigma"),
        ("TD(λ)", ("λ",), "lambda"),
    ],
)
def test_rewordings(tmp_path, question, terms, other):
    assert Rewording(terms, tuple(other.split())) in rewordings_of(tmp_path, question, EXPLAINS)


@pytest.mark.parametrize(
    "question",
    [
        "DPO is direct preference optimization",  # both are said
        "preference direct optimization",  # not in this order
        "fine-tune and finetune",  # both are said
        "our four hours",
        "who wrote",
    ],
)
def test_no_rewording(tmp_path, question):
    who = note("who.md", "graph", acronyms=(("who", "world health office"),))
    forms = rewordings_of(tmp_path, question, EXPLAINS, who)
    assert not {"dpo", "finetune", "or", "world"} & {form.other[0] for form in forms}


def test_a_note_with_the_long_form_alone_is_found_by_the_acronym(tmp_path):
    long = note("long.md", "direct preference optimization", title="x")
    found = matches_of(tmp_path, "dpo", EXPLAINS, long)
    assert found.ids.tolist() == [2]
    assert found.all.rewordings == ("direct preference optimization",)
    assert found.all.evidence == 1.0


def test_a_note_with_the_acronym_alone_is_found_by_the_long_form(tmp_path):
    found = matches_of(
        tmp_path, "direct preference optimization", EXPLAINS, note("s.md", "dpo", title="x")
    )
    assert (found.ids.tolist(), found.all.evidence) == ([2], 1.0)


def test_a_note_with_both_forms_has_the_greater_score_not_the_sum(tmp_path):
    notes = [
        note("both.md", "dpo direct preference optimization", title="x"),
        EXPLAINS,
        note("long.md", "direct preference optimization graph", title="x"),
        note("short.md", "dpo graph graph graph", title="x"),
    ]
    weights = Weights(rewordings=0, pairs=0)
    short = matches_of(tmp_path / "short", "dpo", *notes, weights=weights).all.bm25
    found = matches_of(tmp_path / "forms", "dpo", *notes).all.bm25
    assert found[4] == short[4] > 0
    assert found[1] == pytest.approx(max(short[1], found[3]), rel=0.2)


def test_what_nobody_wrote_is_no_form(tmp_path):
    found = matches_of(tmp_path, "regularise policy", note("a.md", "policy", title="x"))
    assert found.all.rewordings == ()


def test_an_alias_finds_its_note(tmp_path):
    notes = [
        note("a.md", "graph", title="Chain of Thought", aliases=("CoT",)),
        note("b.md", "graph cot", title="x"),
    ]
    with build_store(tmp_path, *notes, *RARE) as store, store.snapshot() as snapshot:
        found = LexicalRanker().find_matches(snapshot, read_wording("CoT"), 10, None)
    assert found.all.of(np.array([1, 2, 3])).tolist()[2] == 0
    assert found.all.of(np.array([1]))[0] > 0.3
