"""Write what was read into the catalog: files, notes, tags, passages and vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from notesearch.index.added_table import added_row
from notesearch.index.catalog import Catalog, Value
from notesearch.index.changes import SeenFile, as_read
from notesearch.index.first_seen import FirstSeen
from notesearch.index.first_seen_table import take_all, texts_of_file
from notesearch.index.index_layout import IndexLayout, damaged
from notesearch.index.journal import crc_of
from notesearch.index.known_names import names_of, other_name_words
from notesearch.index.passage_table import MOST_NUMBERED
from notesearch.index.schema import (
    CLEARED_BY_REBUILD,
    ROLE_SEPARATOR,
    SECTION_SEPARATOR,
)
from notesearch.index.snapshot import NewPart
from notesearch.index.stored_facts import write_facts
from notesearch.records import AddedNote, Finding, Note, Passage, ReadFile
from notesearch.spelling import normalise_tag, tag_and_parents

_NOTES_OF_FILE = "SELECT id FROM notes WHERE file = ?"
_PASSAGES_OF_FILE = f"SELECT id FROM passages WHERE note IN ({_NOTES_OF_FILE})"


class CatalogWriter:
    """Writes within one transaction, numbering new rows after those that were there."""

    def __init__(self, catalog: Catalog, first_seen: FirstSeen) -> None:
        self._catalog = catalog
        self._first_seen = first_seen
        self._files: dict[str, int] = dict(catalog.rows("SELECT path, id FROM files"))
        self._last_file = catalog.number("SELECT max(id) FROM files")
        self._last_note, self._last_passage = (
            catalog.number("SELECT max(seq) FROM sqlite_sequence WHERE name = ?", (table,))
            for table in ("notes", "passages")
        )
        self._last_vector = catalog.number("SELECT max(id) FROM vectors")
        if max(self._last_file, self._last_note, self._last_passage) >= MOST_NUMBERED:
            remedy = IndexLayout(catalog.path.parent).rebuild
            raise damaged(catalog.path, "has given all numbers that there are", remedy)
        catalog.rows("CREATE TEMP TABLE IF NOT EXISTS released (vector INTEGER PRIMARY KEY)")
        catalog.rows("DELETE FROM released")

    def clear(self) -> None:
        """Empty the catalog of all but the added notes' sources, for a rebuild."""
        take_all(self._catalog, self._first_seen)
        for table in CLEARED_BY_REBUILD:
            self._catalog.rows(f"DELETE FROM {table}")
        self._files.clear()

    def put_file(self, seen: SeenFile, failed: bool) -> int:
        """Insert or update the file's row; return its number."""
        number = self._files.get(seen.path)
        values = (seen.size, seen.mtime_ns, seen.settled, seen.hash, failed)
        if number is not None:
            self._catalog.rows(
                """UPDATE files SET size = ?, mtime_ns = ?, settled = ?, hash = ?, failed = ?
                WHERE id = ?""",
                (*values, number),
            )
            return number
        self._last_file += 1
        self._files[seen.path] = self._last_file
        self._catalog.rows(
            """INSERT INTO files (id, path, size, mtime_ns, settled, hash, failed)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (self._last_file, seen.path, *values),
        )
        return self._last_file

    def put_unread(self, seen: SeenFile, skipped: Finding) -> None:
        """Keep that a file cannot be read; its earlier notes stay."""
        self.put_findings(self.put_file(seen, failed=True), (), skipped)

    def replace_file(self, seen: SeenFile, read: ReadFile) -> int:
        """Put what a file holds now in the place of what it held, all but the notes themselves.

        The earlier notes of a file that fails now stay.
        """
        is_known = seen.path in self._files
        reading = read.reading
        as_it_was = as_read(seen, reading.stamp)
        if is_known and reading.skipped is None:  # while the hash of the earlier bytes is there
            texts = texts_of_file(self._catalog, seen.path)
            self._first_seen.take_file(texts, as_it_was.hash)
        number = self.put_file(as_it_was, failed=reading.skipped is not None)
        if is_known and reading.skipped is None:
            self.remove_notes(number)
        if is_known or reading.findings or reading.skipped:
            self.put_findings(number, reading.findings, reading.skipped)
        return number

    def touch_file(self, seen: SeenFile) -> None:
        """Update the size and time of a file whose bytes are the same."""
        self._catalog.rows(
            "UPDATE files SET size = ?, mtime_ns = ?, settled = ? WHERE path = ?",
            (seen.size, seen.mtime_ns, seen.settled, seen.path),
        )

    def remove_file(self, path: str) -> None:
        """Forget a file, or a note that was added, with all that was read in it."""
        self._catalog.rows("DELETE FROM added_notes WHERE note_id = ?", (path,))
        file = self._files.pop(path)
        self._first_seen.take_file(texts_of_file(self._catalog, path))
        self.remove_notes(file)
        self.put_findings(file, (), None)
        self._catalog.rows("DELETE FROM files WHERE id = ?", (file,))

    def keep_added(self, notes: Iterable[AddedNote]) -> None:
        """Keep notes that are no files as they were handed in."""
        sql = "INSERT OR REPLACE INTO added_notes VALUES (?, ?, ?)"
        self._catalog.insert(sql, map(added_row, notes))

    def put_findings(self, file: int, findings: Iterable[Finding], skipped: Finding | None) -> None:
        """Replace what was odd about a file."""
        self._catalog.rows("DELETE FROM findings WHERE file = ?", (file,))
        rows: list[Sequence[Value]] = [(file, 0, f.line, f.reason) for f in findings]
        if skipped is not None:
            rows.append((file, 1, skipped.line, skipped.reason))
        self._catalog.insert("INSERT INTO findings VALUES (?, ?, ?, ?)", rows)

    def remove_notes(self, file: int) -> None:
        """Forget the notes of a file; their vectors are released, and go at the end if unused."""
        self._catalog.rows(
            f"""INSERT OR IGNORE INTO released
            SELECT vector FROM passages WHERE id IN ({_PASSAGES_OF_FILE})""",
            (file,),
        )
        for table in ("passages", "tags", "names", "acronyms", "note_links"):
            self._catalog.rows(f"DELETE FROM {table} WHERE note IN ({_NOTES_OF_FILE})", (file,))
        self._catalog.rows("DELETE FROM notes WHERE file = ?", (file,))

    def known_vectors(self, text_hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Find the texts among these that have a vector, with its number."""
        found: dict[bytes, int] = {}
        for start in range(0, len(text_hashes), 500):
            part = text_hashes[start : start + 500]
            marks = ",".join("?" * len(part))
            found.update(
                self._catalog.rows(
                    f"SELECT text_hash, id FROM vectors WHERE text_hash IN ({marks})", part
                )
            )
        return found

    def put_vectors(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> range:
        """Store float16 rows by the hash of their text, and give their numbers."""
        first = self._last_vector + 1
        numbers = range(first, first + len(rows))
        self._last_vector += len(rows)
        self._catalog.insert(
            "INSERT INTO vectors VALUES (?, ?, ?, ?)",
            (
                (number, key, row, crc_of(key, row))
                for number, key, row in zip(numbers, text_hashes, rows, strict=True)
            ),
        )
        return numbers

    def known_probes(self) -> dict[str, bytes]:
        """Return the float16 rows of the probes that have one, by their texts."""
        return dict(self._catalog.rows("SELECT text, vector FROM probes"))

    def put_probes(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store float16 rows of probes."""
        self._catalog.insert("INSERT OR REPLACE INTO probes (text, vector) VALUES (?, ?)", rows)

    def put_notes(self, files: Iterable[tuple[int, ReadFile]], vectors: Iterable[int]) -> None:
        """Store the notes of some files; `vectors` numbers the vector of each passage in turn."""
        notes: list[Sequence[Value]] = []
        tags: list[Sequence[Value]] = []
        names: list[Sequence[Value]] = []
        acronyms: list[Sequence[Value]] = []
        links: list[Sequence[Value]] = []
        passages: list[Sequence[Value]] = []
        vector = iter(vectors)
        for file, read in files:
            times = self._first_seen.put(read)
            for note, own, (note_seen_s, parts) in zip(
                read.reading.notes, read.passages, times, strict=True
            ):
                self._last_note += 1
                first = self._last_passage + 1
                notes.append(_note_row(self._last_note, file, note, first, own, note_seen_s))
                tags.extend(self._tag_rows(self._last_note, note))
                names.extend((self._last_note, name) for name in names_of(note))
                acronyms.extend((self._last_note, *pair) for pair in note.acronyms)
                links.extend(
                    (self._last_note, link.kind.value, *link[1:]) for link in note.note_links
                )
                for passage, part in zip(own, parts, strict=True):
                    self._last_passage += 1
                    numbers = self._last_passage, self._last_note, next(vector)
                    passages.append(_passage_row(*numbers, passage, part))
        self._catalog.insert(f"INSERT INTO notes VALUES ({_marks(13)})", notes)
        self._catalog.insert(f"INSERT INTO tags VALUES ({_marks(5)})", tags)
        self._catalog.insert(f"INSERT INTO names VALUES ({_marks(2)})", names)
        self._catalog.insert(f"INSERT INTO acronyms VALUES ({_marks(3)})", acronyms)
        self._catalog.insert(f"INSERT INTO note_links VALUES ({_marks(5)})", links)
        self._catalog.insert(f"INSERT INTO passages VALUES ({_marks(15)})", passages)

    def _tag_rows(self, number: int, note: Note) -> Iterable[Sequence[Value]]:
        for folder, tags in enumerate((note.tags, note.folder_tags)):
            for written in tags:
                forms = tag_and_parents(normalise_tag(written))[::-1]
                for depth, normal in enumerate(forms, start=1):
                    yield number, folder, written, normal, depth == len(forms)

    def put_deletions(self) -> None:
        """Store how many notes are gone since the update before."""
        # Two changes may come in one second.
        sql = """INSERT INTO deletions VALUES (?, ?)
            ON CONFLICT (seconds) DO UPDATE SET notes = notes + excluded.notes"""
        self._catalog.insert(sql, self._first_seen.deletions().items())

    def drop_released(self) -> None:
        """Remove the vectors that no passage uses any more."""
        self._catalog.rows(
            """DELETE FROM vectors WHERE id IN (SELECT vector FROM released)
            AND NOT EXISTS (SELECT 1 FROM passages WHERE vector = vectors.id)"""
        )
        self._catalog.rows("DELETE FROM released")


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _note_row(
    number: int,
    file: int,
    note: Note,
    first_passage: int,
    passages: Sequence[Passage],
    first_seen_s: int,
) -> Sequence[Value]:
    return (
        number,
        file,
        note.id,
        note.title,
        note.kind.value,
        first_passage,
        len(passages),
        note.line_start,
        note.line_end,
        " ".join(other_name_words(note)),
        write_facts(note),
        json.dumps(note.link_ids),
        first_seen_s,
    )


def _passage_row(
    number: int, note: int, vector: int, passage: Passage, part: NewPart
) -> Sequence[Value]:
    title, newline, _ = passage.search_text.partition("\n")
    return (
        number,
        note,
        vector,
        passage.id,
        SECTION_SEPARATOR.join(passage.section),
        ROLE_SEPARATOR.join(("", *(role.value for role in passage.roles), ""))
        if passage.roles
        else "",
        passage.line_start,
        passage.line_end,
        passage.tokens,
        len(title) + 1 if newline else 0,
        *part,
        passage.text,
        passage.search_text,
    )
