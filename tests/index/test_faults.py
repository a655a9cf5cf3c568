from __future__ import annotations

import random
from pathlib import Path

from notesearch.index.update import update_index
from tests.index.contents import contents_of
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import (
    REFUSED,
    change_corpus,
    contents_or_none,
    flip_bytes,
    kill_updates,
    read_while_writing,
    start_update,
)


def test_killed_update_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    outcomes = kill_updates(tmp_path, kills=8, seed=1, files=10, lines=10)

    assert outcomes["left before"] + outcomes["left after"] == outcomes["killed"] == 8


def test_flipped_byte_gives_an_error_or_the_right_answer(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))

    outcomes = flip_bytes(index_dir, contents_of(index_dir), flips=12, seed=2)

    assert outcomes["error"] > 0


def test_full_disk_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    dice = random.Random(3)
    corpus, index_dir = LineCorpus(tmp_path / "corpus"), tmp_path / "index"
    change_corpus(corpus, dice, files=10, lines=10)
    update_index(index_dir, plan_of(corpus))
    before = contents_of(index_dir)
    change_corpus(corpus, dice, files=60, lines=60)
    for kilobytes in (1, 30, 100, 300):
        process = start_update(corpus, index_dir, file_bytes=kilobytes * 1024)
        process.join()
        assert process.exitcode == REFUSED
        assert contents_or_none(index_dir) == before


def test_readers_beside_a_writer_see_whole_states(tmp_path: Path) -> None:
    assert read_while_writing(tmp_path, readers=2, updates=6, seed=4) >= 2
