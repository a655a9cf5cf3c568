from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from notesearch.lazy import Lazy
from notesearch.query.filters import Tag
from notesearch.records import Hit, NoteKind
from notesearch.search.answer import Mode
from notesearch.search.fusion import Reranking
from tests.fakes import WordEmbedder
from tests.search.written import AskedStore, build_store, note


class ByLength:
    """Finds long passages better: a character of the search text is worth a hundredth."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        self.asked.append((question, list(passages)))
        return np.array([len(passage) / 100 for passage in passages])


@pytest.fixture
def by_length() -> ByLength:
    return ByLength()


@pytest.fixture
def reranking(by_length: ByLength) -> Reranking:
    return Reranking(Lazy(lambda: by_length), depth=30)


def paths(hits: Sequence[Hit]) -> list[str]:
    return [hit.path for hit in hits]


NOTES = (
    note("a.md", "reward"),
    note("b.md", "reward graph"),
    note("c.md", "reward graph image speech"),
)


@pytest.mark.parametrize("mode", Mode)
def test_hits_follow_the_scores_in_every_mode(searcher_of, reranking, mode):
    searcher = searcher_of(*NOTES)
    before = searcher.search("reward", mode=mode)
    after = searcher.search("reward", mode=mode, reranking=reranking)
    assert paths(before.hits) == ["a.md", "b.md", "c.md"]
    assert paths(after.hits) == ["c.md", "b.md", "a.md"]
    assert [hit.rank for hit in after.hits] == [1, 2, 3]
    # Title, line end, text.
    assert [hit.score for hit in after.hits] == pytest.approx([0.30, 0.17, 0.11])


def test_question_is_read_with_each_search_text_in_the_order_of_the_ranking(
    searcher_of, reranking, by_length
):
    searcher_of(*NOTES).search("graph", ["reward"], reranking=reranking)
    ((question, passages),) = by_length.asked
    assert question == "graph reward"
    assert sorted(passages) == [f"{n.path}\n{n.lines[0]}" for n in NOTES]


def test_cosine_bm25_and_the_score_before_stay_known(searcher_of, reranking):
    searcher = searcher_of(*NOTES)
    before = searcher.search("reward")
    after = searcher.search("reward", reranking=reranking)
    kept = {hit.path: (hit.cosine, hit.bm25) for hit in before.hits}
    assert {hit.path: (hit.cosine, hit.bm25) for hit in after.hits} == kept
    assert after.fused == {hit.passage_id: hit.score for hit in before.hits}
    assert before.fused == {}


def test_passages_beyond_the_depth_stay_behind_in_their_order(searcher_of, by_length):
    searcher = searcher_of(*NOTES, note("d.md", "image " * 15))
    before = searcher.search("reward")
    after = searcher.search("reward", reranking=Reranking(Lazy(lambda: by_length), depth=2))
    assert paths(before.hits) == ["a.md", "b.md", "c.md", "d.md"]
    assert paths(after.hits) == ["b.md", "a.md", "c.md", "d.md"]
    assert [hit.score for hit in after.hits] == pytest.approx(
        [0.17, 0.11, 0.11 * before.hits[2].score, 0.11 * before.hits[3].score]
    )
    assert set(after.fused) == {hit.passage_id for hit in before.hits[:2]}
    assert len(by_length.asked[0][1]) == 2


def test_equal_scores_leave_the_order_as_it_was(searcher_of):
    class Undecided:
        def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
            return np.full(len(passages), 0.5)

    searcher = searcher_of(*NOTES)
    reranking = Reranking(Lazy(Undecided), depth=30)
    hits = searcher.search("reward", reranking=reranking).hits
    assert paths(hits) == paths(searcher.search("reward").hits)


def test_filter_comes_first(searcher_of, reranking, by_length):
    searcher = searcher_of(*NOTES, note("d.md", "image", tags=("rare",)))
    tagged = Tag("rare")
    hits = searcher.search("reward", where=tagged, reranking=reranking).hits
    assert paths(hits) == ["d.md"]
    assert by_length.asked == [("reward", ["d.md\nimage"])]


def test_note_is_shown_by_the_passage_that_the_model_finds_best(searcher_of, reranking):
    searcher = searcher_of(
        note("a.md", "reward", "reward graph image", "graph"), note("b.md", "reward speech")
    )
    one = searcher.search("reward", reranking=reranking).hits
    two = searcher.search("reward", reranking=reranking, per_note=2).hits
    assert [(hit.path, hit.line_start) for hit in one] == [("a.md", 2), ("b.md", 1)]
    assert [(hit.path, hit.line_start) for hit in two] == [("a.md", 2), ("b.md", 1), ("a.md", 1)]


def test_index_pages_stay_behind_notes_and_a_title_stays_first(searcher_of, reranking):
    searcher = searcher_of(
        *NOTES,
        note("README.md", "reward " * 12, kind=NoteKind.INDEX_PAGE),
        note("titled.md", "policy", title="Reward!"),
    )
    found = paths(searcher.search("reward", reranking=reranking).hits)
    assert (found[0], found[-1]) == ("titled.md", "README.md")


def test_weak_is_judged_before_the_model_reorders(tmp_path, reranking):
    notes = [note("policy.md", "policy words"), note("long.md", "reward image words " * 4)]
    with build_store(tmp_path, *notes) as store:
        searcher = AskedStore(store, WordEmbedder)
        weak = searcher.search("sourdough bread", reranking=reranking)
        good = searcher.search("policy drawn in words", reranking=reranking)
    # The model scores what is no answer high, and what is one low.
    assert weak.weak
    assert weak.hits[0].score > 0.8
    assert not good.weak
    assert {hit.path: hit.score for hit in good.hits}["policy.md"] < 0.3


def test_nothing_to_rank_loads_no_model(searcher_of):
    def load() -> ByLength:
        raise AssertionError("the model was loaded")

    searcher = searcher_of(*NOTES)
    nowhere = Tag("none")
    reranking = Reranking(Lazy(load), depth=30)
    assert searcher.search("reward", where=nowhere, reranking=reranking).hits == ()
