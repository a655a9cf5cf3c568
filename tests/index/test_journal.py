from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from notesearch.index.journal import HASH_BYTES, Journal

ONE, TWO = b"1" * HASH_BYTES, b"2" * HASH_BYTES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "embedded.journal"
    with closing(Journal(path, "model a")) as journal:
        journal.append([ONE, TWO], [b"row1", b"row2"])
    return path


def test_next_process_finds_the_rows(path: Path) -> None:
    with closing(Journal(path, "model a")) as journal:
        assert (journal.find(ONE), journal.find(TWO)) == (b"row1", b"row2")
        assert journal.find(b"3" * HASH_BYTES) is None


def test_another_model_finds_nothing_and_begins_anew(path: Path) -> None:
    with closing(Journal(path, "model b")) as journal:
        assert journal.find(ONE) is None
        journal.append([ONE], [b"longer row"])
        assert journal.find(ONE) is None  # it is in the catalog by now

    with closing(Journal(path, "model b")) as journal:
        assert journal.find(ONE) == b"longer row"


def test_vectors_of_another_length_begin_anew(path: Path) -> None:
    """A server may change its model behind the same name."""
    with closing(Journal(path, "model a")) as journal:
        journal.append([b"3" * HASH_BYTES], [b"longer row"])
        assert journal.find(ONE) is None
    with closing(Journal(path, "model a")) as journal:
        assert (journal.find(ONE), journal.find(b"3" * HASH_BYTES)) == (None, b"longer row")


@pytest.mark.parametrize("cut", [1, 4, 5, 23])
def test_torn_tail_is_dropped_and_written_over(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])

    with closing(Journal(path, "model a")) as journal:
        assert (journal.find(ONE), journal.find(TWO)) == (b"row1", None)
        journal.append([TWO], [b"row3"])
    with closing(Journal(path, "model a")) as journal:
        assert (journal.find(ONE), journal.find(TWO)) == (b"row1", b"row3")


def test_flipped_byte_costs_its_record_and_those_after_it(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)

    with closing(Journal(path, "model a")) as journal:
        assert (journal.find(ONE), journal.find(TWO)) == (b"row1", None)


@pytest.mark.parametrize("content", [b"", b"\n", b"notesearch journal 1 x 00\n", b"\xff" * 99])
def test_file_that_is_no_journal_is_written_over(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with closing(Journal(path, "model a")) as journal:
        assert journal.find(ONE) is None
        journal.append([ONE], [b"row1"])
    with closing(Journal(path, "model a")) as journal:
        assert journal.find(ONE) == b"row1"


def test_removed_journal_is_gone(path: Path) -> None:
    with closing(Journal(path, "model a")) as journal:
        journal.remove()
    assert not path.exists()
