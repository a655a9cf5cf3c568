from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notesearch.search.lexical import NOTE_WEIGHT, WEIGHTS, LexicalRanker
from notesearch.search.terms import any_of, read_terms
from tests.fakes import WORDS
from tests.search.written import build_store, note

SOME_WORDS = st.lists(st.sampled_from((*WORDS, "models", "other")), min_size=1, max_size=5)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(SOME_WORDS, min_size=1, max_size=12), query=SOME_WORDS, data=st.data())
def test_own_scores_are_those_of_fts5_for_all_words_together(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[list[str]],
    query: list[str],
    data: st.DataObject,
) -> None:
    notes = [note(f"{number}.md", " ".join(line)) for number, line in enumerate(lines)]
    terms = read_terms(" ".join(query))
    with build_store(tmp_path_factory.mktemp("index"), *notes) as store, store.snapshot() as shot:
        ids = sorted(data.draw(st.sets(st.integers(1, len(lines)))))
        for allowed_ids in (None, np.array(ids, dtype=np.int64)):
            found = LexicalRanker().find_matches(shot, terms, 1000, allowed_ids)
            whole = shot.matches(any_of(terms), 1000, allowed_ids, WEIGHTS)
            assert sorted(found.ids) == sorted(whole.ids)
            by_id = dict(zip(found.ids.tolist(), found.bm25.tolist(), strict=True))
            own = [by_id[number] for number in whole.ids.tolist()]
            np.testing.assert_allclose(own, whole.scores, rtol=1e-5)


def test_a_score_is_shared_by_the_passage_and_its_whole_note(tmp_path: Path) -> None:
    notes = [
        note("both.md", "reward", "policy", title="x"),
        note("one.md", "policy", "graph", title="x"),
        *(note(f"z{number}.md", "image", "robot", title="x") for number in range(8)),
    ]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        found = LexicalRanker().find_matches(snapshot, ['"reward"', '"policy"'], 10, None)
        passages = snapshot.matches("reward OR policy", 10, None, WEIGHTS)
        whole = snapshot.note_matches("reward OR policy", WEIGHTS)
    own = dict(zip(passages.ids.tolist(), passages.scores.tolist(), strict=True))
    assert (sorted(own), whole.ids.tolist()) == ([1, 2, 3], [1, 2])
    # "reward" is rarer than "policy". The two passages that say "policy" alone are equal, but the
    # note of one says both words.
    assert found.ids.tolist() == [1, 2, 3]
    assert own[1] > own[2] == pytest.approx(own[3])
    behind = whole.scores[1] / whole.scores[0]
    shares = [(1.0, 1.0), (own[2] / own[1], 1.0), (own[3] / own[1], behind)]
    expected = [(1 - NOTE_WEIGHT) * one + NOTE_WEIGHT * note for one, note in shares]
    assert found.scores.tolist() == pytest.approx(expected, rel=1e-5)


def test_best_notes_are_told_by_all_their_passages_not_by_allowed_ones(tmp_path: Path) -> None:
    notes = [
        note("a.md", "policy", "graph", title="x"),
        note("both.md", "reward", "policy", title="x"),
        *(note(f"z{number}.md", "image", "robot", title="x") for number in range(8)),
    ]
    allowed_ids = np.array([1, 4, 5], dtype=np.int64)
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        terms = ['"reward"', '"policy"']
        found = LexicalRanker().find_matches(snapshot, terms, 10, allowed_ids)
    assert found.ids.tolist() == [4, 1]


def test_terms_over_the_bounds_of_memory_are_looked_up_again(tmp_path: Path) -> None:
    notes = [note(f"{number}.md", "reward policy") for number in range(20)]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        small, large = LexicalRanker(cache_bytes=100), LexicalRanker()
        for _ in range(3):
            one = small.find_matches(snapshot, ['"reward"', '"policy"'], 5, None)
            other = large.find_matches(snapshot, ['"reward"', '"policy"'], 5, None)
            assert one.ids.tolist() == other.ids.tolist() == [1, 2, 3, 4, 5]


def test_words_nobody_wrote_match_nothing(tmp_path: Path) -> None:
    with build_store(tmp_path, note("a.md", "reward")) as store, store.snapshot() as snapshot:
        assert LexicalRanker().find_matches(snapshot, ['"zzz"'], 5, None).ids.size == 0
        assert LexicalRanker().find_matches(snapshot, [], 5, None).ids.size == 0
