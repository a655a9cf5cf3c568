"""Read and write what an engine keeps of files, and of notes that were added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from qdrant_client import models

from notesearch.index.changes import KnownFile, SeenFile
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.point_conditions import all_of, is_one_of, is_value
from notesearch.index.qdrant.word_coding import record_id
from notesearch.index.status import latest_skipped
from notesearch.records import AddedNote, Finding


def read_files(engine: Engine) -> dict[str, Payload]:
    """Return what an engine keeps of each file of the corpus, and of each added note, by path."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "file")))
    return {record.payload["path"]: record.payload for record in records if record.payload}


def file_hashes(engine: Engine, paths: Sequence[str]) -> dict[str, str | None]:
    """Return the hash of each of some files, of those that an engine knows."""
    ids = [record_id("file", path) for path in paths]
    found = engine.read(engine.names.records, ids, ["path", "hash"])
    return {payload["path"]: payload["hash"] for payload in found.values()}


def has_file(engine: Engine, path: str) -> bool:
    """Return whether an engine keeps something of a file, or of an added note."""
    return bool(engine.read(engine.names.records, [record_id("file", path)], ["path"]))


def read_added(engine: Engine) -> list[AddedNote]:
    """Return the notes that were added, in the order of their ids."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "added")))
    values = [dict(record.payload) for record in records if record.payload]
    for value in values:
        value.pop("kind")
    notes = [AddedNote(**{**value, "tags": tuple(value["tags"])}) for value in values]
    return sorted(notes, key=lambda note: note.id)


def known_files(files: dict[str, Payload], added: set[str]) -> dict[str, KnownFile]:
    """Return the files of the corpus as the index remembers them, by path."""
    return {
        path: KnownFile(
            id=number,
            path=path,
            size=value["size"],
            mtime_ns=value["mtime_ns"],
            settled=value["settled"],
            hash=value["hash"],
            failed=value["failed"],
        )
        for number, (path, value) in enumerate(files.items())
        if path not in added
    }


def all_skipped(files: dict[str, Payload], now: Sequence[Finding]) -> tuple[Finding, ...]:
    """List the files whose last reading failed and what cannot be listed now, by their paths."""
    failed = (
        Finding(path, line, reason)
        for path, value in files.items()
        for skipped, line, reason in value["findings"]
        if skipped
    )
    return latest_skipped(failed, now)


class ChangedRecords:
    """What one change makes of files and added notes, until it is stored."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._files: dict[str, Payload | None] = {}  # None: forgotten
        self._added: dict[str, Payload | None] = {}

    def forget_files(self) -> None:
        """Forget all files; the added notes stay."""
        self._files = dict.fromkeys(read_files(self._engine))

    def forget(self, path: str) -> None:
        """Forget a file, or a note that was added."""
        self._files[path] = None
        self._added[path] = None

    def put_file(
        self, seen: SeenFile, findings: Iterable[Finding], skipped: Finding | None
    ) -> None:
        """Keep a file as it was read, with what was odd."""
        rows = [[False, f.line, f.reason] for f in findings]
        if skipped is not None:
            rows.append([True, skipped.line, skipped.reason])
        self._files[seen.path] = {
            "kind": "file",
            **asdict(seen),
            "failed": skipped is not None,
            "findings": rows,
        }

    def touch_file(self, seen: SeenFile) -> None:
        """Keep another size and time of a file whose bytes are the same."""
        record = record_id("file", seen.path)
        known = self._engine.read(self._engine.names.records, [record]).get(record, {})
        changed = {"size": seen.size, "mtime_ns": seen.mtime_ns, "settled": seen.settled}
        self._files[seen.path] = {**known, **changed}

    def keep_added(self, notes: Iterable[AddedNote]) -> None:
        """Keep notes that are no files as they were handed in."""
        for note in notes:
            self._added[note.id] = {"kind": "added", **asdict(note), "tags": list(note.tags)}

    def store(self) -> None:
        """Store all of it."""
        for kind, changed in (("file", self._files), ("added", self._added)):
            gone = [record_id(kind, name) for name, value in changed.items() if value is None]
            if gone:
                self._engine.remove(self._engine.names.records, all_of(is_one_of(gone)))
            self._engine.put(
                self._engine.names.records,
                [
                    models.PointStruct(id=record_id(kind, name), vector={}, payload=value)
                    for name, value in changed.items()
                    if value is not None
                ],
            )
