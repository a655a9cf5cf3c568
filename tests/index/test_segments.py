"""An index in many segments says what one in a single segment says."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import faiss
import numpy as np
import pytest

from notesearch.file_sums import FileSums
from notesearch.index import faiss_file, publish
from notesearch.index.catalog import Catalog
from notesearch.index.check import check_index
from notesearch.index.faiss_file import VectorFile, scale_of, write_vectors
from notesearch.index.index_layout import IndexLayout
from notesearch.index.publish import plan_segments
from notesearch.index.segment_rows import SegmentRow, read_segments
from notesearch.index.segments import first_of
from notesearch.index.snapshot import ColumnWeights
from notesearch.index.store import Store
from notesearch.index.update import update_index
from notesearch.search.verdict import UNRELATED
from tests.fakes import WORDS, WordEmbedder
from tests.index.contents import Contents, contents_of
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import change_corpus
from tests.index.full_text import scores_of_fts5
from tests.search.written import build_store, note

NO_SUMS = FileSums(0, b"")


def segments_of(index_dir: Path) -> list[SegmentRow]:
    with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog:
        return read_segments(catalog)


def rebuilt(corpus: LineCorpus, folder: Path) -> Contents:
    update_index(folder, plan_of(corpus))
    return contents_of(folder)


@pytest.mark.parametrize("seed", range(2))
def test_many_segments_say_what_one_says(
    corpus: LineCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice, index_dir = random.Random(seed), tmp_path / "index"
    most_segments = 0
    for step in range(6):
        change_corpus(corpus, dice, files=8, lines=9)
        with monkeypatch.context() as patch:
            patch.setattr(publish, "MOST_PASSAGES", 7)  # less than a note has
            update_index(index_dir, plan_of(corpus))
        most_segments = max(most_segments, len(segments_of(index_dir)))
        assert contents_of(index_dir) == rebuilt(corpus, tmp_path / f"whole{step}")
        assert check_index(index_dir) == ()
        # Nothing is left of segments that are no longer in force.
        kept = {f"{kind}-{row.number}" for row in segments_of(index_dir) for kind in KINDS}
        assert {p.stem for p in index_dir.iterdir() if p.suffix in (".faiss", ".bin")} == kept
    assert most_segments > 8


KINDS = ("vectors", "words")


def test_a_number_is_never_given_twice(corpus: LineCorpus, index_dir: Path) -> None:
    # The last note goes, and another comes: segments still hold what the last one said.
    update_index(index_dir, plan_of(corpus))
    corpus.remove("vision/vit.md")
    update_index(index_dir, plan_of(corpus))
    corpus.write("zzz.md", "robot")
    update_index(index_dir, plan_of(corpus))

    with Store(index_dir) as store, store.snapshot() as snapshot:
        (number,) = snapshot.find_notes("zzz.md")
        assert snapshot.word_scores("robot", ColumnWeights())[0].ids.tolist() == [5]
        assert snapshot.passages_of_note(number)[0].id == 5
        assert all(snapshot.word_scores(word, ColumnWeights(title=2.0))[1].ids.max(initial=0) <= 4
                   for word in WORDS)  # fmt: skip


@pytest.mark.parametrize("k", [3, 16, 30, 200])
def test_nearest_are_found_where_one_segment_has_them_all(
    corpus: LineCorpus, index_dir: Path, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    for number in range(8):
        word = "policy" if number == 3 else "image"
        corpus.write(f"{number}.md", *(f"{word} reward" + " proof" * line for line in range(20)))
    monkeypatch.setattr(publish, "MOST_PASSAGES", 20)
    update_index(index_dir, plan_of(corpus))
    query = WordEmbedder().embed_query("policy")

    with Store(index_dir) as store, store.snapshot() as snapshot:
        assert len(segments_of(index_dir)) > 8
        ids = snapshot.table.passage_ids
        cosines = snapshot.vectors_of(ids.tolist()) @ query
        near = snapshot.nearest(query, k)
    assert len(near.ids) == min(k, len(ids))
    assert {*ids[cosines > 0.01]} <= {*near.ids} or k < np.count_nonzero(cosines > 0.01)
    np.testing.assert_allclose(near.cosines, -np.sort(-cosines)[:k], atol=0.01)


def test_small_updates_make_few_segments(corpus: LineCorpus, index_dir: Path) -> None:
    for number in range(40):
        corpus.write(f"{number}.md", "policy", "reward")
        update_index(index_dir, plan_of(corpus))

    sizes = [row.passages for row in segments_of(index_dir)]
    assert len(sizes) <= 4
    assert all(before >= 4 * behind for before, behind in pairwise(sizes))


def test_one_changed_note_writes_little_of_a_large_index(
    corpus: LineCorpus, index_dir: Path
) -> None:
    for number in range(30):
        corpus.write(f"{number}.md", *(f"policy {line}" for line in range(20)))
    update_index(index_dir, plan_of(corpus))
    before = segments_of(index_dir)
    corpus.write("7.md", "a robot instead")
    update_index(index_dir, plan_of(corpus))

    kept, new = segments_of(index_dir)
    assert [replace(kept, gone=b"")] == before
    assert kept.gone
    assert new.passages == 1


def test_a_segment_that_is_half_gone_is_written_anew(corpus: LineCorpus, index_dir: Path) -> None:
    for number in range(10):
        corpus.write(f"{number}.md", *(f"policy {line}" for line in range(10)))
    update_index(index_dir, plan_of(corpus))
    for number in range(6):
        corpus.remove(f"{number}.md")
    update_index(index_dir, plan_of(corpus))

    (row,) = segments_of(index_dir)
    assert row.passages == 44


ROWS = [
    SegmentRow(1, 1, 100, 100, b"", 1.0, NO_SUMS, NO_SUMS),
    SegmentRow(2, 101, 110, 10, b"", 1.0, NO_SUMS, NO_SUMS),
]


@pytest.fixture
def layout(tmp_path: Path) -> IndexLayout:
    made = IndexLayout(tmp_path)
    for number in (1, 2):
        made.vectors(number).touch()
        made.words(number).touch()
    return made


@pytest.mark.parametrize(
    ("ids", "lost", "kept", "written"),
    [
        (range(1, 111), [], [1, 2], []),
        (range(1, 112), [], [1, 2], [(111, 111)]),
        (range(1, 114), [], [1], [(101, 113)]),
        (range(1, 140), [], [], [(1, 139)]),
        (range(60, 111), [], [2], [(60, 100)]),
        (range(101, 111), [], [2], []),
        (range(1, 111), [1], [2], [(1, 100)]),
        (range(1, 114), [1], [], [(1, 100), (101, 113)]),
        ([], [], [], []),
    ],
)
def test_what_an_update_writes(layout, ids, lost, kept, written):
    plan = plan_segments(layout, ROWS, np.array(ids, dtype=np.int64), lost)
    assert [row.number for row in plan.kept] == kept
    assert [(part[0], part[-1]) for part in plan.to_write] == written


def test_probes_are_as_near_as_a_rebuild_finds_them(corpus: LineCorpus, tmp_path: Path) -> None:
    dice, index_dir = random.Random(3), tmp_path / "index"
    probes = (*UNRELATED, *WORDS)
    for step in range(5):
        change_corpus(corpus, dice, files=6, lines=4)
        cosines = []
        for folder in (index_dir, tmp_path / f"whole{step}"):
            update_index(folder, replace(plan_of(corpus), probes=probes))
            with Store(folder) as store:
                cosines.append(store.read_state().probe_cosines)
        assert cosines[0] == pytest.approx(cosines[1], abs=0.01)


@pytest.mark.parametrize("dimension", [7, 16, 30, 64, 384, 768])
@pytest.mark.parametrize("spread", [1.0, 4.0])  # of few large numbers among small ones
def test_rounded_vectors_find_what_the_vectors_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dimension: int, spread: float
) -> None:
    dice = np.random.default_rng(dimension)
    rows = dice.standard_normal((600, dimension)) ** (1 if spread == 1 else 3)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f2")
    ids = np.arange(5, 605)
    scale = scale_of(rows[::50], dimension)
    sums = write_vectors(tmp_path / "vectors-1.faiss", ids, rows, scale)
    file = VectorFile(tmp_path / "vectors-1.faiss", dimension, 600, scale, sums)
    plain = faiss.read_index(str(tmp_path / "vectors-1.faiss"))
    assert plain.ntotal == 600
    monkeypatch.setattr(faiss_file, "_FEW", 100)
    for query in rows[::60].astype(np.float32):
        cosines = rows.astype(np.float32) @ query
        for ordinals in (None, np.arange(0, 600, 7), np.arange(599)):
            found = file.nearest(query, 50, ordinals)
            near = first_of(found.ids, found.cosines, 50)
            assert len(near.ids) == 50
            np.testing.assert_allclose(near.cosines, cosines[near.ids - 5], atol=0.02)
            allowed = cosines if ordinals is None else cosines[ordinals]
            assert near.cosines.min() > np.sort(allowed)[-50] - 0.02


@pytest.mark.parametrize(
    ("phrase", "texts"),
    [
        ("reward model", [1, 3, 4]),
        ("model reward", [2, 3, 4]),
        ("reward reward reward", [3]),
        ("the reward models", []),
        ("deep learning reward", []),  # the title's end and the body's beginning
        ("deep learning", [1, 2, 3, 4, 5]),
        ("method results", [5]),
    ],
)
def test_words_side_by_side_are_those_of_fts5(
    tmp_path: Path, phrase: str, texts: list[int]
) -> None:
    lines = (
        "reward models", "model, reward!", "reward-reward reward model reward",
        "a Reward-Model: reward models", "method: results",
    )  # fmt: skip
    weights = ColumnWeights(title=2.0)
    written = note("a.md", *lines, title="Deep Learning")
    with build_store(tmp_path, written) as store, store.snapshot() as snapshot:
        found = snapshot.passages_with_phrase(phrase.split()).tolist()
    assert found == list(scores_of_fts5(tmp_path, [f'"{phrase}"'], weights)) == texts


def test_words_far_behind_in_a_passage_are_in_no_phrase(tmp_path: Path) -> None:
    written = note("a.md", " ".join(f"u{number}" for number in range(70_000)))
    with build_store(tmp_path, written) as store, store.snapshot() as snapshot:
        for first, second, found in ((7, 8, 1), (32763, 32764, 1), (32764, 69999, 0),
                                     (32765, 69999, 0), (69998, 69999, 0)):  # fmt: skip
            ids = snapshot.passages_with_phrase([f"u{first}", f"u{second}"])
            assert len(ids) == found, (first, second)
        assert len(snapshot.word_scores("u69999", ColumnWeights())[0].ids) == 1
