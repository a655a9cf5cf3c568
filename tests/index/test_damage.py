"""Damage is seen by whoever reads it, and by nobody else."""

from __future__ import annotations

import os
import random
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from notesearch import file_sums
from notesearch.errors import UnusableIndexError
from notesearch.file_sums import FileSums, sum_file
from notesearch.index import note_reader, page_sums
from notesearch.index.catalog import Catalog
from notesearch.index.check import check_index
from notesearch.index.faiss_file import write_vectors
from notesearch.index.index_layout import IndexLayout
from notesearch.index.page_sums import PAGE_BYTES
from notesearch.index.segment_rows import read_segments, write_segments
from notesearch.index.store import Store
from notesearch.index.update import update_index
from notesearch.query.filters import Tag
from tests.fakes import WordEmbedder
from tests.index.contents import contents_of
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import (
    alter,
    answer_or_error,
    change_corpus,
    flipped_byte,
    moved_pieces,
    start_killed_at_settling,
)

PIECE_BYTES = 4096


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[LineCorpus, Path]:
    """An index whose FAISS file has several pieces."""
    monkeypatch.setattr(file_sums, "PIECE_BYTES", PIECE_BYTES)
    corpus, index_dir = LineCorpus(tmp_path / "corpus"), tmp_path / "index"
    change_corpus(corpus, random.Random(1), files=10, lines=100)
    corpus.write("few.md", "#few", "policy", "reward model")
    update_index(index_dir, plan_of(corpus))
    assert (index_dir / "vectors-1.faiss").stat().st_size > 3 * PIECE_BYTES
    return corpus, index_dir


def nearest_of(index_dir: Path, tag: str | None) -> list[int]:
    query = WordEmbedder().embed_query("policy")
    with Store(index_dir) as store, store.snapshot() as snapshot:
        allowed = snapshot.passage_ids(Tag(tag)) if tag else None
        return snapshot.nearest(query, 5, allowed).ids.tolist()


def test_vectors_are_compared_where_a_search_reads_them(large: tuple[LineCorpus, Path]) -> None:
    _, index_dir = large
    right = nearest_of(index_dir, "few")

    with flipped_byte(index_dir / "vectors-1.faiss", random.Random(1), PIECE_BYTES * 3 // 2):
        assert nearest_of(index_dir, "few") == right  # whose vectors stand elsewhere
        with pytest.raises(UnusableIndexError, match="not as it was written; call check"):
            nearest_of(index_dir, None)
        assert len(check_index(index_dir)) == 1


def test_pages_are_compared_where_a_question_reads_them(large: tuple[LineCorpus, Path]) -> None:
    _, index_dir = large
    catalog = index_dir / "catalog.sqlite"
    with Store(index_dir) as store, store.snapshot() as snapshot:
        (last,) = snapshot.find_notes("few.md")
        shown = snapshot.passages_of_note(last)[-1].passage.text
    place = catalog.read_bytes().index(b"Title\nreward model") + 8

    with flipped_byte(catalog, random.Random(1), place):
        assert nearest_of(index_dir, None)  # reads no text
        with (
            Store(index_dir) as store,
            store.snapshot() as snapshot,
            pytest.raises(UnusableIndexError, match=r"page \d+ is not as it was written"),
        ):
            snapshot.passages_of_note(last)
    assert shown == "reward model"


def test_opening_reads_next_to_nothing(
    large: tuple[LineCorpus, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, index_dir = large
    read: list[int] = []
    plain = page_sums._sum_of
    monkeypatch.setattr(
        page_sums, "_sum_of", lambda page, number: read.append(number) or plain(page, number)
    )
    with Store(index_dir) as store, store.snapshot():
        pass

    assert 0 < len(read) < 10 < IndexLayout(index_dir).catalog.stat().st_size / PAGE_BYTES


@pytest.mark.parametrize("size", [1, 64, 768, 4096, PAGE_BYTES])
@pytest.mark.parametrize("name", ["catalog.sqlite", "vectors-1.faiss", "words-1.bin"])
def test_moved_pieces_are_damage(corpus: LineCorpus, index_dir: Path, name: str, size: int) -> None:
    update_index(index_dir, plan_of(corpus))
    right = contents_of(index_dir)
    dice = random.Random(size)
    for _ in range(20):
        with moved_pieces(index_dir / name, dice, size):
            assert answer_or_error(index_dir) in (right, None)
    assert contents_of(index_dir) == right


def test_page_in_the_place_of_another_is_damage(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    catalog = index_dir / "catalog.sqlite"
    content = catalog.read_bytes()
    page = content.index(b"policy without a reward") // PAGE_BYTES
    other = next(n for n in range(2, len(content) // PAGE_BYTES) if n != page)
    pages = [content[at : at + PAGE_BYTES] for at in range(0, len(content), PAGE_BYTES)]
    pages[page], pages[other] = pages[other], pages[page]
    catalog.write_bytes(b"".join(pages))

    with pytest.raises(UnusableIndexError, match="is not as it was written"):
        contents_of(index_dir)


def test_update_does_not_carry_damage_on(corpus: LineCorpus, index_dir: Path) -> None:
    # A kill between the commit and what once sealed it left damage unseen for the next update.
    update_index(index_dir, plan_of(corpus))
    corpus.write("new.md", "robot")
    process = start_killed_at_settling(corpus, index_dir)
    process.join()
    with closing(Catalog.for_writing(IndexLayout(index_dir))) as catalog:
        catalog.settle()
    content = (index_dir / "catalog.sqlite").read_bytes()
    place = content.index(b"policy without a reward")

    with flipped_byte(index_dir / "catalog.sqlite", random.Random(3), place):
        corpus.write("rl/dpo.md", "another text")
        with pytest.raises(UnusableIndexError, match="is not as it was written"):
            update_index(index_dir, plan_of(corpus))
        with pytest.raises(UnusableIndexError, match="is not as it was written"):
            contents_of(index_dir)


def put_vectors(catalog: Catalog, layout: IndexLayout, ids: list[int]) -> None:
    """Put a file of other vectors, whole, in the place of the only segment's."""
    rows = np.eye(len(ids), 9, dtype=np.float16)
    put_sums(catalog, write_vectors(layout.vectors(1), np.array(ids), rows, 127.0))


def put_sums(catalog: Catalog, sums: FileSums) -> None:
    (row,) = read_segments(catalog)
    write_segments(catalog, [replace(row, vectors=sums)])
    assert catalog.settle()


def test_check_compares_the_vectors_with_those_of_the_catalog(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    layout = IndexLayout(index_dir)
    with closing(Catalog.for_writing(layout)) as catalog:  # whole, but of something else
        put_vectors(catalog, layout, [1, 2, 3, 4])

    (problem,) = check_index(index_dir)
    assert "holds other vectors than the catalog" in problem.message
    assert check_index(index_dir, fix=True)[0].fixed
    assert check_index(index_dir) == ()


def test_what_is_left_over_under_the_next_name_does_not_undo_the_mending(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    right = contents_of(index_dir)
    (index_dir / "vectors-1.faiss").write_bytes(b"damaged")
    (index_dir / "vectors-2.faiss").write_bytes(b"left over")

    assert all(problem.fixed for problem in check_index(index_dir, fix=True))
    assert check_index(index_dir) == ()
    assert contents_of(index_dir) == right


def test_file_of_another_kind_of_index_is_never_given_to_faiss(
    corpus: LineCorpus, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some kinds name other files, which FAISS opens for writing.
    update_index(index_dir, plan_of(corpus))
    layout = IndexLayout(index_dir)
    path = layout.vectors(1)
    other = faiss.IndexIDMap(faiss.IndexFlatIP(9))
    other.add_with_ids(np.eye(4, 9, dtype=np.float32), np.arange(1, 5))
    faiss.write_index(other, str(path))
    with closing(Catalog.for_writing(layout)) as catalog:
        put_sums(catalog, sum_file(path))

    def refuse(*_: object) -> None:
        raise AssertionError("FAISS was given a file that is not ours")

    monkeypatch.setattr(faiss, "read_index", refuse)
    with pytest.raises(UnusableIndexError, match=r"has not the size|is no file of 4 vectors"):
        contents_of(index_dir)


@pytest.mark.parametrize("number", [0, -1, 1 << 62])
def test_number_that_no_passage_has_is_damage(
    corpus: LineCorpus, index_dir: Path, number: int
) -> None:
    update_index(index_dir, plan_of(corpus))
    layout = IndexLayout(index_dir)
    with closing(Catalog.for_writing(layout)) as catalog:
        put_vectors(catalog, layout, [1, 2, 3, number])

    with pytest.raises(UnusableIndexError, match="is no file of 4 vectors"):
        contents_of(index_dir)


@pytest.mark.parametrize(
    "change",
    [
        "passages = 9223372036854775807",
        "passages = -1",
        "passages = 2",
        "passages = x'ff'",
        "first_passage = 9223372036854775807",
        "first_passage = -3",
        "first_passage = 1",
        "first_passage = 'many'",
        "first_passage = x'ff00'",
    ],
)
def test_numbers_that_no_update_writes_are_damage(
    corpus: LineCorpus, index_dir: Path, change: str
) -> None:
    update_index(index_dir, plan_of(corpus))
    alter(index_dir, f"UPDATE notes SET {change}")

    assert check_index(index_dir)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        for number in (1, 2, 3):
            with suppress(UnusableIndexError):  # and no other error
                snapshot.passages_of_note(number)


def test_files_are_their_owners_alone(corpus: LineCorpus, index_dir: Path) -> None:
    before = os.umask(0)
    try:
        update_index(index_dir, plan_of(corpus))
        corpus.write("new.md", "robot")
        update_index(index_dir, plan_of(corpus))
    finally:
        os.umask(before)

    assert index_dir.stat().st_mode & 0o777 == 0o700
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in index_dir.iterdir()}
    assert set(modes.values()) == {"0o600"}, modes


@pytest.mark.parametrize(
    "facts",
    ["[]", "null", "5", '"x"', '{"tags": "abc"}', '{"tags": [5]}', '{"paper": {"a": 1}}', "{"],
)
def test_facts_that_no_update_writes_are_damage(
    corpus: LineCorpus, index_dir: Path, facts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_index(index_dir, plan_of(corpus))
    with Store(index_dir) as store, store.snapshot() as snapshot:
        rows = [(1, "a.md", "a.md", "A", "note", 1, 1, facts)]
        plain = snapshot._catalog.rows
        monkeypatch.setattr(
            snapshot._catalog,
            "rows",
            lambda sql, values=(): rows if "facts" in sql else plain(sql, values),
        )
        with pytest.raises(UnusableIndexError, match="is damaged"):
            snapshot.notes([1])


def test_facts_of_a_later_notesearch_are_left_out() -> None:
    row = (1, "a.md", "a.md", "A", "note", 1, 1, '{"tags": ["x"], "mood": "good"}')
    assert note_reader._stored_note(row).tags == ("x",)


def test_passage_that_is_gone_is_damage_for_its_note_too(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    alter(index_dir, "DELETE FROM passages WHERE id = 1")
    with Store(index_dir) as store, store.snapshot() as snapshot:
        for look in (snapshot.vectors_of, snapshot.passages):
            with pytest.raises(UnusableIndexError, match="is damaged"):
                look([1])


def test_rebuild_of_an_index_of_an_older_format_embeds_nothing_anew(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    alter(index_dir, "PRAGMA user_version = 4")
    report = update_index(index_dir, replace(plan_of(corpus), rebuild=True))
    assert report.passages_embedded == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segments SET id = 9223372036854775807",
        "UPDATE segments SET first_passage = 'x'",
        "UPDATE segments SET last_passage = 'x'",
        "UPDATE segments SET passages = -1",
        "UPDATE segments SET passages = 1.5",
        "UPDATE segments SET gone = 'x'",
        "UPDATE segments SET gone = x'ff'",
        "UPDATE segments SET scale = 'x'",
        "UPDATE segments SET scale = 1e-300",
        "UPDATE segments SET vectors_sums = 1",
        "UPDATE segments SET words_sums = 1.5",
        "DELETE FROM segments",
        """INSERT INTO segments SELECT id + 1, first_passage, last_passage, passages, gone, scale,
            vectors_bytes, vectors_sums, words_bytes, words_sums FROM segments""",
        "UPDATE vectors SET vector = 'x'",
        "UPDATE vectors SET vector = x''",
        "UPDATE passages SET note = 'x'",
        "UPDATE passages SET body_start = 'x'",
        "UPDATE probes SET nearest = 'x', cosine = NULL",
        "UPDATE probes SET vector = x''",
        "UPDATE probes SET vector = 1",
        "UPDATE sqlite_sequence SET seq = 'x'",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    ],
)
def test_what_no_index_says_is_named_and_mended_by_a_rebuild(
    corpus: LineCorpus, index_dir: Path, statement: str
) -> None:
    # With checksums that hold: whoever hands an index on can write anything into it.
    plan = replace(plan_of(corpus), probes=("policy", "reward"))
    update_index(index_dir, plan)
    right = contents_of(index_dir)
    alter(index_dir, statement)
    with suppress(UnusableIndexError):
        contents_of(index_dir)
    check_index(index_dir)
    corpus.write("vision/vit.md", "image patches", "and a robot")
    with suppress(UnusableIndexError):
        update_index(index_dir, plan)
    corpus.write("vision/vit.md", "image patches")
    update_index(index_dir, replace(plan, rebuild=True))
    assert contents_of(index_dir) == right
    assert check_index(index_dir) == ()


@pytest.mark.parametrize("name", ["9223372036854775807", "9" * 200, "٣"])
def test_a_file_of_a_number_that_no_segment_has_is_in_nobodys_way(
    corpus: LineCorpus, index_dir: Path, name: str
) -> None:
    update_index(index_dir, plan_of(corpus))
    (index_dir / f"vectors-{name}.faiss").touch()
    corpus.write("vision/vit.md", "image patches", "and a robot")
    update_index(index_dir, plan_of(corpus))
    assert check_index(index_dir) == ()
