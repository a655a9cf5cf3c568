"""Make of a note with its passages the points that an engine keeps, and read them back.

What a filter asks of a note stands on each of its passages too, so that the engine can apply it
while it searches.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.index.journal import as_vector
from notesearch.index.known_names import names_of, other_name_words
from notesearch.index.qdrant.engine_client import MEANING, WORDS, Payload
from notesearch.index.qdrant.engine_state import ENDLESS, TITLE_WEIGHT
from notesearch.index.qdrant.word_coding import Columns, code_text, weigh
from notesearch.index.snapshot import ColumnWeights, NewPart, NoteNames, StoredNote, StoredPassage
from notesearch.index.stored_facts import checked_facts
from notesearch.records import LinkKind, Note, NoteKind, NoteLink, Passage, Role, facts_of
from notesearch.spelling import normalise_tag, tag_and_parents

# Of BM25, as an index on disk has them; the contract tests of both compare the scores.
K1 = 1.2
B = 0.75
_LEAST_RARITY = 1e-6
_MODEL_BYTES = 8

WEIGHTS = ColumnWeights(title=TITLE_WEIGHT)
OF_PASSAGE = (WEIGHTS.title, WEIGHTS.section, WEIGHTS.body)
_OF_NAMES = (WEIGHTS.title, WEIGHTS.other_names)
SECTION_SEPARATOR = "\x1f"
PAIR_SEPARATOR = "\x1f"
Lengths = TypeVar("Lengths", float, NDArray[np.float64])
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")

# What a hit and what a list is made of, without what only filters ask.
PASSAGE_KEYS = (
    "note",
    "passage_id",
    "section",
    "roles",
    "line_start",
    "line_end",
    "text",
    "search_text",
    "tokens",
)
NOTE_KEYS = ("note_id", "path", "title", "kind", "line_start", "line_end", "facts")
NAME_KEYS = ("note_id", "path", "title", "line_start", "facts", "paper", "link_ids")


@dataclass(frozen=True, slots=True)
class Means:
    """How long a passage and a note are on average, in tokens."""

    of_passages: float
    of_notes: float


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note that is to be written, with the words of its names and of its passages."""

    note: Note
    passages: Sequence[Passage]
    vectors: Sequence[bytes]  # float16 rows of its passages
    text_hashes: Sequence[bytes]
    embedder: str  # fingerprint of the model that made them
    first_seen_s: int
    parts: Sequence[NewPart]  # of each passage, what is new
    names: Columns
    texts: Sequence[Columns]


@dataclass(frozen=True, slots=True)
class NotePoints:
    """The points of one note."""

    note: models.PointStruct
    passages: list[models.PointStruct]
    tokens: int


def name_texts(note: Note) -> tuple[str, str]:
    """Return what the words of a note's names are made of."""
    return note.title, " ".join(other_name_words(note))


def passage_texts(passage: Passage) -> tuple[str, str, str]:
    """Return what the words of a passage are made of: title, section and body."""
    title, newline, body = passage.search_text.partition("\n")
    section = SECTION_SEPARATOR.join(passage.section)
    return (title, section, body) if newline else ("", section, title)


def make_points(
    new: NewNote,
    numbers: Mapping[str, int],
    means: Means,
    *,
    note_number: int,
    first_passage: int,
    generation: int,
) -> NotePoints:
    """Return the points of a note, by the numbers of its words."""
    asked = {**_asked_by_filters(new.note), "since": generation, "until": ENDLESS}
    coded = [[[numbers[word] for word in column] for column in text] for text in new.texts]
    passages = [
        models.PointStruct(
            id=first_passage + place,
            vector={
                MEANING: as_vector(row).tolist(),
                WORDS: impacts(weigh(columns, OF_PASSAGE), passage.tokens, means.of_passages),
            },
            payload={
                **asked,
                "note": note_number,
                "roles": [role.value for role in passage.roles],
                "passage_id": passage.id,
                "vector_of": vector_key(new.embedder, text_hash),
                "lot": lot_of(passage.id),
                "section": list(passage.section),
                "line_start": passage.line_start,
                "line_end": passage.line_end,
                "text": passage.text,
                "search_text": passage.search_text,
                "tokens": passage.tokens,
                "words": code_text(columns),
                "first_seen": part.first_seen_s,
                "new_start": part.start,
                "new_end": part.end,
            },
        )
        for place, (passage, row, text_hash, part, columns) in enumerate(
            zip(new.passages, new.vectors, new.text_hashes, new.parts, coded, strict=True)
        )
    ]
    tokens = sum(max(passage.tokens, 1) for passage in new.passages)
    return NotePoints(
        models.PointStruct(
            id=note_number,
            vector={WORDS: impacts(_weigh_note(new, numbers, coded), tokens, means.of_notes)},
            payload={
                **asked,
                **_kept_of_note(new.note),
                "first_passage": first_passage,
                "passages": len(passages),
                "first_seen": new.first_seen_s,
                "sizes": [max(passage.tokens, 1) for passage in new.passages],
            },
        ),
        passages,
        tokens,
    )


def _weigh_note(
    new: NewNote, numbers: Mapping[str, int], coded: Sequence[Sequence[Sequence[int]]]
) -> dict[int, float]:
    """Count the words of a note's names, and of the texts of its passages."""
    if not coded:  # a note of nothing but a title has no passage to be found
        return {}
    names = [[numbers[word] for word in column] for column in new.names]
    bodies = [columns[-1] for columns in coded]
    return weigh([*names, *bodies], [*_OF_NAMES, *[WEIGHTS.body] * len(bodies)])


def impacts(frequencies: Mapping[int, float], tokens: int, mean: float) -> models.SparseVector:
    """Return what each word of a text adds to its BM25, where the word's rarity is left out."""
    damping = damping_of(max(tokens, 1), mean)
    words = sorted(frequencies)
    values = [frequencies[word] * (K1 + 1) / (frequencies[word] + damping) for word in words]
    return models.SparseVector(indices=words, values=values)


def weighed_anew(
    vector: models.SparseVector, tokens: int, mean: float, before: float
) -> models.SparseVector:
    """Return the impacts of a text for another mean length than they were made for."""
    damping = damping_of(max(tokens, 1), before)
    frequencies = {
        word: value * damping / (K1 + 1 - value)
        for word, value in zip(vector.indices, vector.values, strict=True)
    }
    return impacts(frequencies, tokens, mean)


def damping_of(tokens: Lengths, mean: float) -> Lengths:
    """Return what is added to how often a text has a word, below the line of BM25."""
    return K1 * (1 - B + B * tokens / mean)


def rarity_of(having: int, count: int) -> float:
    """Return what a word counts that so many of all texts have."""
    return max(math.log((count - having + 0.5) / (having + 0.5)), _LEAST_RARITY)


def vector_key(embedder: str, text_hash: bytes) -> str:
    """Name the vector of a text by a model: the end is the hash of the text."""
    model = hashlib.blake2b(embedder.encode(), digest_size=_MODEL_BYTES).hexdigest()
    return model + text_hash.hex()


def text_hash_in(key: str) -> bytes:
    """Return the hash of the text that a key of a vector is of."""
    return bytes.fromhex(key[2 * _MODEL_BYTES :])


def lot_of(passage_id: str) -> int:
    """Return a number by which some passages can be chosen that are like all: 31 bits."""
    digest = hashlib.blake2b(passage_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


# ---------------------------------------------------------------- what filters and lists ask


def _asked_by_filters(note: Note) -> Payload:
    """Return what a filter asks of a note; what it does not have is left out."""
    folders = note.path.split("/")[:-1]
    tags = {form for tag in _all_tags(note) for form in tag_and_parents(normalise_tag(tag))}
    values: Payload = {
        "path": note.path,
        "note_id": note.id,
        # Itself, and each folder above it, whole and by its last name.
        "places": [
            note.path,
            *("/".join(folders[:depth]) + "/" for depth in range(1, len(folders) + 1)),
        ],
        "parts": note.path.split("/"),
        "kind": note.kind.value,
        "tags": sorted(tags),
        "year": note.year,
        "paper": note.paper,
        **day_range(note.date),
    }
    return {key: value for key, value in values.items() if value not in (None, [])}


def day_range(date: str | None) -> dict[str, int]:
    """Return the first and the last day that a date may be, as numbers such as 20260500."""
    found = _DATE.fullmatch(date or "")
    if found is None:
        return {}
    year, month, day = found.groups()
    return {
        "first_day": int(f"{year}{month or '00'}{day or '00'}"),
        "last_day": int(f"{year}{month or '99'}{day or '99'}"),
    }


def _kept_of_note(note: Note) -> Payload:
    """Return what a note is besides, and what lists of notes, tags and acronyms count."""
    own, folder = map(_spellings, (note.tags, note.folder_tags))
    return {
        "title": note.title,
        "line_start": note.line_start,
        "line_end": note.line_end,
        "date": note.date,
        "facts": facts_of(note),
        "names": list(names_of(note)),
        "link_ids": list(note.link_ids),
        "links": [[link.kind.value, *link[1:]] for link in note.note_links],
        # Tags without their parents: in all forms, as written, and those of no folder.
        "whole_tags": sorted({normal for normal, _ in (*own, *folder)}),
        "written_tags": sorted(PAIR_SEPARATOR.join(pair) for pair in {*own, *folder}),
        "own_tags": sorted({normal for normal, _ in own}),
        "acronyms": [PAIR_SEPARATOR.join(pair) for pair in note.acronyms],
        "shorts": sorted({short for short, _ in note.acronyms}),
        "longs": sorted({long for _, long in note.acronyms}),
    }


def _all_tags(note: Note) -> Iterable[str]:
    return (*note.tags, *note.folder_tags)


def _spellings(tags: Sequence[str]) -> list[tuple[str, str]]:
    return [(normalise_tag(tag), tag) for tag in tags]


# ---------------------------------------------------------------- reading them back


def read_stored_note(payload: Payload) -> StoredNote:
    """Return a note; ValueError where its values are none of a note."""
    return StoredNote(
        note_id=payload["note_id"],
        path=payload["path"],
        title=payload["title"],
        kind=NoteKind(payload["kind"]),
        line_start=payload["line_start"],
        line_end=payload["line_end"],
        **checked_facts(payload["facts"]),
    )


def read_names(number: int, payload: Payload) -> NoteNames:
    """Return what a note is called."""
    facts = checked_facts(payload["facts"])
    aliases: Any = facts.get("aliases", ())
    return NoteNames(
        number,
        payload["path"],
        payload["title"],
        aliases,
        payload["line_start"],
        note_id=payload["note_id"],
        paper=payload.get("paper"),
        link_ids=tuple(payload["link_ids"]),
    )


def read_links(payload: Payload) -> list[NoteLink]:
    """Return the links of a note."""
    return [NoteLink(LinkKind(kind), *rest) for kind, *rest in payload.get("links", ())]


def read_passage(payload: Payload, note_id: str) -> Passage:
    """Return a passage."""
    return Passage(
        id=payload["passage_id"],
        note_id=note_id,
        section=tuple(payload["section"]),
        roles=tuple(map(Role, payload["roles"])),
        line_start=payload["line_start"],
        line_end=payload["line_end"],
        text=payload["text"],
        search_text=payload["search_text"],
        tokens=payload["tokens"],
    )


def read_stored_passage(number: int, payload: Payload, note: StoredNote) -> StoredPassage:
    """Return a passage with its note."""
    return StoredPassage(number, note, read_passage(payload, note.note_id))
