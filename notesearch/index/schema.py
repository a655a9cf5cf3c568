"""The tables of catalog.sqlite; index/README.md says what each field holds."""

from __future__ import annotations

APPLICATION_ID = 0x6E6F7465  # "note": no other program's SQLite file has it
FORMAT_VERSION = 11

# Stands between the headings of a passage's path: no heading holds it, and words are
# parted at it.
SECTION_SEPARATOR = "\x1f"

# Stands before, between and behind the roles of a passage, so that each is found whole.
ROLE_SEPARATOR = ","

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # The parts of the index that are made from the catalog and kept beside it, with a checksum for
    # each piece of their two files. No two have passages between the same numbers.
    """CREATE TABLE segments (
        id INTEGER PRIMARY KEY,
        first_passage INTEGER NOT NULL,
        last_passage INTEGER NOT NULL,
        passages INTEGER NOT NULL,
        gone BLOB NOT NULL,
        scale REAL NOT NULL,
        vectors_bytes INTEGER NOT NULL,
        vectors_sums BLOB NOT NULL,
        words_bytes INTEGER NOT NULL,
        words_sums BLOB NOT NULL
    )""",
    # The vectors of questions about something else, which show what cosine means nothing.
    """CREATE TABLE probes (
        text TEXT PRIMARY KEY,
        vector BLOB NOT NULL,
        nearest INTEGER,
        cosine REAL
    ) WITHOUT ROWID""",
    """CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        settled INTEGER NOT NULL,
        hash TEXT,
        failed INTEGER NOT NULL
    )""",
    """CREATE TABLE findings (
        file INTEGER NOT NULL REFERENCES files (id),
        skipped INTEGER NOT NULL,
        line INTEGER,
        reason TEXT NOT NULL
    )""",
    "CREATE INDEX findings_by_file ON findings (file)",
    # Notes that are no files. Their texts stand nowhere else, so a rebuild leaves this table alone,
    # and one of a damaged catalog takes over the rows whose hash holds.
    """CREATE TABLE added_notes (
        note_id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        hash BLOB NOT NULL
    )""",
    # How many notes were gone, by the time of the update that found it; a rebuild keeps them.
    "CREATE TABLE deletions (seconds INTEGER PRIMARY KEY, notes INTEGER NOT NULL)",
    # What a filter or an order asks of the facts has a column of its own.
    # No number is given twice: segments may still hold what had it.
    """CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file INTEGER NOT NULL REFERENCES files (id),
        note_id TEXT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        first_passage INTEGER NOT NULL,
        passages INTEGER NOT NULL,
        line_start INTEGER NOT NULL,
        line_end INTEGER NOT NULL,
        other_names TEXT NOT NULL,
        facts TEXT NOT NULL,
        link_ids TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        date TEXT AS (facts ->> 'date') STORED,
        year INTEGER AS (facts ->> 'year') STORED,
        paper TEXT AS (facts ->> 'paper') STORED,
        authors TEXT NOT NULL AS (facts -> 'authors') STORED,
        aliases TEXT NOT NULL AS (facts -> 'aliases') STORED
    )""",
    "CREATE INDEX notes_by_file ON notes (file)",
    "CREATE INDEX notes_by_note_id ON notes (note_id)",
    "CREATE INDEX notes_by_paper ON notes (paper)",
    "CREATE INDEX notes_by_year ON notes (year)",
    "CREATE INDEX notes_by_date ON notes (date)",
    # What a question may be that means this very note.
    """CREATE TABLE names (
        note INTEGER NOT NULL REFERENCES notes (id),
        name TEXT NOT NULL
    )""",
    "CREATE INDEX names_by_note ON names (note)",
    "CREATE INDEX names_by_name ON names (name, note)",
    """CREATE TABLE tags (
        note INTEGER NOT NULL REFERENCES notes (id),
        folder INTEGER NOT NULL,
        written TEXT NOT NULL,
        normal TEXT NOT NULL,
        whole INTEGER NOT NULL
    )""",
    "CREATE INDEX tags_by_note ON tags (note)",
    "CREATE INDEX tags_by_normal ON tags (normal, note)",
    """CREATE TABLE acronyms (
        note INTEGER NOT NULL REFERENCES notes (id),
        short TEXT NOT NULL,
        long TEXT NOT NULL
    )""",
    "CREATE INDEX acronyms_by_note ON acronyms (note)",
    "CREATE INDEX acronyms_by_short ON acronyms (short, long)",
    "CREATE INDEX acronyms_by_long ON acronyms (long, short)",
    # Links as they are written. What they lead to depends on all notes, and is found when asked.
    """CREATE TABLE note_links (
        note INTEGER NOT NULL REFERENCES notes (id),
        kind TEXT NOT NULL,
        target TEXT NOT NULL,
        line INTEGER NOT NULL,
        sentence TEXT NOT NULL
    )""",
    "CREATE INDEX note_links_by_note ON note_links (note)",
    """CREATE TABLE vectors (
        id INTEGER PRIMARY KEY,
        text_hash BLOB NOT NULL UNIQUE,
        vector BLOB NOT NULL,
        crc INTEGER NOT NULL
    )""",
    """CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        note INTEGER NOT NULL REFERENCES notes (id),
        vector INTEGER NOT NULL REFERENCES vectors (id),
        passage_id TEXT NOT NULL,
        section TEXT NOT NULL,
        roles TEXT NOT NULL,
        line_start INTEGER NOT NULL,
        line_end INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        body_start INTEGER NOT NULL,
        first_seen INTEGER NOT NULL,
        new_start INTEGER NOT NULL,
        new_end INTEGER NOT NULL,
        text TEXT NOT NULL,
        search_text TEXT NOT NULL
    )""",
    "CREATE INDEX passages_by_note ON passages (note, roles, first_seen)",
    "CREATE INDEX passages_by_vector ON passages (vector)",
)

CLEARED_BY_REBUILD = (
    "tags",
    "names",
    "acronyms",
    "note_links",
    "passages",
    "notes",
    "findings",
    "files",
    "vectors",
    "probes",
    "segments",
    "meta",
)
