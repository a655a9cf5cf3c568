"""Files that come next are read while those before are worked on."""

import threading
from collections.abc import Iterator

import pytest

from notesearch.index.read_ahead import read_ahead
from notesearch.records import FileReading, ReadFile


def readings(count: int, read: list[int]) -> Iterator[ReadFile]:
    for number in range(count):
        read.append(number)
        yield ReadFile(FileReading(f"{number}.md"), ())


def test_readings_come_in_their_order_and_all_of_them():
    paths = [one.reading.path for one in read_ahead(readings(10_000, []))]
    assert paths == [f"{number}.md" for number in range(10_000)]
    assert list(read_ahead(iter(()))) == []


def test_files_are_read_before_they_are_asked_for():
    read_a_thousand = threading.Event()

    def some() -> Iterator[ReadFile]:
        for number, one in enumerate(readings(2000, [])):
            if number == 1000:
                read_a_thousand.set()
            yield one

    ahead = read_ahead(some())
    assert next(ahead).reading.path == "0.md"
    assert read_a_thousand.wait(timeout=60)


def test_no_more_is_held_than_a_batch_and_what_is_handed_over():
    read: list[int] = []
    for number, _ in enumerate(read_ahead(readings(20_000, read))):
        assert len(read) <= number + 18 * 256


def test_an_error_comes_behind_what_was_read_in_parts_before_it():
    def broken() -> Iterator[ReadFile]:
        yield from readings(300, [])
        raise OSError("gone")

    ahead = read_ahead(broken())
    assert [next(ahead).reading.path for _ in range(256)][-1] == "255.md"
    with pytest.raises(OSError, match="gone"):
        list(ahead)


def test_nothing_is_read_before_the_first_is_asked_for():
    read: list[int] = []
    read_ahead(readings(3, read))
    assert read == []
