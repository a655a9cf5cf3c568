"""Read changed files, embed their passages and store both, a bounded batch at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import ModelError
from notesearch.index.changes import SeenFile
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.journal import Journal, as_vector
from notesearch.index.note_writer import NoteWriter, hash_text
from notesearch.index.reports import (
    Progress,
    ProgressObserver,
    Stage,
    UpdateReport,
)
from notesearch.lazy import Lazy
from notesearch.records import Finding, ReadFile

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder

# Held in memory at a time: passages read and not stored yet.
_PASSAGES_PER_BATCH = 4096
_FILES_PER_BATCH = 1024
# What the model has made is kept after each call: so much is lost when an update is interrupted.
_SECONDS_PER_CALL = 2.0
_FIRST_TEXTS = 8
# Weights in 8 bits give all-MiniLM-L6-v2 vectors of cosine 0.994 to its own: still one model.
_SAME_COSINE = 0.98


class StageClock:
    """Adds up the seconds of each stage, and reports to the observer how far the update is."""

    def __init__(self, observer: ProgressObserver) -> None:
        self.seconds = dict.fromkeys(Stage, 0.0)
        self.progress = Progress(Stage.COMPARE)
        self._observer = observer
        self._since = time.perf_counter()

    def enter(self, stage: Stage) -> None:
        """Count the time from now on as this stage's."""
        now = time.perf_counter()
        self.seconds[self.progress.stage] += now - self._since
        self._since = now
        if stage is not self.progress.stage:
            self.progress = replace(self.progress, stage=stage)
            self._observer(self.progress)

    def fill_in(self, report: UpdateReport, findings: tuple[Finding, ...]) -> UpdateReport:
        """Return a report with what was read and embedded, and what was odd about it."""
        done = self.progress
        return replace(
            report,
            findings=findings,
            passages_embedded=done.passages_embedded,
            passages_reused=done.passages - done.passages_embedded,
        )

    def finish(self) -> dict[Stage, float]:
        """Return the seconds of each stage up to now."""
        self.enter(self.progress.stage)
        return dict(self.seconds)

    def expect(self, files_total: int) -> None:
        """Set how many files will be read."""
        self.progress = replace(self.progress, files_total=files_total)

    def count_read(self, read: ReadFile) -> None:
        """Count one more file that was read, and report it."""
        now = self.progress
        self.progress = replace(
            now,
            files_done=now.files_done + 1,
            notes=now.notes + len(read.reading.notes),
            passages=now.passages + sum(len(own) for own in read.passages),
        )
        self._observer(self.progress)

    def count_embedded(self, passages: int, left: int) -> None:
        """Count passages that were embedded, take over how many are left, and report both."""
        embedded = self.progress.passages_embedded + passages
        self.progress = replace(self.progress, passages_embedded=embedded, passages_to_embed=left)
        self._observer(self.progress)


class EmbeddingWork:
    """Counts what the model has to embed: in files that were read, and by size in the others."""

    def __init__(self, files: Sequence[SeenFile], clock: StageClock) -> None:
        self.clock = clock
        self._bytes_unread = sum(file.size for file in files)
        self._bytes_read = 0
        self._texts = 0  # of the files read, all that had no vector before this update
        self._left = 0  # of these

    def add_read(self, files: Iterable[SeenFile]) -> None:
        """Count files as read; `add_texts` has to follow."""
        size = sum(file.size for file in files)
        self._bytes_read += size
        self._bytes_unread -= size

    def add_texts(self, texts: int) -> None:
        """Add the texts of the files read last that have no vector."""
        self._texts += texts
        self._left += texts
        self._report(0)

    def count_done(self, texts: int, embedded: int) -> None:
        """Count texts that have a vector now, so many of them by the model."""
        self._left -= texts
        self._report(embedded)

    def _report(self, embedded: int) -> None:
        unread = self._texts * self._bytes_unread // max(self._bytes_read, 1)
        self.clock.count_embedded(embedded, self._left + unread)


class VectorSupply:
    """Gives every text a vector: from catalog or journal, from another index, or from the model."""

    def __init__(
        self,
        layout: IndexLayout,
        embedder: Lazy[Embedder],
        fingerprint: str,
        journal: Journal,
        writer: NoteWriter,
        dimension: int,
        work: EmbeddingWork,
        *,
        compare_probe: bool = False,
        find_vectors: Callable[[Sequence[bytes]], Mapping[bytes, bytes]],
    ) -> None:
        """Start from the dimension of the index; a probe shows whether its model changed since."""
        self._compare_probe = compare_probe
        self._find_vectors = find_vectors
        self._layout = layout
        self._embedder = embedder
        self._fingerprint = fingerprint
        self._writer = writer
        self._work = work
        self.dimension = dimension  # 0 until the first vector
        self._journal = journal
        self._texts_per_call = _FIRST_TEXTS

    def supply(self, texts: Sequence[str]) -> list[int]:
        """Store the vectors that are missing, and give the number of each text's vector."""
        keys = [hash_text(text) for text in texts]
        known = self._writer.known_vectors(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        wanted = list(missing)
        self._work.add_texts(len(wanted))
        if found := self._find_vectors(wanted):
            self._keep_dimension(len(next(iter(found.values()))) // 2)
            numbers = self._writer.put_vectors(list(found), list(found.values()))
            known.update(zip(found, numbers, strict=True))
            self._work.count_done(len(found), 0)
            wanted = [key for key in wanted if key not in found]
        while wanted:
            part, wanted = wanted[: self._texts_per_call], wanted[self._texts_per_call :]
            rows = {key: row for key in part if (row := self._journal.find(key)) is not None}
            new = [key for key in part if key not in rows]
            if new:
                rows.update(zip(new, self._embed([missing[key] for key in new]), strict=True))
                with disk_errors(self._layout):
                    self._journal.append(new, [rows[key] for key in new])
            self._keep_dimension(len(rows[part[0]]) // 2)
            self._work.count_done(len(part), len(new))
            numbers = self._writer.put_vectors(part, [rows[key] for key in part])
            known.update(zip(part, numbers, strict=True))
        return [known[key] for key in keys]

    def _embed(self, texts: Sequence[str]) -> list[bytes]:
        model = self._load()
        if self._compare_probe:
            self._require_same_vectors(model)
        started = time.perf_counter()
        vectors = np.asarray(model.embed_passages(texts))
        self._pace(len(texts), time.perf_counter() - started)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise ModelError(
                f"the model {self._fingerprint} gave {vectors.shape} for {len(texts)} "
                "texts, or values that are no numbers; choose another model"
            )
        return [row.tobytes() for row in vectors.astype("<f2")]

    def _require_same_vectors(self, model: Embedder) -> None:
        """Raise ModelError where the model no longer embeds a stored probe as it did."""
        self._compare_probe = False
        for text, stored in islice(self._writer.known_probes().items(), 1):
            now = np.asarray(model.embed_query(text))
            before = as_vector(stored)
            self._keep_dimension(len(now))
            if float(now @ before) < _SAME_COSINE:
                raise ModelError(
                    f"the model {self._fingerprint} gives other vectors than when the index was "
                    "made: its server runs another one by that name",
                    self._layout.rebuild,
                )

    def _load(self) -> Embedder:
        if not self._embedder.is_loaded:
            clock = self._work.clock
            stage = clock.progress.stage
            clock.enter(Stage.LOAD)
            self._embedder.get()
            clock.enter(stage)
        return self._embedder.get()

    def _pace(self, texts: int, seconds: float) -> None:
        """Choose how many texts the next call takes: by the speed of this one, at most doubled."""
        wanted = int(texts * _SECONDS_PER_CALL / max(seconds, 1e-6))
        most = min(2 * self._texts_per_call, _PASSAGES_PER_BATCH)
        self._texts_per_call = max(1, min(wanted, most))

    def supply_probes(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of probes, (dimension,) float32, and store the missing ones."""
        known = {
            text: row
            for text, row in self._writer.known_probes().items()
            if isinstance(row, bytes) and len(row) == 2 * self.dimension
        }
        missing = [text for text in texts if text not in known]
        if missing:
            model = self._load()
            new = [np.asarray(model.embed_query(text), dtype="<f2").tobytes() for text in missing]
            known.update(zip(missing, new, strict=True))
            self._writer.put_probes((text, known[text]) for text in missing)
        return {text: as_vector(known[text]) for text in texts}

    def _keep_dimension(self, dimension: int) -> None:
        if self.dimension not in (0, dimension):
            raise ModelError(
                f"the model {self._fingerprint} gave {dimension} dimensions, "
                f"the index holds {self.dimension}",
                self._layout.rebuild,
            )
        self.dimension = dimension


def ingest_files(
    files: Sequence[SeenFile],
    readings: Iterable[ReadFile],
    writer: NoteWriter,
    supply: VectorSupply,
    work: EmbeddingWork,
) -> tuple[Finding, ...]:
    """Replace in the catalog what the files hold, by a reading of each; return what was odd."""
    findings: list[Finding] = []
    clock = work.clock
    clock.expect(len(files))
    for batch in _batches(files, iter(readings), clock):
        clock.enter(Stage.EMBED)
        texts = [p.search_text for _, read in batch for own in read.passages for p in own]
        work.add_read(seen for seen, _ in batch)
        vectors = supply.supply(texts)
        clock.enter(Stage.STORE)
        numbers = [writer.replace_file(seen, read) for seen, read in batch]
        stored = [read for _, read in batch]
        writer.put_notes(zip(numbers, stored, strict=True), vectors)
        findings.extend(finding for read in stored for finding in read.reading.findings)
    return tuple(findings)


def _batches(
    files: Sequence[SeenFile], readings: Iterator[ReadFile], clock: StageClock
) -> Iterator[list[tuple[SeenFile, ReadFile]]]:
    """Read on until a batch of passages is together."""
    batch: list[tuple[SeenFile, ReadFile]] = []
    held = 0
    for seen in files:
        clock.enter(Stage.READ)
        read = next(readings)
        clock.count_read(read)
        batch.append((seen, read))
        held += sum(len(own) for own in read.passages)
        if held >= _PASSAGES_PER_BATCH or len(batch) >= _FILES_PER_BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
