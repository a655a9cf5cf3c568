"""Read notes and their passages from catalog.sqlite, as they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from notesearch.index.catalog import Catalog, Row, Value
from notesearch.index.schema import ROLE_SEPARATOR, SECTION_SEPARATOR
from notesearch.index.snapshot import NewTexts, NoteNames, StoredNote, StoredPassage
from notesearch.index.stored_facts import read_facts
from notesearch.records import LinkKind, NoteKind, NoteLink, Passage, Role
from notesearch.spelling import normalise_name

_PASSAGES = """SELECT p.id, p.passage_id, p.section, p.roles, p.line_start, p.line_end, p.text,
    p.search_text, p.tokens, p.note FROM passages p
    WHERE p.id IN (SELECT value FROM json_each(?))"""
_NOTES = """SELECT n.id, n.note_id, f.path, n.title, n.kind, n.line_start, n.line_end, n.facts
    FROM notes n JOIN files f ON f.id = n.file WHERE n.id IN (SELECT value FROM json_each(?))"""
_BY_NAME = {
    "note_id": "SELECT id FROM notes WHERE note_id = ?",
    "passage_id": "SELECT note FROM passages WHERE passage_id = ?",
    "path": "SELECT n.id FROM notes n JOIN files f ON f.id = n.file WHERE f.path = ?",
    "name": "SELECT note FROM names WHERE name = ?",
}


class NoteReader:
    """Reads one state of a catalog; `snapshot.Snapshot` says what each method gives."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Return passages with their notes, in the order in which the numbers are given."""
        rows = self._catalog.rows(_PASSAGES, (json_of(passage_ids),))
        try:
            notes = self.notes(sorted({row[-1] for row in rows}))
            found = {row[0]: _stored_passage(row, notes[row[-1]]) for row in rows}
            return [found[number] for number in map(int, passage_ids)]
        except (KeyError, TypeError, ValueError) as error:
            raise self._catalog.damaged(error) from error

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return some notes by their number inside the index."""
        rows = self._catalog.rows(_NOTES, (json_of(numbers),))
        try:
            return {row[0]: _stored_note(row) for row in rows}
        except ValueError as error:
            raise self._catalog.damaged(error) from error

    def newest(self, notes: Sequence[int], limit: int) -> list[int]:
        """Return the newest of some notes, the newest first."""
        sql = "n.id IN (SELECT value FROM json_each(?))"
        return self._newest_where(sql, (json_of(notes),), limit)

    def _newest_where(self, sql: str, values: tuple[Value, ...], limit: int) -> list[int]:
        rows = self._catalog.rows(
            f"""SELECT n.id FROM notes n JOIN files f ON f.id = n.file WHERE {sql}
            ORDER BY n.date IS NULL, n.date DESC, f.path, n.line_start LIMIT ?""",
            (*values, limit),
        )
        return [number for (number,) in rows]

    def find_notes(self, name: str, by: str = "note_id") -> dict[int, StoredNote]:
        """Return the notes of a name by their number: `by` note_id, passage_id, path or name."""
        asked = normalise_name(name) if by == "name" else name
        rows = self._catalog.rows(_BY_NAME[by], (asked,))
        return self.notes([number for (number,) in rows])

    def note_names(self) -> list[NoteNames]:
        """Return what all notes are called."""
        rows = self._catalog.rows(
            """SELECT n.id, f.path, n.title, n.aliases, n.line_start, n.note_id, n.paper, n.link_ids
            FROM notes n JOIN files f ON f.id = n.file"""
        )
        try:
            return [
                NoteNames(number, path, title, _texts(aliases), line, "", id, paper, _texts(ids))
                for number, path, title, aliases, line, id, paper, ids in rows
            ]
        except (TypeError, ValueError) as error:
            raise self._catalog.damaged(error) from error

    def note_links(self) -> list[tuple[int, NoteLink]]:
        """Return the links of all notes, as they are written, each with the number of its note."""
        rows = self._catalog.rows(
            "SELECT note, kind, target, line, sentence FROM note_links ORDER BY note, rowid"
        )
        kinds = {kind.value: kind for kind in LinkKind}
        try:
            return [(note, NoteLink(kinds[kind], *link)) for note, kind, *link in rows]
        except KeyError as error:
            raise self._catalog.damaged(error) from error

    def new_texts(self, after_s: Sequence[int]) -> NewTexts:
        """Return what was first seen after a time, in seconds since 1970."""
        from notesearch.index.first_seen_table import read_new_texts  # no query needs it

        return read_new_texts(self._catalog, *after_s)

    def has_tag(self, normal: str) -> bool:
        """Return whether a note has a tag, in its normal form, or one below it."""
        sql = "SELECT EXISTS (SELECT 1 FROM tags WHERE normal = ?)"
        return bool(self._catalog.number(sql, (normal,)))

    def acronyms(self, words: Sequence[str], phrases: Sequence[str]) -> list[tuple[str, str]]:
        """Return acronyms with their long forms: of the words, or for the phrases.

        The pairs that most notes explain come first; all are in lower case.
        """
        return [
            (short, long)
            for short, long, _ in self._catalog.rows(
                """SELECT short, long, count(*) AS notes FROM acronyms
                WHERE short IN (SELECT value FROM json_each(?))
                OR long IN (SELECT value FROM json_each(?))
                GROUP BY short, long ORDER BY notes DESC, short, long""",
                (json.dumps(list(words)), json.dumps(list(phrases))),
            )
        ]


def _texts(listed: str) -> tuple[str, ...]:
    return () if listed == "[]" else tuple(json.loads(listed))


def json_of(numbers: Iterable[int]) -> str:
    """Return numbers as SQL takes them: `IN (SELECT value FROM json_each(?))`."""
    return json.dumps([int(number) for number in numbers])


def _stored_note(row: Row) -> StoredNote:
    _, note_id, path, title, kind, line_start, line_end, facts = row
    return StoredNote(
        note_id=note_id,
        path=path,
        title=title,
        kind=NoteKind(kind),
        line_start=line_start,
        line_end=line_end,
        **read_facts(facts),
    )


def _stored_passage(row: Row, note: StoredNote) -> StoredPassage:
    number, passage_id, section, roles, line_start, line_end, text, search_text, tokens, _ = row
    passage = Passage(
        id=passage_id,
        note_id=note.note_id,
        section=tuple(section.split(SECTION_SEPARATOR)) if section else (),
        roles=tuple(map(Role, roles.strip(ROLE_SEPARATOR).split(ROLE_SEPARATOR))) if roles else (),
        line_start=line_start,
        line_end=line_end,
        text=text,
        search_text=search_text,
        tokens=tokens,
    )
    return StoredPassage(number, note, passage)
