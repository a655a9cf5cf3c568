from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from notesearch.index.snapshot import ColumnWeights, Matches
from notesearch.search import lexical
from notesearch.search.lexical import LexicalRanker, background_of
from notesearch.search.question_words import NO_WORDING, read_wording
from notesearch.search.weights import Weights
from tests.fakes import WORDS
from tests.index.full_text import scores_of_fts5
from tests.laws import examples
from tests.search.written import Written, build_store, note

# A passage's score as FTS5 gives it, and its note's beside it.
PLAIN = Weights(pairs=0, repeats=0)
COLUMNS = ColumnWeights(title=PLAIN.title)
SOME_WORDS = st.lists(st.sampled_from((*WORDS, "models", "other")), min_size=1, max_size=5)
REWARD_POLICY = read_wording("reward, policy")


@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(SOME_WORDS, min_size=1, max_size=12), query=SOME_WORDS, data=st.data())
def test_own_scores_are_those_of_fts5_for_all_words_together(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[list[str]],
    query: list[str],
    data: st.DataObject,
) -> None:
    notes = [note(f"{number}.md", " ".join(line)) for number, line in enumerate(lines)]
    wording = read_wording(" ".join(query))
    folder = tmp_path_factory.mktemp("index")
    with build_store(folder, *notes) as store, store.snapshot() as shot:
        ids = sorted(data.draw(st.sets(st.integers(1, len(lines)))))
        for allowed_ids in (None, np.array(ids, dtype=np.int64)):
            found = LexicalRanker(PLAIN).find_matches(shot, wording, 1000, allowed_ids)
            whole = scores_of_fts5(folder, wording.terms, COLUMNS)
            assert sorted(found.ids) == [n for n in whole if allowed_ids is None or n in ids]
            np.testing.assert_allclose(found.all.bm25[list(whole)], list(whole.values()), rtol=1e-5)


def test_a_score_is_shared_by_the_passage_and_its_whole_note(tmp_path: Path) -> None:
    notes = [
        note("both.md", "reward", "policy", title="x"),
        note("one.md", "policy", "graph", title="x"),
        *(note(f"z{number}.md", "image", "robot", title="x") for number in range(8)),
    ]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        found = LexicalRanker(PLAIN).find_matches(snapshot, REWARD_POLICY, 10, None)
        words = [snapshot.word_scores(word, COLUMNS) for word in ("reward", "policy")]
    own = _added_up(passages for passages, _ in words)
    whole = _added_up(notes for _, notes in words)
    assert (sorted(own), sorted(whole)) == ([1, 2, 3], [1, 2])
    # "reward" is rarer than "policy". The two passages that say "policy" alone are equal, but the
    # note of one says both words.
    assert found.ids.tolist() == [1, 2, 3]
    assert own[1] > own[2] == pytest.approx(own[3])
    behind = whole[2] / whole[1]
    shares = [(1.0, 1.0), (own[2] / own[1], 1.0), (own[3] / own[1], behind)]
    expected = [(1 - PLAIN.note) * one + PLAIN.note * note for one, note in shares]
    assert found.scores.tolist() == pytest.approx(expected, rel=1e-5)


def _added_up(parts: Iterable[Matches]) -> Counter[int]:
    totals: Counter[int] = Counter()
    for matches in parts:
        for number, score in zip(matches.ids.tolist(), matches.scores.tolist(), strict=True):
            totals[number] += score
    return totals


def test_best_notes_are_told_by_all_their_passages_not_by_allowed_ones(tmp_path: Path) -> None:
    notes = [
        note("a.md", "policy", "graph", title="x"),
        note("both.md", "reward", "policy", title="x"),
        *(note(f"z{number}.md", "image", "robot", title="x") for number in range(8)),
    ]
    allowed_ids = np.array([1, 4, 5], dtype=np.int64)
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        found = LexicalRanker().find_matches(snapshot, REWARD_POLICY, 10, allowed_ids)
    assert found.ids.tolist() == [4, 1]


def test_terms_over_the_bounds_of_memory_are_looked_up_again(tmp_path: Path) -> None:
    notes = [note(f"{number}.md", "reward policy") for number in range(20)]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        small, large = LexicalRanker(cache_bytes=100), LexicalRanker()
        for _ in range(3):
            one = small.find_matches(snapshot, REWARD_POLICY, 5, None)
            other = large.find_matches(snapshot, REWARD_POLICY, 5, None)
            assert one.ids.tolist() == other.ids.tolist() == [1, 2, 3, 4, 5]


def test_words_nobody_wrote_match_nothing(tmp_path: Path) -> None:
    with build_store(tmp_path, note("a.md", "reward")) as store, store.snapshot() as snapshot:
        assert LexicalRanker().find_matches(snapshot, read_wording("zzz"), 5, None).ids.size == 0
        assert LexicalRanker().find_matches(snapshot, NO_WORDING, 5, None).ids.size == 0


def others(count: int) -> list[Written]:
    """Make words rare, so that they tell notes apart."""
    return [note(f"z{number}.md", "image robot", title="x") for number in range(count)]


def test_words_side_by_side_count_more_than_words_apart(tmp_path: Path) -> None:
    notes = [
        note("apart.md", "reward graph policy image", title="x"),
        note("beside.md", "graph image reward policy", title="x"),
        *others(8),
    ]
    wording = read_wording("reward policy")
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        found = LexicalRanker().find_matches(snapshot, wording, 10, None)
        words_alone = LexicalRanker(Weights(pairs=0)).find_matches(snapshot, wording, 10, None)
    assert found.ids.tolist() == [2, 1]
    assert found.scores[0] > found.scores[1]
    assert found.all.bm25[1] == found.all.bm25[2]
    assert words_alone.scores.tolist() == [1.0, 1.0]


def test_pairs_of_common_words_are_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "PAIR_POSTINGS", 3)
    notes = [
        note("a.md", "reward policy", "graph beta", title="x"),
        note("b.md", "graph image", "robot reward", title="x"),
        *others(8),
    ]
    asked: list[str] = []
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        look_up = snapshot.phrase_scores

        def scores(words: Sequence[str], weights: ColumnWeights) -> tuple[Matches, Matches]:
            asked.append(" ".join(words))
            return look_up(words, weights)

        monkeypatch.setattr(snapshot, "phrase_scores", scores)
        wording = read_wording("robot reward policy")
        LexicalRanker().find_matches(snapshot, wording, 10, None)
    assert "reward policy" in asked
    assert "robot reward" not in asked


def test_a_word_that_is_repeated_counts_more(tmp_path: Path) -> None:
    notes = [note("a.md", "reward", title="x"), note("b.md", "policy", title="x"), *others(8)]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        wording = read_wording("policy, reward, policy")
        found = LexicalRanker().find_matches(snapshot, wording, 10, None)
    assert found.ids.tolist() == [2, 1]
    assert found.all.bm25[2] == pytest.approx(2**0.5 * found.all.bm25[1])


def evidence_of(tmp_path: Path, question: str, *notes: Written) -> float:
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        return LexicalRanker().find_matches(snapshot, read_wording(question), 10, None).all.evidence


def test_a_note_that_says_every_word_is_full_evidence(tmp_path: Path) -> None:
    notes = [note("a.md", "reward", "policy"), note("b.md", "reward policy")]
    assert evidence_of(tmp_path, "reward policy", *notes) == 1.0


def test_one_common_word_of_many_is_little_evidence(tmp_path: Path) -> None:
    notes = [note("a.md", "reward", title="x"), note("b.md", "reward", title="x"), *others(2)]
    question = "reward of four unheard things"
    assert evidence_of(tmp_path, question, *notes) == pytest.approx((1 / 4) ** 2, abs=1e-4)


def test_rare_words_are_full_evidence_though_others_are_missing(tmp_path: Path) -> None:
    notes = [note("a.md", "reward policy graph beta", title="x"), *others(60)]
    question = "reward policy graph beta unheard things never written anywhere"
    assert evidence_of(tmp_path, question, *notes) > 0.9


def test_a_passage_without_the_words_counts_by_its_note(tmp_path: Path) -> None:
    notes = [note("a.md", "reward", "graph", title="x"), *others(8)]
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        ranker = LexicalRanker(Weights(note=0.7))
        found = ranker.find_matches(snapshot, read_wording("reward"), 10, None)
    assert found.ids.tolist() == [1]
    assert found.all.of(np.array([1, 2, 3])).tolist() == pytest.approx([1.0, 0.7, 0.0])


def test_background_is_spread_over_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "BACKGROUND", 3)
    with build_store(tmp_path, *others(8)) as store, store.snapshot() as snapshot:
        assert background_of(snapshot.table.passage_ids).tolist() == [1, 4, 7]
    assert background_of(np.array([2, 5])).tolist() == [2, 5]
    assert background_of(np.empty(0, dtype=np.int64)).tolist() == []
