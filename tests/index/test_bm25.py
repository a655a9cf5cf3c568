"""BM25 as we work it out is BM25 as SQLite's full-text search does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch.index.snapshot import ColumnWeights
from notesearch.index.sqlite_snapshot import SqliteSnapshot
from tests.index.full_text import scores_of_fts5
from tests.search.written import build_store, note

WEIGHTS = ColumnWeights(title=2.0, section=1.0, body=0.5)
NOTES = (
    note("a.md", "reward models", "the policy and its rewards, rewarded", title="Reward"),
    note("b.md", "a policy", "naïve optimisation of policies", title="Policies optimise"),
    note("c.md", "images", "robots walk", "a longer line that says nothing of it", title="Robots"),
)


@pytest.mark.parametrize("word", ["reward", "Policies", "optimisation", "naive", "robot", "it"])
def test_the_scores_of_a_word_are_those_of_fts5(tmp_path: Path, word: str) -> None:
    with build_store(tmp_path, *NOTES) as store, store.snapshot() as snapshot:
        own = snapshot.word_scores(word, WEIGHTS)[0]
    expected = scores_of_fts5(tmp_path, [word], WEIGHTS)
    assert own.ids.tolist() == list(expected) != []
    np.testing.assert_allclose(own.scores, list(expected.values()), rtol=1e-5)


def test_a_phrase_is_found_where_its_words_stand_in_a_row(tmp_path: Path) -> None:
    with build_store(tmp_path, *NOTES) as store, store.snapshot() as snapshot:
        assert snapshot.word_scores("reward model", WEIGHTS)[0].ids.tolist() == [1]
        assert snapshot.word_scores("model reward", WEIGHTS)[0].ids.tolist() == []


@pytest.mark.parametrize("phrase", ["nowhere", "nowhere to find", "!"])
def test_what_stands_nowhere_has_no_scores(tmp_path: Path, phrase: str) -> None:
    with build_store(tmp_path, *NOTES) as store, store.snapshot() as snapshot:
        assert snapshot.word_scores(phrase, WEIGHTS)[0].scores.tolist() == []
        assert snapshot.word_scores(phrase, WEIGHTS)[1].ids.tolist() == []


def test_a_note_that_says_a_word_in_several_passages_scores_more_than_each(tmp_path: Path) -> None:
    notes = [
        note("once.md", "reward", "robot", title="x"),
        note("twice.md", "reward", "reward", title="y"),
        *(note(f"z{number}.md", "image", "robot", title="z") for number in range(6)),
    ]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        once, twice = snapshot.word_scores("reward", WEIGHTS)[1].scores
    assert twice > once > 0


def test_a_note_of_nothing_but_a_title_is_not_found_by_it(tmp_path: Path) -> None:
    notes = (note("bare.md", title="Reward"), note("a.md", "policy", title="x"))
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        assert snapshot.word_scores("reward", WEIGHTS)[1].ids.tolist() == []
        assert snapshot.word_scores("policy", WEIGHTS)[1].ids.tolist() == [1]


def test_lengths_and_owners_go_by_number(tmp_path: Path) -> None:
    with build_store(tmp_path, *NOTES) as store, store.snapshot() as snapshot:
        table = snapshot.table
        assert _numbers_of(snapshot) == np.flatnonzero(table.note_of).tolist()
    assert table.note_of.tolist() == [0, 1, 1, 2, 2, 3, 3, 3]
    assert table.passage_lengths.tolist() == [0, 3, 7, 4, 6, 2, 3, 9]
    assert table.note_lengths.tolist() == [0, 10, 10, 14]


def _numbers_of(snapshot: SqliteSnapshot) -> list[int]:
    return [p.id for number in (1, 2, 3) for p in snapshot.passages_of_note(number)]
