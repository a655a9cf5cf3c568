"""What flows between the stages: frozen values of the reader's own words.

A corpus is a folder of note files. A note is what one person wrote on one paper: a file,
or a part of a digest. A passage is a piece of a note that fits the model. A hit is a
passage with its score. This module uses the standard library alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, NamedTuple


class NoteKind(Enum):
    """What a stretch of a file is, which decides how it ranks."""

    NOTE = "note"
    DIGEST_PART = "digest part"
    INDEX_PAGE = "index page"
    ADDED = "added"  # in no file: a program handed it in


class Role(Enum):
    """What a section is for, so that a question can be put to the limitations alone."""

    TLDR = "tldr"
    SUMMARY = "summary"
    ABSTRACT = "abstract"
    MOTIVATION = "motivation"
    KEY_IDEAS = "key ideas"
    METHOD = "method"
    RESULTS = "results"
    HIGHLIGHTS = "highlights"
    STRENGTHS = "strengths"
    LIMITATIONS = "limitations"
    THOUGHTS = "thoughts"
    RELATED = "related"
    NEXT_STEPS = "next steps"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd in a file, or the reason why a file or folder is skipped."""

    path: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A note file as its folder lists it, not opened yet."""

    path: str  # relative to the corpus, with forward slashes
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The note files of a corpus in the order of their paths, and what could not be listed."""

    files: tuple[ListedFile, ...]
    skipped: tuple[Finding, ...] = ()  # files, or folders with all that is below them
    # The paths of those that a setting leaves out: what they held before goes from an index.
    left_out: frozenset[str] = frozenset()
    # All that were walked, in their order, with a slash at the end; "" is the corpus itself.
    folders: tuple[str, ...] = ()


class Block(NamedTuple):
    """Lines that belong together, as positions in their note's `lines`; children tile it.

    No dataclass: a note has hundreds, and a tuple is made in a third of the time.
    """

    kind: str  # "heading", "paragraph", "list", "item", "quote", "table", "row", "code", "math", …
    start: int
    end: int  # exclusive
    children: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, up to the next heading of any level."""

    headings: tuple[str, ...]  # the heading path below the title, outermost first; () before any
    roles: tuple[Role, ...]
    blocks: tuple[Block, ...]  # the heading first; the sections of a note tile its lines


class LinkKind(Enum):
    """How a link to another note is written."""

    WIKILINK = "wikilink"  # [[note]], [[note#heading|shown]]
    EMBED = "embed"  # ![[note]]
    MARKDOWN = "markdown"  # [shown](note.md)
    ORG = "org"  # [[file:note.org][shown]], [[id:…]]
    RST = "rst"  # :doc:`note`, :ref:`label`
    CITATION = "citation"  # @rafailov2023, to the note on the paper of that key
    PAPER = "paper"  # an address or id of the paper that another note is on


class NoteLink(NamedTuple):
    """A link to another note, as a note has it; what it leads to is found when it is asked for."""

    kind: LinkKind
    target: str  # as written, without the words shown: "dpo#Limits", "../rl/dpo.md", "id:7f3a",
    # "doc:../dpo", "ref:limits", "@rafailov2023", "arxiv:2305.18290"
    line: int  # in the file, counted from 1
    sentence: str  # that it stands in, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a note says about itself and its paper. A new fact is a new field here."""

    tags: tuple[str, ...] = ()  # as written
    folder_tags: tuple[str, ...] = ()  # outermost first
    date: str | None = None  # of the note, as precise as written: 2026-05-12, 2020-06, 2018
    year: int | None = None  # of the paper
    paper: str | None = None  # "arxiv:2305.18290", "doi:10.18653/v1/p17-1001", …
    links: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    # Acronyms with their long forms, in lower case: ("dpo", "direct preference optimization").
    acronyms: tuple[tuple[str, str], ...] = ()


def facts_of(note: Facts) -> dict[str, Any]:
    """Return the facts of a note alone, by their names."""
    return {field.name: getattr(note, field.name) for field in fields(Facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Facts):
    """What one person wrote on one paper."""

    id: str  # "notes/dpo.md", or "digest.md#direct-preference-optimization" for a part
    path: str  # relative to the corpus, with forward slashes; of an added note its id
    title: str
    kind: NoteKind
    line_start: int  # in the file, counted from 1, front matter included
    line_end: int
    lines: tuple[str, ...]  # the body as shown: no front matter, and HTML without its tags
    markup: tuple[str, ...]  # the same lines as Markdown: `lines` itself unless org or rst
    line_numbers: Sequence[int]  # the line in the file of each of `lines`
    sections: tuple[Section, ...]
    note_links: tuple[NoteLink, ...] = ()
    link_ids: tuple[str, ...] = ()  # by which others link to it: ids of org, labels of rst


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedNote:
    """A note that is no file, as a program hands it in."""

    id: str  # stands where a file has its path
    text: str  # Markdown, with or without front matter
    title: str | None = None  # None: as the text has it
    tags: Sequence[str] = ()  # beside those in the text
    date: str | None = None  # ISO 8601, as precise as it is known; None: as the text has it


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one note, sized for the model that embeds it."""

    id: str  # 16 hex digits from the note's id and the text: the same text keeps its id
    note_id: str
    section: tuple[str, ...]  # heading path
    roles: tuple[Role, ...]  # of that section, then of short ones beside it
    line_start: int
    line_end: int
    text: str  # as the file has it
    search_text: str  # what is embedded and searched by words: title, then words
    tokens: int  # of search_text


@dataclass(frozen=True, slots=True)
class FileStamp:
    """The very bytes of a file that were read, and how the file stood meanwhile."""

    hash: str
    size: int
    mtime_ns: int
    steady: bool  # size and times were the same before and after


@dataclass(frozen=True, slots=True)
class FileReading:
    """What the reading makes of one file: notes, or the reason why there are none."""

    path: str
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: Finding | None = None
    stamp: FileStamp | None = None  # None where the file could not be opened


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file's reading with the passages of its notes, ready for the index."""

    reading: FileReading
    passages: tuple[tuple[Passage, ...], ...] = ()  # of each note of the reading, in its order


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the text of a hit stands too: a copy of its note, or a note that quotes the same."""

    note_id: str
    path: str
    line_start: int
    line_end: int

    def __str__(self) -> str:
        return place_in(self.path, self.line_start, self.line_end)


def place_in(path: str, line_start: int, line_end: int) -> str:
    """Write lines of a file as they are named to people: `alignment/dpo.md:13-18`."""
    return f"{path}:{line_start}" + (f"-{line_end}" if line_end > line_start else "")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage as an answer; the fields and their order are those of the JSON."""

    rank: int  # from 1
    # What the hits are ranked by: from 0 to 1, in dense mode the cosine, reranked a probability.
    score: float
    cosine: float | None  # None in lexical mode, which loads no model
    bm25: float | None  # of the passage; None where it has none of the words, and in dense mode
    title: str
    path: str  # relative to the corpus, with forward slashes
    line_start: int
    line_end: int
    section: tuple[str, ...]  # heading path
    roles: tuple[Role, ...]
    tags: tuple[str, ...]  # written tags, then those of the folders
    date: str | None
    year: int | None
    paper: str | None
    note_id: str
    passage_id: str
    text: str  # as the file has it
    weak: bool  # nothing relevant was found, and this is the nearest
    copies: tuple[Copy, ...] = ()  # the same text in other notes, which take no rank for it
    kind: NoteKind = NoteKind.NOTE  # of its note
    commit: str | None = None  # the hash of the one that was asked; None: the notes as they are
