"""Gather notes by the papers that they are on, whatever each of them calls its paper.

Notes are on one paper where they name the same id (`spelling.py` makes an arXiv id and its DOI
one), or have the same title, unless years or ids say otherwise, or where the person keeps one entry
for them. Notes with the same text are on one as well, however short their title.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from notesearch.bibliography.bib_entry import BibEntry
from notesearch.bibliography.known_entries import Bibliography
from notesearch.citation_keys import give_keys
from notesearch.index.snapshot import Snapshot, StoredNote
from notesearch.person_names import PersonName, split_name, without_et_al
from notesearch.query.filters import Filter
from notesearch.records import NoteKind
from notesearch.spelling import normalise_name

_ALL = 1_000_000_000
# A preprint and its publication are often of two years.
_YEARS_APART = 1
# Fewer words may be the title of two papers, or of none: `A Survey`.
_FEWEST_WORDS = 4
# What notes put beside a title: a venue with its year, and nothing else.
_VENUE = r"(?:[A-Za-z]{2,20}[\s'’-]{0,2}(?:19|20)?\d\d|(?:19|20)\d\d[\s-]{0,2}[A-Za-z]{2,20})"
_VENUE_BEFORE = re.compile(rf"\A\[{_VENUE}\]\s*(?=\S)")
_VENUE_BEHIND = re.compile(rf"(?<=\S)\s+[(\[]{_VENUE}[)\]]\Z")
_SYMBOLS = ("So", "Mn", "Cf")  # emoji, with what may follow one
_SCHEMES = ("arxiv", "doi")  # the first to be named


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper with all notes on it, and what these say about it."""

    key: str  # of its entry among references: rafailov2023direct
    ids: tuple[str, ...]  # as in "arxiv:2305.18290"; () where no note has one
    title: str
    year: int | None
    authors: tuple[str, ...]
    and_others: bool  # the notes name the first authors alone
    link: str | None  # that a note without an id gives
    notes: tuple[StoredNote, ...]  # the newest first
    copies: tuple[str, ...] = ()  # the ids of those that have the same text as one before them
    entry: BibEntry | None = None  # of the person's own .bib file

    @property
    def names(self) -> tuple[PersonName, ...]:
        """The authors, their names taken apart as far as it is known how."""
        own, _ = self.entry.names("author") if self.entry else ((), False)
        return own or tuple(map(split_name, self.authors))


@dataclass(slots=True)
class _Group:
    """Notes that are on one paper, as far as is known."""

    notes: list[StoredNote] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)

    def add(self, notes: Iterable[StoredNote]) -> None:
        for note in notes:
            self.notes.append(note)
            self.ids.update({note.paper} if note.paper else ())
            self.years.update({note.year} if note.year else ())


def find_papers(
    snapshot: Snapshot, where: Filter | None, kept: Bibliography | None = None
) -> list[Paper]:
    """Return the papers of the notes that a filter lets through, each with all notes on it.

    Their order is that of the notes, the newest first. `kept` has the person's own entries.
    """
    gathered = _gather(snapshot, kept or Bibliography())
    papers = list(filter(_is_a_paper, gathered))
    if where is not None:
        wanted = {note.note_id for note in snapshot.list_notes(where, _ALL)}
        papers = [one for one in papers if any(note.note_id in wanted for note in one.notes)]
    return [_with_copies(snapshot, paper) for paper in papers]


def papers_of_notes(
    snapshot: Snapshot, note_ids: Sequence[str], kept: Bibliography | None = None
) -> list[Paper]:
    """Return the paper of each note; of a note that is on none, what can be cited of the note."""
    by_note = {
        note.note_id: paper
        for paper in _gather(snapshot, kept or Bibliography())
        for note in paper.notes
    }
    return [_with_copies(snapshot, by_note[note_id]) for note_id in note_ids]


def number_papers(snapshot: Snapshot, notes: Sequence[StoredNote]) -> dict[str, int]:
    """Return a number for each note, by its id, that the notes on one paper share."""
    groups = _groups(notes, partial(_text_of, snapshot))
    return {note.note_id: number for number, group in enumerate(groups) for note in group.notes}


def _is_a_paper(gathered: Paper) -> bool:
    """Return whether any of the notes says that it is on a paper, and is no page of others."""
    return gathered.notes[0].kind is not NoteKind.INDEX_PAGE and bool(
        gathered.ids or gathered.year or gathered.authors or gathered.entry
    )


def _gather(snapshot: Snapshot, kept: Bibliography) -> list[Paper]:
    """Gather all notes, those that are on no paper too, so that no two ever have one key."""
    notes = snapshot.list_notes(None, _ALL)
    order = {note.note_id: number for number, note in enumerate(notes)}
    pages = [note for note in notes if note.kind is NoteKind.INDEX_PAGE]
    others = [note for note in notes if note.kind is not NoteKind.INDEX_PAGE]
    gathered = []
    by_entry = _by_entry(_groups(others, partial(_text_of, snapshot)), kept)
    for group, entry in (*by_entry, *((_group_of([page]), None) for page in pages)):
        group.notes.sort(key=lambda note: order[note.note_id])
        gathered.append(_paper_of(group, entry))
    gathered.sort(key=lambda paper: order[paper.notes[0].note_id])
    return give_keys(gathered, kept.keys)


def _by_entry(
    groups: Iterable[_Group], kept: Bibliography
) -> Iterator[tuple[_Group, BibEntry | None]]:
    """Join the groups that one entry is of, and yield each with its entry."""
    of_entries: dict[tuple[str, int, str], tuple[_Group, BibEntry]] = {}
    for group in groups:
        entry = kept.entry_of(group.notes) if kept else None
        if entry is None:
            yield group, None
            continue
        of_entry, _ = of_entries.setdefault((entry.path, entry.line, entry.key), (group, entry))
        if of_entry is not group:
            of_entry.add(group.notes)
    yield from of_entries.values()


def _groups(
    notes: Sequence[StoredNote], text_of: Callable[[StoredNote], Hashable]
) -> Iterator[_Group]:
    """Gather notes by their ids, and then by their titles."""
    by_id: dict[str, list[StoredNote]] = defaultdict(list)
    for note in notes:
        by_id[note.paper or f"note {note.note_id}"].append(note)
    groups = dict(enumerate(map(_group_of, by_id.values())))
    merged_into: dict[int, int] = {}
    by_title: dict[str, dict[int, None]] = defaultdict(dict)
    for number, group in groups.items():
        for note in group.notes:
            by_title[normalise_name(note.title)][number] = None
    for title, numbers in by_title.items():
        if not title or len(numbers) < 2:
            continue
        now = list(dict.fromkeys(_last_of(number, merged_into) for number in numbers))
        for number, other in _same_papers(title, now, groups, text_of):
            groups[number].add(groups.pop(other).notes)
            merged_into[other] = number
    yield from groups.values()


def _last_of(number: int, merged_into: dict[int, int]) -> int:
    while number in merged_into:
        number = merged_into[number]
    return number


def _same_papers(
    title: str,
    numbers: Sequence[int],
    groups: dict[int, _Group],
    text_of: Callable[[StoredNote], Hashable],
) -> Iterator[tuple[int, int]]:
    """Yield which of some groups with one title are to be joined to which.

    A group that has been joined meanwhile is asked with all that it then holds.
    """
    named = [number for number in numbers if groups[number].ids]
    unnamed = [number for number in numbers if not groups[number].ids]
    is_long = any(
        len(note.title.split()) >= _FEWEST_WORDS
        for number in numbers
        for note in groups[number].notes
        if normalise_name(note.title) == title
    )
    kept = named[:1]
    for number in named[1:]:
        same = next((one for one in kept if is_long and _may_be_one(groups, one, number)), None)
        if same is None:
            kept.append(number)
        else:
            yield same, number
    if len(kept) == 1 or (not kept and is_long):
        first = kept[0] if kept else unnamed[0]
        for number in unnamed:
            if number != first and _may_be_one(groups, first, number):
                yield first, number
    elif not kept:  # a short title alone says nothing, with the same text it does
        by_text: dict[Hashable, int] = {}
        for number in unnamed:
            if groups[number].years or any(note.authors for note in groups[number].notes):
                first = by_text.setdefault(text_of(groups[number].notes[0]), number)
                if first != number:
                    yield first, number


def _may_be_one(groups: dict[int, _Group], one: int, other: int) -> bool:
    """Return whether neither years nor ids say that two groups are on different papers."""
    first, second = groups[one], groups[other]
    schemes = [{name.partition(":")[0] for name in group.ids} for group in (first, second)]
    if schemes[0] & schemes[1]:
        return False
    if not (first.years and second.years):
        return True
    return min(abs(a - b) for a in first.years for b in second.years) <= _YEARS_APART


def _group_of(notes: Iterable[StoredNote]) -> _Group:
    group = _Group()
    group.add(notes)
    return group


def _paper_of(group: _Group, entry: BibEntry | None) -> Paper:
    """Put together what is said of a paper: by its entry, or else by the note that says it best."""
    by_title: dict[str, int] = defaultdict(int)
    for note in group.notes:
        by_title[normalise_name(note.title)] += 1
    best = sorted(
        group.notes,
        key=lambda note: (
            note.kind is not NoteKind.NOTE,  # a part of a digest often has a nickname for a title
            not note.authors,
            -by_title[normalise_name(note.title)],
            note.note_id,
        ),
    )
    lists = [without_et_al(note.authors) for note in best]
    authors, and_others = max(lists, key=lambda found: (len(found[0]), not found[1]))
    links = (link for note in best for link in note.links[:1])
    paper = Paper(
        key="",
        ids=tuple(sorted(group.ids, key=_by_scheme)),
        title=_without_venue(" ".join(best[0].title.split())),
        year=next((note.year for note in best if note.year), None),
        authors=authors,
        and_others=and_others,
        link=None if group.ids else next(links, None),
        notes=tuple(group.notes),
    )
    return with_entry(paper, entry) if entry else paper


def _without_venue(title: str) -> str:
    """Return a title without what is no part of it: `[2019 NSDI]`, `(CVPR 2017)`, an emoji."""
    bare = _VENUE_BEFORE.sub("", title)
    bare = _VENUE_BEHIND.sub("", bare)
    while bare and unicodedata.category(bare[0]) in _SYMBOLS:
        bare = bare[1:].lstrip()
    if bare.count("]") > bare.count("["):
        bare = bare.removesuffix("]")
    return bare or title


def with_entry(paper: Paper, entry: BibEntry) -> Paper:
    """Return a paper as the person's own entry has it; notes say what that leaves out.

    What somebody keeps for citing is looked after: titles of notes are often nicknames, and their
    years those of the preprint.
    """
    names, and_others = entry.names("author")
    known = (identity for identity in entry.ids if identity.partition(":")[0] in _SCHEMES)
    ids = tuple(sorted({*paper.ids, *known}, key=_by_scheme))
    return replace(
        paper,
        entry=entry,
        ids=ids,
        title=entry.title or paper.title,
        year=entry.year or paper.year,
        authors=tuple(name.in_text for name in names) or paper.authors,
        and_others=and_others if names else paper.and_others,
        link=None if ids else entry.address("url") or paper.link,
    )


def _by_scheme(identity: str) -> tuple[int, str]:
    scheme = identity.partition(":")[0]
    return (_SCHEMES.index(scheme) if scheme in _SCHEMES else len(_SCHEMES), identity)


def _with_copies(snapshot: Snapshot, paper: Paper) -> Paper:
    """Compare the texts of the notes on one paper."""
    if len(paper.notes) == 1:
        return paper
    seen: set[tuple[str, ...]] = set()
    copies = []
    for note in paper.notes:
        text = _text_of(snapshot, note)
        if text and text in seen:
            copies.append(note.note_id)
        seen.add(text)
    return replace(paper, copies=tuple(copies))


def _text_of(snapshot: Snapshot, note: StoredNote) -> tuple[str, ...]:
    return tuple(
        stored.passage.text
        for number in snapshot.find_notes(note.note_id)
        for stored in snapshot.passages_of_note(number)
    )
