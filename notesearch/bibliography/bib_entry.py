"""An entry of a BibTeX file, and what it says of its paper in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from notesearch.bibliography.bib_names import read_names
from notesearch.bibliography.latex_text import plain_address, plain_text
from notesearch.person_names import PersonName
from notesearch.spelling import normalise_paper, paper_id

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
# Where exports name a preprint that has no field for its id: `arXiv preprint arXiv:2305.18290`.
_PREPRINT_FIELDS = ("journal", "journaltitle", "number", "howpublished", "note", "volume")
_SCHEMES = {"pubmed": "pubmed", "pmid": "pubmed", "pmcid": "pmc"}


@dataclass(frozen=True, slots=True)
class BibEntry:
    """An entry as its file has it: its key and fields are the person's own."""

    kind: str  # in small letters: inproceedings
    key: str
    # Names in small letters; values are LaTeX with balanced braces, on one line, and the strings of
    # their file are put in. A month is its BibTeX name, as in jan.
    fields: tuple[tuple[str, str], ...]
    path: str  # of the file
    line: int

    def field(self, *names: str) -> str:
        """Return the value of the first of some fields that the entry has, else ""."""
        for name in names:
            for other, value in self.fields:
                if other == name:
                    return value
        return ""

    def text(self, *names: str) -> str:
        """Return such a value in plain text."""
        return plain_text(self.field(*names))

    def address(self, *names: str) -> str:
        """Return such a value as an address or an id."""
        return plain_address(self.field(*names))

    @property
    def title(self) -> str:
        """The title, with the subtitle that biblatex has in a field of its own."""
        title, subtitle = self.text("title"), self.text("subtitle")
        return f"{title.rstrip(':')}: {subtitle}" if title and subtitle else title

    @property
    def date(self) -> tuple[int, ...]:
        """Year, month and day, as far as they are known; of a span of time its first day."""
        parts = re.match(r"([12]\d{3})(?:-(\d\d))?(?:-(\d\d))?(?![\d-])", self.field("date"))
        if parts:
            return tuple(int(part) for part in parts.groups() if part)
        year = _YEAR.search(self.field("year", "date"))
        if year is None:
            return ()
        month = self.field("month").lower()
        number = int(month) if month.isdecimal() and len(month) < 3 else 0
        number = number or (_MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else 0)
        return (int(year[0]), number) if 1 <= number <= 12 else (int(year[0]),)

    @property
    def year(self) -> int | None:
        """The year in which it was published."""
        return self.date[0] if self.date else None

    def names(self, *fields: str) -> tuple[tuple[PersonName, ...], bool]:
        """Return the names in a field, and whether `others` follow."""
        return read_names(self.field(*fields))

    @property
    def ids(self) -> tuple[str, ...]:
        """What identifies the paper, spelled as the notes' ids are; each once."""
        return tuple(dict.fromkeys(filter(None, self._ids())))

    def _ids(self) -> Iterator[str | None]:
        yield normalise_paper(self.address("doi"))
        kind = self.field("eprinttype", "archiveprefix").lower()
        if kind in ("arxiv", ""):
            yield _of_arxiv(self.address("eprint"))
        elif kind in _SCHEMES:
            yield normalise_paper(f"{_SCHEMES[kind]}:{self.address('eprint')}")
        for name in ("pmid", "pmcid"):
            if value := self.address(name):
                yield normalise_paper(f"{_SCHEMES[name]}:{value.upper().removeprefix('PMC')}")
        yield paper_id(self.address("url"))
        for name in _PREPRINT_FIELDS:
            if "arxiv" in (value := self.field(name)).lower():
                yield paper_id(plain_text(value))


def _of_arxiv(eprint: str) -> str | None:
    found = normalise_paper(eprint)
    return found if found and found.startswith("arxiv:") else None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
