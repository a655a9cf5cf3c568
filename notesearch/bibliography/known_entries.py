"""Find the entry of a paper among those that the person keeps."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from notesearch.bibliography.bib_entry import BibEntry
from notesearch.index.snapshot import StoredNote
from notesearch.records import NoteKind
from notesearch.spelling import normalise_name

# Entries that hold what others have in common.
_NO_PAPERS = ("xdata", "set")
# A preprint and its publication are often of two years.
_YEARS_APART = 1
# Fewer words may be the title of two papers.
_FEWEST_WORDS = 4
# What an entry takes from the one of its volume goes by another name there.
_MOST_SHARED = 10  # entries that one takes from
_OF_VOLUME = {"title": "booktitle", "subtitle": "booksubtitle", "titleaddon": "booktitleaddon"}
_ITS_OWN = ("crossref", "xdata", "ids", "shorttitle", "label", "doi", "url", "eprint", "file")
_LONGEST_ADDRESS = 500
_MOST_ALIKE = 20  # entries with one title that are looked at
_LIKE_A_KEY = re.compile(r"(?=.*\d)(?=.*[^\W\d_])\S+")
_ADDRESS = re.compile(r"https?://(?:www\.)?([^\s#]+?)/*(?:#.*)?", re.IGNORECASE)


class Bibliography:
    """The entries that the person keeps; of two for one paper or with one key, the first."""

    def __init__(self, entries: Iterable[BibEntry] = ()) -> None:
        self._by_key: dict[str, BibEntry] = {}
        self._by_id: dict[str, BibEntry] = {}
        self._by_address: dict[str, BibEntry] = {}
        self._by_title: defaultdict[str, list[BibEntry]] = defaultdict(list)
        for entry in entries:
            self._by_key.setdefault(entry.key.casefold(), entry)
        as_written = dict(self._by_key)
        for key, entry in as_written.items():
            if entry.kind not in _NO_PAPERS:
                self._by_key[key] = whole = _with_what_it_takes(entry, as_written)
                self._add(whole)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all entries, without case: two that differ in it are one for BibTeX."""
        return frozenset(self._by_key)

    def __bool__(self) -> bool:
        """Return whether there is an entry."""
        return bool(self._by_key)

    def entry_of(self, notes: Sequence[StoredNote]) -> BibEntry | None:
        """Return the entry of the paper that some notes are on.

        A note names it by its key, by an id of the paper, by the address, or by the title: then
        year and first author must not say otherwise, and agree where the title is short.
        """
        ids = {note.paper for note in notes if note.paper}
        for entry in self._candidates(notes, ids):
            if _may_be_of(entry, ids):
                return entry
        return None

    def _candidates(self, notes: Sequence[StoredNote], ids: set[str]) -> Iterator[BibEntry]:
        keys = (key.casefold() for note in notes for key in _citation_keys(note))
        yield from (self._by_key[key] for key in keys if key in self._by_key)
        yield from (self._by_id[identity] for identity in sorted(ids) if identity in self._by_id)
        addresses = (_address(note.links[0]) for note in notes if note.links and not note.paper)
        yield from (self._by_address[one] for one in addresses if one in self._by_address)
        for note in notes:
            for entry in self._by_title.get(normalise_name(note.title), ())[:_MOST_ALIKE]:
                if _agree(entry, note):
                    yield entry

    def _add(self, entry: BibEntry) -> None:
        for identity in entry.ids:
            self._by_id.setdefault(identity, entry)
        if address := _address(entry.address("url")):
            self._by_address.setdefault(address, entry)
        if title := normalise_name(entry.title):
            self._by_title[title].append(entry)


def _with_what_it_takes(entry: BibEntry, others: Mapping[str, BibEntry]) -> BibEntry:
    """Return an entry with what it takes from others, so that it can stand without them.

    What those take in their turn is left out: a file could make an entry grow without end.
    """
    values = dict(entry.fields)
    volume, shared = values.pop("crossref", ""), values.pop("xdata", "")
    if not volume and not shared:
        return entry
    takes = [(volume, _OF_VOLUME), *((key, {}) for key in shared.split(",")[:_MOST_SHARED])]
    for key, renamed in takes:
        other = others.get(key.strip().casefold())
        for name, value in other.fields if other else ():
            if other is not entry and name not in _ITS_OWN:
                values.setdefault(renamed.get(name, name), value)
    return replace(entry, fields=tuple(values.items()))


def _citation_keys(note: StoredNote) -> Iterator[str]:
    """Return what may be a citation key among the names of a note: `@lee2020deep`, `lee2020deep`.

    The name of a file has the sign, or a letter and a digit: `survey.md` is on many papers.
    """
    yield from (alias.removeprefix("@") for alias in note.aliases)
    if note.kind is not NoteKind.DIGEST_PART:
        for name in (PurePosixPath(note.path).stem, note.title):
            if name.startswith("@") or _LIKE_A_KEY.fullmatch(name):
                yield name.removeprefix("@")


def _may_be_of(entry: BibEntry, ids: set[str]) -> bool:
    """Return whether no id of the notes is another paper's."""
    own = {identity.partition(":")[0]: identity for identity in entry.ids}
    return all(own.get(identity.partition(":")[0], identity) == identity for identity in ids) or (
        not ids.isdisjoint(entry.ids)
    )


def _agree(entry: BibEntry, note: StoredNote) -> bool:
    """Return whether year and first author of a note are those of an entry with its title."""
    names, _ = entry.names("author", "editor")
    is_same_year = is_same_author = None
    if entry.year and note.year:
        is_same_year = abs(entry.year - note.year) <= _YEARS_APART
    if names and note.authors:
        is_same_author = normalise_name(names[0].family) in normalise_name(note.authors[0])
    if is_same_year is False or is_same_author is False:
        return False
    return bool(is_same_year and is_same_author) or len(entry.title.split()) >= _FEWEST_WORDS


def _address(url: str) -> str:
    """Return an address as it is compared; "" for a home page, which is that of many papers."""
    found = _ADDRESS.fullmatch(url[:_LONGEST_ADDRESS])
    return found[1].lower() if found and "/" in found[1] else ""
