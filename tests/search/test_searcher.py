from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.errors import MismatchError, UsageError
from notesearch.query.filters import AnyOf, PathGlob, Tag
from notesearch.records import NoteKind
from notesearch.search.answer import Answer, Mode
from notesearch.search.weights import Weights
from tests.fakes import WORDS, WordEmbedder
from tests.laws import examples
from tests.search.written import AskedStore, build_store, note

BuildSearcher = Callable[..., AskedStore]
DP = ("dp", "direct preference")


def paths(searcher: AskedStore, words: str, **options: object) -> list[str]:
    return [hit.path for hit in searcher.search(words, **options).hits]  # type: ignore[arg-type]


def test_dense_scores_are_cosines(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(note("a.md", "reward reward policy", title="graph"))
    (hit,) = searcher.search("reward policy", mode=Mode.DENSE).hits
    # graph 1, reward 2, policy 1 against reward 1, policy 1.
    assert hit.score == hit.cosine == pytest.approx((2 + 1) / (sqrt(6) * sqrt(2)), abs=1e-3)
    assert hit.bm25 is None


def test_lexical_mode_loads_no_model(tmp_path: Path) -> None:
    def load() -> WordEmbedder:
        raise AssertionError("the model was loaded")

    with build_store(tmp_path, note("a.md", "a robot walks")) as store:
        (hit,) = AskedStore(store, load).search("robot", mode=Mode.LEXICAL).hits
    assert hit.cosine is None
    assert hit.score == 1.0
    assert hit.bm25 is not None


def test_hybrid_score_says_how_likely_a_passage_is_the_one(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("both.md", "reward", title="reward"),
        note("neither.md", "image", title="image"),
    )
    both, neither = searcher.search("reward").hits
    assert (both.path, neither.path, neither.bm25) == ("both.md", "neither.md", None)
    assert both.score > 0.95 > 0.6 > neither.score


def test_of_passages_that_are_alike_the_longer_one_is_shown(tmp_path: Path) -> None:
    lines = ("reward", "reward of a policy, an image, a graph and a robot")
    with build_store(tmp_path, note("a.md", *lines, title="x"), note("b.md", "image")) as store:

        def shown(longer: float, **options: Any) -> list[tuple[str, float]]:
            weights = Weights(longer=longer)
            searcher = AskedStore(store, WordEmbedder, least_relevance=0.0, weights=weights)
            return [(hit.text, hit.score) for hit in searcher.search("reward", **options).hits[:2]]

        (best, score), *_ = shown(0.0)
        assert best == lines[0]
        # The note keeps its score, whichever passage shows it.
        assert shown(100.0)[0] == (lines[1], score)
        assert [text for text, _ in shown(100.0, per_note=None)] == list(lines)
        assert shown(100.0, mode=Mode.DENSE)[0][0] == lines[0]


def test_a_passage_chosen_to_be_shown_is_no_text_that_is_there(tmp_path: Path) -> None:
    notes = note("a.md", "reward reward", title="x"), note("b.md", "reward reward", "an image")
    with build_store(tmp_path, *notes) as store:
        searcher = AskedStore(store, WordEmbedder, least_relevance=0.0)
        answer = searcher.search("reward")
    assert [hit.text for hit in answer.hits] == ["reward reward", "an image"]
    assert [[str(copy) for copy in hit.copies] for hit in answer.hits] == [["b.md:1"], []]


def test_a_note_is_shown_by_its_best_passage(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "graph image", "reward reward", "reward graph"), note("b.md", "speech")
    )
    hits = searcher.search("reward").hits
    assert [(hit.path, hit.line_start) for hit in hits] == [("a.md", 2), ("b.md", 1)]


def test_per_note_gives_more_of_a_note(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "graph image", "reward reward", "reward graph"), note("b.md", "speech")
    )
    assert paths(searcher, "reward", per_note=2) == ["a.md", "a.md", "b.md"]
    assert len(paths(searcher, "reward", per_note=None)) == 4


def test_index_pages_come_behind_notes(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("README.md", "reward reward reward", kind=NoteKind.INDEX_PAGE),
        note("a.md", "reward graph image"),
        note("b.md", "image"),
    )
    assert paths(searcher, "reward") == ["a.md", "b.md", "README.md"]


def copies_of(answer: Answer) -> list[tuple[str, list[str]]]:
    return [(hit.path, [str(copy) for copy in hit.copies]) for hit in answer.hits]


@pytest.mark.parametrize("mode", list(Mode))
def test_copies_of_a_note_take_one_rank(searcher_of: BuildSearcher, mode: Mode) -> None:
    lines = "reward reward", "a reward and an image", "the graph of a reward"
    searcher = searcher_of(
        note("a.md", *lines, title="x"),
        note("b/a.md", *lines, title="x"),
        note("c.md", "image of a reward", title="y"),
    )
    first, second = copies_of(searcher.search("reward", mode=mode))
    assert (first[0], [copy.partition(":")[0] for copy in first[1]]) == ("a.md", ["b/a.md"])
    assert second == ("c.md", [])


def test_copy_is_named_at_the_lines_of_the_passage_that_is_shown(tmp_path: Path) -> None:
    lines = "reward", "reward of a policy, an image, a graph and a robot"
    notes = note("a.md", *lines, title="x"), note("b.md", "image", *lines, title="x")
    with build_store(tmp_path, *notes) as store:
        weights = Weights(longer=100.0)
        searcher = AskedStore(store, WordEmbedder, least_relevance=0.0, weights=weights)
        answer = searcher.search("reward")
    assert [(hit.line_start, hit.text) for hit in answer.hits[:1]] == [(2, lines[1])]
    assert copies_of(answer)[0] == ("a.md", ["b.md:3"])


def test_notes_on_one_paper_with_the_same_passage_take_one_rank(searcher_of: BuildSearcher) -> None:
    same = "the very abstract of a reward"
    searcher = searcher_of(
        note("a.md", same, paper="arxiv:1", title="x"),
        note("b.md", "my reward", same, paper="arxiv:1", title="x"),
        note("c.md", "my image", same, paper="arxiv:2", title="x"),
        note("d.md", "another reward", paper="arxiv:1", title="x"),
    )
    hits = searcher.search("very abstract of a reward", mode=Mode.LEXICAL).hits
    ranked = {hit.path: {copy.path for copy in hit.copies} for hit in hits}
    first = hits[0].path
    assert ranked[first] == {"a.md", "b.md", "c.md"} - {first}
    # Those on one paper are one hit; a note on another one, or with a text of its own, is too.
    assert len({"a.md", "b.md"} & ranked.keys()) == 1
    assert "d.md" in ranked


def test_same_text_is_shown_once_and_named(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "The reward  model"), note("b.md", "the reward model"), note("c.md", "image")
    )
    answer = searcher.search("reward")
    assert copies_of(answer) == [("a.md", ["b.md:1"]), ("c.md", [])]


def test_exact_title_comes_first(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "reward policy reward policy", title="On reward policy"),
        note("b.md", "speech speech speech speech", title="Reward: Policy"),
    )
    assert paths(searcher, "reward policy")[0] == "b.md"
    assert paths(searcher, "reward of a policy")[0] == "a.md"


NAMED = (
    note("papers/wgan.md", "robot robot", title="An image of speech", aliases=("Critic Net",)),
    note("papers/2017-03-14_BatchNorm.md", "graph proof", title="On covariate shift"),
    note("other.md", "wgan wgan critic net batch norm 2017 03 14", title="Wgan and wgan"),
)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("WGAN", "papers/wgan.md"),
        ("wgan?", "papers/wgan.md"),
        ("critic-net", "papers/wgan.md"),
        ("batch norm", "papers/2017-03-14_BatchNorm.md"),
        ("2017-03-14 BatchNorm", "papers/2017-03-14_BatchNorm.md"),
    ],
)
def test_note_of_that_file_name_or_alias_comes_first(
    searcher_of: BuildSearcher, question: str, path: str, mode: Mode
) -> None:
    assert paths(searcher_of(*NAMED), question, mode=mode)[0] == path


def test_named_note_is_no_weak_hit(searcher_of: BuildSearcher) -> None:
    assert not searcher_of(*NAMED).search("batch norm").weak


def test_named_note_that_a_filter_leaves_out_stays_out(searcher_of: BuildSearcher) -> None:
    assert paths(searcher_of(*NAMED), "wgan", where=PathGlob("other.md")) == ["other.md"]


def test_folders_are_words_but_are_in_no_phrase(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("alignment/a.md", "robot", title="A"), note("b.md", "a robot"), note("c.md", "image")
    )
    found = searcher.search("alignment robot", mode=Mode.LEXICAL).hits
    assert [hit.path for hit in found] == ["alignment/a.md", "b.md"]
    assert paths(searcher, "alignment", mode=Mode.LEXICAL) == ["alignment/a.md"]
    assert not searcher.search("", ["alignment"], mode=Mode.LEXICAL).hits


def test_rare_tag_still_fills_k_hits(searcher_of: BuildSearcher) -> None:
    many = [note(f"n{number}.md", f"reward policy {number}") for number in range(1200)]
    rare = [note(f"rare{number}.md", f"image {number}", tags=("Rare",)) for number in range(3)]
    searcher = searcher_of(*many, *rare)
    tagged = Tag("rare")
    found = paths(searcher, "reward policy", where=tagged, k=3)
    assert sorted(found) == ["rare0.md", "rare1.md", "rare2.md"]


def test_phrase_must_be_in_the_text(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "a policy without reward"), note("b.md", "a reward without policy")
    )
    found = [hit.path for hit in searcher.search("reward", ["without policy"]).hits]
    assert found == ["b.md"]
    assert searcher.search("reward", ["graph policy"]).hits == ()


def test_nothing_relevant_gives_the_nearest_three_as_weak(tmp_path: Path) -> None:
    notes = [note(f"{word}.md", f"{word} words") for word in ("policy", "reward", "image", "graph")]
    with build_store(tmp_path, *notes) as store:
        searcher = AskedStore(store, WordEmbedder)
        weak = searcher.search("sourdough bread")
        good = searcher.search("a graph drawn in words")
    # To the tests' embedder all unknown words are one: the nearest is as near as any unrelated one.
    assert weak.weak
    assert [hit.weak for hit in weak.hits] == [True, True, True]
    assert weak.relevance < 0.1
    assert [hit.weak for hit in good.hits] == [False] * 4
    assert good.hits[0].path == "graph.md"
    assert 0.5 < good.relevance < 1


def test_passage_that_says_all_words_is_no_weak_answer(tmp_path: Path) -> None:
    far = note("far.md", "protein " + "policy graph image speech robot " * 4, title="policy")
    with build_store(tmp_path, far, note("z.md", "some other words")) as store:
        searcher = AskedStore(store, WordEmbedder)
        by_meaning = searcher.search("protein", mode=Mode.DENSE)
        by_all_words = searcher.search("protein")
        by_one_word = searcher.search("protein proof")
    assert by_meaning.weak
    assert (by_all_words.weak, by_all_words.relevance) == (False, 1)
    assert by_one_word.weak


def test_compound_finds_its_other_spellings(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "finetuning"), note("b.md", "fine tuning"), note("c.md", "fine-tuning")
    )
    found = paths(searcher, "fine-tuning", mode=Mode.LEXICAL)
    assert sorted(found) == ["a.md", "b.md", "c.md"]


def test_other_spelling_is_marked_where_it_is_written(searcher_of: BuildSearcher) -> None:
    notes = note("a.md", "finetuning"), note("b.md", "direct preference", acronyms=(DP,))
    answer = searcher_of(*notes).search("fine-tuning dp", mode=Mode.LEXICAL)
    assert answer.rewordings == ("finetuning", "direct preference")
    assert answer.words == "fine tuning dp finetuning"


@pytest.mark.parametrize(
    "words",
    ['"', "a AND", "NEAR(", "title:", "col : x", "-", "^*", "\0", "'; --", "((", "ﬁ‑n\u0301", "OR"],
)
def test_no_text_is_wrong(searcher_of: BuildSearcher, words: str) -> None:
    searcher_of(note("a.md", "reward")).search(words)


def test_empty_question_is_a_usage_error(searcher_of: BuildSearcher) -> None:
    with pytest.raises(UsageError, match="give some words"):
        searcher_of(note("a.md", "reward")).search("  ")


def test_vectors_of_another_model_are_refused(tmp_path: Path) -> None:
    with build_store(tmp_path, note("a.md", "reward")) as store:
        searcher = AskedStore(store, lambda: WordEmbedder(name="others"))
        with pytest.raises(MismatchError):
            searcher.search("reward")


def test_threads_get_the_same_answers(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(*(note(f"n{i}.md", f"reward {i} policy " * (i % 3)) for i in range(50)))
    expected = searcher.search("reward policy")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: searcher.search("reward policy"), range(20)))
    assert all(answer == expected for answer in answers)


def test_similar_leaves_the_note_out_and_tells_the_same_paper(searcher_of: BuildSearcher) -> None:
    searcher = searcher_of(
        note("a.md", "reward policy", "policy", paper="arxiv:1"),
        note("again.md", "reward", paper="arxiv:1"),
        note("near.md", "policy"),
        note("far.md", "image"),
    )
    answer = searcher.similar([1])
    assert [hit.path for hit in answer.hits][-1] == "far.md"
    assert {hit.path for hit in answer.hits} == {"again.md", "near.md", "far.md"}
    assert answer.same_paper == {"again.md"}


def test_update_is_seen_by_the_next_question(tmp_path: Path) -> None:
    old, new = note("a.md", "a robot walks"), note("b.md", "a robot, a robot, a robot")
    with build_store(tmp_path, old) as store:
        searcher = AskedStore(store, WordEmbedder, least_relevance=0.0)
        some = PathGlob("*.md")
        before = searcher.search("robot", where=some).hits
        build_store(tmp_path, old, new).close()
        after = searcher.search("robot", where=some).hits
    assert [hit.path for hit in before] == ["a.md"]
    assert sorted(hit.path for hit in after) == ["a.md", "b.md"]


@examples(10)
@given(
    lines=st.lists(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), min_size=1, max_size=15
    ),
    query=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    data=st.data(),
)
def test_filter_fills_k_as_brute_force_does(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[list[str]],
    query: list[str],
    data: st.DataObject,
) -> None:
    numbers = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    k = data.draw(st.integers(1, len(lines)))
    # The number keeps texts apart: equal ones are shown once.
    notes = [note(f"{n}.md", f"{n} {' '.join(line)}") for n, line in enumerate(lines)]
    allowed = {f"{n}.md" for n in numbers}
    where = AnyOf(tuple(PathGlob(path) for path in sorted(allowed)))
    with build_store(tmp_path_factory.mktemp("index"), *notes) as store:
        searcher = AskedStore(store, WordEmbedder, least_relevance=0.0)
        words = " ".join(query)
        everything = searcher.search(words, k=len(lines), mode=Mode.DENSE).hits
        found = searcher.search(words, where=where, k=k, mode=Mode.DENSE).hits
        mixed = searcher.search(words, where=where, k=k).hits
    kept = [hit.path for hit in everything if hit.path in allowed][:k]
    assert [hit.path for hit in found] == kept
    assert len(mixed) == len(kept)
