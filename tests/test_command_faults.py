"""A few of the faults that `benchmarks/faults.py` deals by the hundred, on the real parts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from notesearch import Index
from tests.command_faults import (
    ask_all,
    change_notes,
    fill_disks,
    is_same,
    kill_commands,
    read_beside_rebuilds,
    rebuilt,
    word_model,
    write_together,
)
from tests.index.contents import contents_of


def test_readers_that_hold_an_index_open_are_right_beside_rebuilds_by_another_model(
    tmp_path: Path,
) -> None:
    outcomes = read_beside_rebuilds(tmp_path, readers=2, updates=12, seed=1)

    assert outcomes["answers"] > 0
    assert outcomes["other model"] > 0


def test_updates_of_real_notes_give_what_a_rebuild_gives(tmp_path: Path) -> None:
    dice, embedder = random.Random(3), word_model()
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        for _ in range(8):
            change_notes(tmp_path / "corpus", dice, files=12, paragraphs=3)
            index.update(tmp_path / "corpus")
            after = rebuilt(tmp_path / "corpus", tmp_path / "scratch", embedder)
            assert contents_of(tmp_path / "index", embedder) == after
            with Index.open(tmp_path / "scratch", embedder) as other:
                assert all(map(is_same, ask_all(index), ask_all(other)))


@pytest.mark.slow
def test_killed_command_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    outcomes = kill_commands(tmp_path, kills=6, seed=1)

    assert outcomes["left before"] + outcomes["left after"] == 6


@pytest.mark.slow
def test_two_commands_at_once_leave_what_a_rebuild_gives(tmp_path: Path) -> None:
    assert write_together(tmp_path, rounds=4, seed=1)["wrote"] >= 4


@pytest.mark.slow
def test_full_disk_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    try:
        outcomes = fill_disks(tmp_path, fillings=6, seed=1)
    except PermissionError:
        pytest.skip("this user may not mount a small disk")
    assert outcomes["refused"] > 0
