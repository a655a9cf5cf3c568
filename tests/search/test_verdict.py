from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch.search.lexical import LexicalRanker, LexicalScores
from notesearch.search.question_words import read_wording
from notesearch.search.verdict import UNRELATED, relevance
from tests.search.written import Written, build_store, note

PROBES = (0.2, 0.3, 0.25)
NOTES = (
    note("a.md", "a policy without reward", title="x"),
    *(note(f"{n}.md", "an image of a robot", title="x") for n in range(20)),
)


@pytest.fixture
def words_of(tmp_path: Path):
    def find(question: str, *notes: Written) -> LexicalScores:
        with build_store(tmp_path, *notes or NOTES) as store, store.snapshot() as snapshot:
            return LexicalRanker().find_matches(snapshot, read_wording(question), 10, None).all

    return find


def test_index_keeps_how_near_the_unrelated_questions_came(tmp_path: Path) -> None:
    # To the tests' embedder no unrelated question holds a word it knows but those it lumps
    # together, and of these the note holds one of two: each cosine is 1 / sqrt(2).
    store = build_store(tmp_path, note("a.md", "reward", title="x"))
    with store, store.snapshot() as snapshot:
        expected = [0.5**0.5] * len(UNRELATED)
        assert snapshot.probe_cosines == pytest.approx(expected, abs=1e-3)


def test_without_notes_there_is_no_verdict(words_of) -> None:
    assert relevance(0.9, (), words_of("reward"), 20) is None


def test_nearer_is_likelier(words_of) -> None:
    words = words_of("the policy of nobody")
    found = [relevance(cosine, PROBES, words, 20) for cosine in (0.1, 0.3, 0.5)]
    assert found == sorted(found)
    assert 0 < found[0] < found[2] < 1


def test_words_that_no_note_has_speak_against_an_answer(words_of) -> None:
    said, unsaid = words_of("policy image robot"), words_of("policy image sourdough")
    assert (said.unseen, unsaid.unseen) == (0, pytest.approx(0.5, abs=0.2))
    assert relevance(0.25, PROBES, said, 20) > relevance(0.25, PROBES, unsaid, 20) + 0.3


def test_a_passage_with_every_word_is_an_answer_however_far(words_of) -> None:
    assert relevance(-0.5, PROBES, words_of("reward policies"), 20) == 1
    assert relevance(-0.5, PROBES, words_of("reward image"), 20) < 1


@pytest.mark.parametrize("question", ["fine-tuning", "fine tuning", "finetuning"])
@pytest.mark.parametrize("written", ["fine-tuning", "fine tuning", "finetuning"])
def test_a_word_in_another_form_is_said(words_of, question: str, written: str) -> None:
    notes = note("a.md", f"{written} of a policy", title="x"), note("b.md", "an image", title="x")
    words = words_of(f"{question} policy", *notes)
    assert (words.unseen, words.covers_all) == (0, True)
    assert words.covered(np.arange(3)).tolist() == pytest.approx([0, 1, 0])
    assert relevance(-0.5, PROBES, words, 20) == 1
    apart = words_of(f"{question} image", *notes)
    assert (apart.unseen, apart.covers_all) == (0, False)


def test_without_words_the_cosine_decides() -> None:
    mean, spread = float(np.mean(PROBES)), float(np.std(PROBES, ddof=1))
    assert relevance(mean + 1.2 * spread, PROBES, None, 20_000) > 0.5
    assert relevance(mean + 0.6 * spread, PROBES, None, 20_000) < 0.5


def test_equal_probes_divide_by_nothing(words_of) -> None:
    assert relevance(0.5, (0.5, 0.5), None, 20_000) < 0.5 < relevance(0.6, (0.5, 0.5), None, 20_000)


def test_among_many_passages_an_answer_must_say_more(words_of) -> None:
    few, many = (relevance(0.3, PROBES, words_of("policy image robot"), n) for n in (20, 20_000))
    assert few > many


def test_a_part_of_another_word_is_not_seen(words_of) -> None:
    found = words_of("cat category", note("a.md", "a category"), note("b.md", "an image"))
    assert found.unseen > 0.4
