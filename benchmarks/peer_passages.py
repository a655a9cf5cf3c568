"""The passages, vectors and questions that `peers.py` gives to each engine, as files.

Only numpy is needed to read them, so that each engine can run in an environment of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
PASSAGES_PER_NOTE = 10
TOPICS = 2_000
ROWS_PER_BATCH = 10_000
K = 10  # how many are asked for
WARM_UP = 20  # questions before those that are measured
MEASURED = 60
FILTERS = ("none", "2 %", "50 %")

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as the engines get it."""

    number: int  # from 0; those of a note follow each other
    title: str  # of its note
    line: str

    @property
    def text(self) -> str:
        """What is embedded, and what is searched for words."""
        return f"{self.title}\n{self.line}"


def note_of(number: int) -> int:
    """Give the number of a passage's note."""
    return number // PASSAGES_PER_NOTE


def is_rare(number: int) -> bool:
    """Say whether a passage has the tag that one note in fifty has."""
    return note_of(number) % 50 == 0


def year_of(number: int) -> int:
    """Give the year of a passage; half of them are up to 2011."""
    return 2000 + note_of(number) % 24


def passes(number: int, where: str) -> bool:
    """Say whether one of FILTERS lets a passage through."""
    return where == "none" or (is_rare(number) if where == "2 %" else year_of(number) <= 2011)


class PassageFiles:
    """A folder of passages with their vectors and some questions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def count(self) -> int:
        """How many passages there are."""
        return len(self.vectors)

    @cached_property
    def vectors(self) -> NDArray[np.float16]:
        """(passages, dimension) float16, mapped from the disk."""
        vectors: NDArray[np.float16] = np.load(self.folder / "vectors.npy", mmap_mode="r")
        return vectors

    @cached_property
    def questions(self) -> list[str]:
        """Those to warm up with come first, those to measure last."""
        questions: list[str] = json.loads((self.folder / "questions.json").read_text())
        return questions

    def passages(self) -> Iterator[Passage]:
        """Read all passages in their order."""
        with (self.folder / "passages.txt").open(encoding="utf-8", newline="\n") as file:
            for number, row in enumerate(file):
                yield Passage(number, *row.rstrip("\n").split("\t"))

    def batches(self) -> Iterator[list[Passage]]:
        """Read all passages in lists of ROWS_PER_BATCH."""
        passages = self.passages()
        while batch := list(islice(passages, ROWS_PER_BATCH)):
            yield batch

    def read_note(self, note: int) -> list[Passage]:
        """Read the passages of one note."""
        with (self.folder / "passages.txt").open("rb") as file:
            file.seek(int(self._note_starts[note]))
            rows = [file.readline().decode().rstrip("\n") for _ in range(PASSAGES_PER_NOTE)]
        first = note * PASSAGES_PER_NOTE
        return [Passage(first + at, *row.split("\t")) for at, row in enumerate(rows)]

    @cached_property
    def _note_starts(self) -> NDArray[np.int64]:
        starts: NDArray[np.int64] = np.load(self.folder / "note_starts.npy", mmap_mode="r")
        return starts

    def embed(self, texts: Sequence[str]) -> Rows:
        """Look up the vectors of passages and questions; others get one by their last word."""
        return np.stack([self._row(text) for text in texts])

    def _row(self, text: str) -> Rows:
        known = self._question_rows.get(text)
        if known is not None:
            return known
        wanted = hash_text(text)
        at = int(np.searchsorted(self._sorted_hashes, np.uint64(wanted)))
        is_passage = at < self.count and int(self._sorted_hashes[at]) == wanted
        row: Rows = (
            self.vectors[self._by_hash[at]].astype(np.float32)
            if is_passage
            else draw_rows(hash_text(text.split()[-1]), 1)[0]
        )
        return row

    @cached_property
    def _question_rows(self) -> dict[str, Rows]:
        rows = np.load(self.folder / "question_vectors.npy").astype(np.float32)
        return dict(zip(self.questions, rows, strict=True))

    @cached_property
    def _by_hash(self) -> NDArray[np.int64]:
        order: NDArray[np.int64] = np.load(self.folder / "by_hash.npy", mmap_mode="r")
        return order

    @cached_property
    def _sorted_hashes(self) -> NDArray[np.uint64]:
        hashes: NDArray[np.uint64] = np.load(self.folder / "hashes.npy", mmap_mode="r")
        return hashes


def hash_text(text: str) -> int:
    """Give 64 bits of a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


# ------------------------------------------------------------------ how they are made


def draw_rows(seed: int, count: int) -> Rows:
    """Draw vectors, each about as near to those of its topic as to others of this size.

    Most of the variance is in few directions, as with real models: an index that is approximate
    finds little among vectors that go everywhere alike.
    """
    dice = np.random.default_rng([11, seed])
    centres = _centres()[dice.integers(TOPICS, size=count)]
    return _units(centres + _directions(dice, count))


def _directions(dice: np.random.Generator, count: int) -> Rows:
    spread = np.arange(1, DIMENSION + 1, dtype=np.float32) ** -0.5
    turned = (dice.standard_normal((count, DIMENSION), dtype=np.float32) * spread) @ _rotation()
    return _units(turned)


def _units(rows: Rows) -> Rows:
    units: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


_made: dict[str, Rows] = {}


def _rotation() -> Rows:
    if "rotation" not in _made:
        square = np.random.default_rng(3).standard_normal((DIMENSION, DIMENSION))
        _made["rotation"] = np.linalg.qr(square)[0].astype(np.float32)
    return _made["rotation"]


def _centres() -> Rows:
    if "centres" not in _made:
        _made["centres"] = _directions(np.random.default_rng(5), TOPICS)
    return _made["centres"]


def write_passages(folder: Path, count: int) -> None:
    """Write the files of so many passages, unless an earlier run has done so."""
    if (folder / "questions.json").exists():  # the last that is written
        return
    from benchmarks.query_speed import DrawnNotes, draw_queries

    folder.mkdir(parents=True, exist_ok=True)
    hashes: list[int] = []
    starts: list[int] = []
    with (folder / "passages.txt").open("wb") as file:
        paths = [f"{number}.md" for number in range(count // PASSAGES_PER_NOTE)]
        for read in DrawnNotes(count).read_files(paths):
            starts.append(file.tell())
            for passage in read.passages[0]:
                file.write("\t".join(passage.search_text.split("\n")).encode() + b"\n")
                hashes.append(hash_text(passage.search_text))
    np.save(folder / "note_starts.npy", np.array(starts, np.int64))
    _write_hashes(folder, np.array(hashes, np.uint64))
    _write_vectors(folder, count)
    queries = draw_queries()
    questions = list(dict.fromkeys([*queries[:WARM_UP], *queries[-MEASURED:]]))
    _write_question_vectors(folder, count, len(questions))
    (folder / "questions.json").write_text(json.dumps(questions))


def _write_hashes(folder: Path, hashes: NDArray[np.uint64]) -> None:
    order = np.argsort(hashes, kind="stable")
    np.save(folder / "by_hash.npy", order)
    np.save(folder / "hashes.npy", hashes[order])


def _write_vectors(folder: Path, count: int) -> None:
    vectors = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float16, shape=(count, DIMENSION)
    )
    for start in range(0, count, ROWS_PER_BATCH):
        # Always a whole draw: a passage has the same vector among few and among many.
        rows = draw_rows(start, ROWS_PER_BATCH)
        vectors[start : start + ROWS_PER_BATCH] = rows[: count - start]
    vectors.flush()


def _write_question_vectors(folder: Path, count: int, questions: int) -> None:
    dice = np.random.default_rng(17)
    near = np.load(folder / "vectors.npy", mmap_mode="r")[dice.integers(count, size=questions)]
    rows = _units(near.astype(np.float32) + 0.5 * _directions(dice, questions))
    np.save(folder / "question_vectors.npy", rows.astype(np.float16))
