from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import pytest

from notesearch.index.check import check_index
from notesearch.index.index_layout import IndexLayout
from notesearch.index.map_file import (
    KeptPlace,
    KeptPlaces,
    _header_of,
    holds_places,
    read_places,
    write_places,
)
from notesearch.index.update import update_index
from tests.index.corpora import LineCorpus, plan_of

KEPT = KeptPlaces(
    "words-9",
    12.5,
    1,
    {
        "a.md": KeptPlace(0.25, 1.0, "00ff00ff00ff00ff"),
        'odd\n"名" \udcff.md': KeptPlace(0.0, 0.12345, "0123456789abcdef"),
    },
)


@pytest.fixture
def layout(corpus: LineCorpus, index_dir: Path) -> IndexLayout:
    update_index(index_dir, plan_of(corpus))
    return IndexLayout(index_dir)


def write_body(layout: IndexLayout, body: str) -> None:
    """Write what a forger would: anything, with a sum that holds."""
    layout.note_map.write_bytes(_header_of(body.encode()) + b"\n" + body.encode())


def test_places_come_back_as_they_went_in(layout: IndexLayout):
    assert read_places(layout) is None
    assert holds_places(layout)
    write_places(layout, KEPT)
    assert read_places(layout) == KEPT
    assert holds_places(layout)
    assert layout.note_map.stat().st_mode & 0o777 == 0o600


def test_every_flipped_byte_is_noticed(layout: IndexLayout):
    write_places(layout, KEPT)
    content = layout.note_map.read_bytes()
    for at in range(len(content)):
        layout.note_map.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        assert read_places(layout) is None
    assert not holds_places(layout)


def test_file_that_is_cut_short_is_noticed(layout: IndexLayout):
    write_places(layout, KEPT)
    content = layout.note_map.read_bytes()
    for end in range(len(content)):
        layout.note_map.write_bytes(content[:end])
        assert read_places(layout) is None


GOOD = {"embedder": "w", "span": 9.0, "settled": 0, "places": {"a": [0.1, 0.2, "0" * 16]}}


@pytest.mark.parametrize(
    "values",
    [
        [],
        {},
        "[" * 100_000,
        GOOD | {"span": 0},
        GOOD | {"span": "9"},
        GOOD | {"span": float("nan")},
        GOOD | {"settled": 2},
        GOOD | {"settled": -1},
        GOOD | {"places": [1]},
        GOOD | {"places": {"a": 1}},
        GOOD | {"places": {"a": [0.1, 0.2]}},
        GOOD | {"places": {"a": [0.1, 1.2, "0" * 16]}},
        GOOD | {"places": {"a": [float("inf"), 0.2, "0" * 16]}},
        GOOD | {"places": {"a": [0.1, 0.2, "0" * 15]}},
        GOOD | {"places": {"a": [0.1, 0.2, "x" * 16]}},
        GOOD | {"places": {"a": [0.1, 0.2, 7]}},
    ],
)
def test_what_a_forger_writes_is_no_map(layout: IndexLayout, values: object):
    write_body(layout, json.dumps(GOOD))
    assert read_places(layout) is not None
    write_body(layout, values if isinstance(values, str) else json.dumps(values))
    assert read_places(layout) is None


def test_file_larger_than_any_map_is_not_read_on(layout: IndexLayout, monkeypatch):
    write_places(layout, KEPT)
    monkeypatch.setattr("notesearch.index.map_file._MOST_BYTES", 100)
    assert read_places(layout) is None


def _write_on_and_on(index_dir: Path, started: multiprocessing.synchronize.Event) -> None:
    sketch = "0123456789abcdef"
    places = {f"{number}.md": KeptPlace(0.5, 0.5, sketch) for number in range(20_000)}
    while True:
        write_places(IndexLayout(index_dir), KeptPlaces("words-9", 12.5, 0, places))
        started.set()


def test_killed_writer_leaves_a_whole_file_and_what_check_removes(layout: IndexLayout):
    context = multiprocessing.get_context("forkserver")
    for delay_ms in (1, 7, 13, 29):
        started = context.Event()
        writer = context.Process(target=_write_on_and_on, args=(layout.index_dir, started))
        writer.start()
        assert started.wait(60)
        time.sleep(delay_ms / 1000)
        writer.kill()
        writer.join()
        kept = read_places(layout)
        assert kept is not None
        assert len(kept.places) == 20_000

    (layout.index_dir / "map.json.0123abcd.new").write_text("half", "utf-8")  # one there is surely
    problems = check_index(layout.index_dir, fix=True)
    assert "map.json" in problems[0].message
    assert all(problem.fixed for problem in problems)
    assert not layout.unfinished_maps()
    assert check_index(layout.index_dir) == ()
    assert holds_places(layout)


def test_map_belongs_to_the_folder_of_an_index(layout: IndexLayout):
    write_places(layout, KEPT)
    assert layout.foreign_files() == []
