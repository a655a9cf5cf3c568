"""Write many notes into Qdrant's engine, for `engine_scale.py`, as notesearch writes an index."""

from __future__ import annotations

import resource
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from qdrant_client import models

from benchmarks.edge_client import EdgeClient
from benchmarks.engine_copies import RealNotes, copies, read_real
from notesearch.engine_address import read_engine_address
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_schema import create_collections, create_passages
from notesearch.index.qdrant.engine_state import EngineState
from notesearch.index.qdrant.mean_lengths import words_in
from notesearch.index.qdrant.note_points import Means, NewNote, make_points
from notesearch.index.qdrant.word_coding import each_word
from notesearch.index.qdrant.word_numbers import WordNumbers

ADDRESS = read_engine_address("qdrant://localhost:6333/notes")
NOTES_AT_A_TIME = 200
PASSAGES_UNTIL_OPTIMIZED = 100_000

Figures = dict[str, Any]


def build(index_dir: Path, folder: Path, wanted: int) -> Figures:
    """Write an index of so many passages, and give what it took."""
    real = read_real(index_dir)
    client = EdgeClient(folder)
    engine = Engine(ADDRESS, client)  # type: ignore[arg-type]
    create_collections(engine)
    create_passages(engine, real.vectors.shape[1])
    writing = Writing(engine, client, real)
    start = time.process_time()
    for notes in _parts(copies(real, wanted), NOTES_AT_A_TIME):
        writing.put(notes)
    writing.finish()
    processor_s = time.process_time() - start
    segments = {name: shard.info().segments_count for name, shard in client.shards.items()}
    client.close()
    return {
        "passages": writing.passages,
        "notes": writing.notes,
        "words": writing.word_count,
        "processor_s": processor_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "segments": segments,
        "parts": {name: parts_of(folder / name) for name in segments},
    }


class Writing:
    """Writes notes as an update of an empty index does, in one generation."""

    def __init__(self, engine: Engine, client: EdgeClient, real: RealNotes) -> None:
        self._engine = engine
        self._client = client
        self._real = real
        self._words = WordNumbers(engine, 0, self._take)
        self.word_count = 0
        tokens = sum(max(passage.tokens, 1) for passage in real.passages)
        self._means = Means(tokens / len(real.passages), tokens / len(real.notes))
        self.notes = self.passages = self._tokens = self._waiting = 0

    def _take(self, wanted: int) -> int:
        first = self.word_count + 1
        self.word_count += wanted
        return first

    def put(self, new: Sequence[NewNote]) -> None:
        numbers = self._words.number(
            each_word([columns for one in new for columns in (one.names, *one.texts)])
        )
        notes: list[models.PointStruct] = []
        passages: list[models.PointStruct] = []
        for one in new:
            self.notes += 1
            points = make_points(
                one,
                numbers,
                self._means,
                note_number=self.notes,
                first_passage=self.passages + 1,
                generation=1,
            )
            self.passages += len(points.passages)
            self._tokens += points.tokens
            notes.append(points.note)
            passages.extend(points.passages)
            self._words.count(words_in(points.note), notes=1)
            for passage in points.passages:
                self._words.count(words_in(passage), passages=1)
        names = self._engine.names
        self._engine.put(names.passages, passages)
        self._engine.put(names.notes, notes)
        self._waiting += len(passages)
        if self._waiting >= PASSAGES_UNTIL_OPTIMIZED:
            self._optimize()

    def _optimize(self) -> None:
        self._waiting = 0
        self._client.optimize()
        print(f"{self.passages:,} passages", file=sys.stderr, flush=True)

    def finish(self) -> None:
        self._words.write(1)
        self._optimize()
        in_force = EngineState(
            embedder=self._real.embedder,
            reading=self._real.reading,
            generation=1,
            dimension=self._real.vectors.shape[1],
            created="2026-01-01T00:00:00+00:00",
            updated="2026-01-01T00:00:00+00:00",
            identity=secrets.token_hex(16),
            stamp=secrets.token_hex(8),
            passages=self.passages,
            notes=self.notes,
            tokens=self._tokens,
            passage_tokens=self._means.of_passages,
            note_tokens=self._means.of_notes,
        )
        self._engine.put(self._engine.names.records, [in_force.to_point()])


def parts_of(folder: Path) -> dict[str, int]:
    """Give the bytes that a collection takes on the disk, by part."""
    parts: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            # What an engine sets aside and has not filled takes no blocks, and does not count.
            parts[_part(file.relative_to(folder).parts)] += 512 * file.stat().st_blocks
    return dict(parts.most_common())


def _part(path: Sequence[str]) -> str:
    if path[0] != "segments" or len(path) < 4:
        return path[0]
    return "/".join(path[2:4]) if path[2] == "payload_index" else path[2]


def _parts(items: Iterable[NewNote], size: int) -> Iterator[list[NewNote]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
