from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from notesearch.errors import ModelError, UnusableIndexError
from notesearch.index.catalog import Catalog
from notesearch.index.check import check_index
from notesearch.index.index_layout import IndexLayout
from notesearch.index.journal import crc_of
from notesearch.index.publish import read_contents
from notesearch.index.reports import CorpusDrift, Counts
from notesearch.index.segment_rows import read_segments, write_segments
from notesearch.index.status import read_status
from notesearch.index.update import update_index
from notesearch.index.word_file import write_words
from notesearch.records import Finding
from tests.fakes import WordEmbedder
from tests.index.contents import Contents, contents_of
from tests.index.corpora import CountedLoads, LineCorpus, plan_of
from tests.index.faults import alter, flipped_byte


@pytest.fixture
def right(corpus: LineCorpus, index_dir: Path) -> Contents:
    update_index(index_dir, plan_of(corpus))
    return contents_of(index_dir)


def test_sound_index_has_no_problems(right: Contents, index_dir: Path) -> None:
    assert check_index(index_dir) == ()
    assert check_index(index_dir, fix=True) == ()


def test_missing_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableIndexError, match="holds no index"):
        check_index(tmp_path)


@pytest.mark.parametrize("name", ["vectors-1.faiss", "words-1.bin"])
@pytest.mark.parametrize("damage", ["lost", "cut short", "flipped", "emptied"])
def test_a_segment_is_mended_from_the_catalog(
    right: Contents, index_dir: Path, name: str, damage: str
) -> None:
    path = index_dir / name
    content = path.read_bytes()
    flipped = bytes([content[-1] ^ 1])
    if damage == "lost":
        path.unlink()
    else:
        by_damage = {"cut short": content[:-5], "flipped": flipped + content[1:], "emptied": b""}
        path.write_bytes(by_damage[damage])

    (problem,) = check_index(index_dir)
    assert problem.message.startswith(f"{path}: ")
    assert problem.for_shell.endswith(f"; run: notesearch check --fix --index {index_dir}")
    with pytest.raises(UnusableIndexError, match=r"check\(fix=True\)"):
        contents_of(index_dir)

    (mended,) = check_index(index_dir, fix=True)
    assert mended.fixed
    assert check_index(index_dir) == ()
    assert contents_of(index_dir) == right


def test_words_that_no_note_says_are_found_and_mended(right: Contents, index_dir: Path) -> None:
    layout = IndexLayout(index_dir)
    with closing(Catalog.for_writing(layout)) as catalog:
        (row,) = read_segments(catalog)
        words, _ = read_contents(catalog, np.arange(row.first, row.last + 1), 9)
        words.names.heads[:] += 1
        with catalog.transaction():
            write_segments(catalog, [replace(row, words=write_words(layout.words(1), words))])

    (problem,) = check_index(index_dir)
    assert "holds other words than the catalog" in problem.message
    assert check_index(index_dir, fix=True)[0].fixed
    assert check_index(index_dir) == ()
    assert contents_of(index_dir) == right


def test_flipped_byte_in_the_catalog_needs_a_rebuild(right: Contents, index_dir: Path) -> None:
    dice = random.Random(5)
    for _ in range(10):
        with flipped_byte(index_dir / "catalog.sqlite", dice):
            (problem,) = check_index(index_dir, fix=True)
            assert not problem.fixed
            assert problem.for_shell.endswith(f"--index {index_dir} --rebuild")
    assert contents_of(index_dir) == right


def test_rebuild_of_a_damaged_catalog_takes_over_the_vectors_that_are_whole(
    corpus: LineCorpus, right: Contents, index_dir: Path
) -> None:
    alter(
        index_dir,
        "UPDATE vectors SET vector = zeroblob(18) WHERE id = 2",
        "PRAGMA user_version = 2",  # an old format now
    )
    embedder = WordEmbedder()

    with pytest.raises(UnusableIndexError, match=r"rebuild=True"):
        update_index(index_dir, plan_of(corpus, embedder))
    report = update_index(index_dir, plan_of(corpus, embedder, rebuild=True))

    assert report.passages_embedded == len(embedder.embedded)
    assert contents_of(index_dir) == right
    assert (index_dir / "catalog.damaged").exists()


def test_failed_rebuild_of_a_damaged_catalog_leaves_it_known_as_damaged(
    corpus: LineCorpus, right: Contents, index_dir: Path
) -> None:
    class Dying(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise ModelError("the lights went out")

    place = (index_dir / "catalog.sqlite").read_bytes().index(b"policy without a reward")
    with flipped_byte(index_dir / "catalog.sqlite", random.Random(7), place):
        corpus.write("new.md", "robot")
        with pytest.raises(ModelError):
            update_index(index_dir, plan_of(corpus, Dying(), rebuild=True))
        with pytest.raises(UnusableIndexError, match=r"rebuild=True"):
            contents_of(index_dir)
    assert contents_of(index_dir) == right


def test_orphan_rows_and_damaged_vectors_are_found(right: Contents, index_dir: Path) -> None:
    alter(
        index_dir,
        "DELETE FROM notes WHERE id = 1",
        "UPDATE vectors SET vector = zeroblob(18) WHERE id = 2",
    )

    messages = " ".join(problem.message for problem in check_index(index_dir))
    assert "2 rows of passages belong to nothing" in messages
    assert "1 vectors are damaged" in messages


def test_leftovers_of_a_killed_update_are_removed(right: Contents, index_dir: Path) -> None:
    leftover = index_dir / "vectors-2.faiss.new"
    leftover.write_bytes(b"half")
    unused = f"INSERT INTO vectors VALUES (99, x'00', x'0000', {crc_of(bytes(1), bytes(2))})"
    alter(index_dir, unused)

    messages = [problem.message for problem in check_index(index_dir)]
    assert "1 vectors belong to no passage" in messages[0]
    assert "is left over from an update that was cut short" in messages[1]

    assert all(problem.fixed for problem in check_index(index_dir, fix=True))
    assert check_index(index_dir) == ()
    assert not leftover.exists()


def test_status_tells_what_is_in_the_index(
    corpus: LineCorpus, right: Contents, index_dir: Path
) -> None:
    corpus.write("broken.md", "! no")
    update_index(index_dir, plan_of(corpus))
    corpus.write("new.md", "robot")
    corpus.write("rl/ppo.md", "another length altogether")
    corpus.remove("vision/vit.md")

    status = read_status(index_dir, corpus.list_files())

    assert status.counts == Counts(files=4, added=0, notes=3, passages=4, vectors=4)
    assert (status.generation, status.dimension, status.embedder) == (2, 9, "words-9")
    assert status.skipped == (Finding("broken.md", 1, "begins with !"),)
    assert status.drift == CorpusDrift(added=1, changed=1, removed=1)
    assert status.catalog_bytes > status.segments_bytes > 4 * 18
    assert status.created <= status.updated
    assert read_status(index_dir).drift is None


def test_status_lists_what_the_corpus_cannot_list_and_takes_no_file_below_it_for_removed(
    corpus: LineCorpus, right: Contents, index_dir: Path
) -> None:
    corpus.write("broken.md", "! no")
    update_index(index_dir, plan_of(corpus))
    corpus.unlisted = (Finding("rl", None, "folder cannot be read: Permission denied"),)

    status = read_status(index_dir, corpus.list_files())

    assert status.skipped == (Finding("broken.md", 1, "begins with !"), *corpus.unlisted)
    assert status.skipped == update_index(index_dir, plan_of(corpus)).skipped
    assert status.drift == CorpusDrift(added=0, changed=0, removed=0)


def test_rebuild_of_a_sound_index_embeds_everything_again(
    corpus: LineCorpus, right: Contents, index_dir: Path
) -> None:
    load = CountedLoads(WordEmbedder())

    report = update_index(index_dir, plan_of(corpus, load=load, rebuild=True))

    assert (report.passages_embedded, report.generation) == (4, 2)
    assert contents_of(index_dir) == right
