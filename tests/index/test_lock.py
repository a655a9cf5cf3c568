from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.errors import LockedError
from notesearch.index.check import check_index
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import writer_lock
from notesearch.index.store import Store
from notesearch.index.update import update_index
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import holding_the_lock


def test_second_writer_is_told_who_holds_the_lock(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    with holding_the_lock(index_dir) as holder:
        with pytest.raises(LockedError) as caught:
            update_index(index_dir, plan_of(corpus), lock_timeout_s=0.05)
        assert f"is being written by process {holder} since 2" in str(caught.value)
        with pytest.raises(LockedError):
            check_index(index_dir, lock_timeout_s=0.05)


def test_reader_does_not_wait_for_a_writer(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    with holding_the_lock(index_dir), Store(index_dir) as store, store.snapshot() as snapshot:
        assert snapshot.table.passage_ids.size == 4


def test_lock_of_a_killed_process_is_free(corpus: LineCorpus, index_dir: Path) -> None:
    index_dir.mkdir()
    with holding_the_lock(index_dir):
        pass

    assert update_index(index_dir, plan_of(corpus), lock_timeout_s=0.05).passages == 4


def test_holder_file_names_this_process_while_it_writes(index_dir: Path) -> None:
    index_dir.mkdir()
    layout = IndexLayout(index_dir)

    with writer_lock(layout, timeout_s=0.05):
        assert layout.lock_holder.read_text(encoding="utf-8").split()[1] == str(os.getpid())
