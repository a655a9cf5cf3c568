"""Read the entries of a BibTeX file, whatever else is in it.

No library: for what is 200 lines here, everybody would install bibtexparser and pylatexenc, which
take three times as long. The tests compare both. A mistake costs its entry alone. The file is
somebody else's text: no function calls itself, no place is read twice, and strings do not grow
without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.bibliography.bib_entry import BibEntry
from notesearch.records import Finding

MONTHS = {
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "may": "May",
    "jun": "June", "jul": "July", "aug": "August", "sep": "September", "oct": "October",
    "nov": "November", "dec": "December",
}  # fmt: skip
# An entry that does not end goes no further than the next that begins on a line of its own.
_NEXT_ENTRY = re.compile(r"^[ \t]*@[ \t]*[A-Za-z]+[ \t]*[{(]", re.MULTILINE)
_OPENING = re.compile(r"(?<![\w.])@\s*([A-Za-z][\w-]{0,60})\s*([{(])")
_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"\s*([^\s,{}\"#%~\\=]+)\s*(?=[,})])")
_FIELD = re.compile(r"[\s,]*([A-Za-z_][\w:.+/-]*)\s*=\s*", re.ASCII)
_CLOSING = re.compile(r"[\s,]*[})]")
_STRING_NAME = re.compile(r"[^\s\"#%'(),={}]+")
_IN_BRACES = re.compile(r"[{}]")
_IN_QUOTES = re.compile(r"[{}\"]")
_MOST_FIELDS = 200  # of an entry; biblatex knows some 150
_LONGEST_INDENT = 200  # before an entry, that is looked at for a %
_NO_ENTRIES = ("comment", "preamble")


class _EntryError(Exception):
    """What is wrong with an entry, and where."""

    def __init__(self, at: int, reason: str) -> None:
        self.at = at
        self.reason = reason


def read_bib(text: str, path: str) -> tuple[list[BibEntry], list[Finding]]:
    """Return the entries of a file in their order, and what could not be read of it."""
    reader = _Reader(text, path)
    return list(reader.entries()), reader.findings


class _Reader:
    """One pass over a file."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._strings: dict[str, str] = dict(MONTHS)
        # What strings may add: one of a strings of b strings and so on doubles with each line.
        self._room = 2 * len(text) + 10_000
        self._counted = (0, 1)  # a place in the text, and its line
        self.findings: list[Finding] = []

    def entries(self) -> Iterator[BibEntry]:
        starts = [found.start() for found in _NEXT_ENTRY.finditer(self._text)]
        for start, end in zip([0, *starts], [*starts, len(self._text)], strict=True):
            at = start
            while opening := _OPENING.search(self._text, at, end):
                at = opening.end()
                if self._is_commented_out(opening.start()):
                    continue
                try:
                    entry, at = self._entry(opening, end)
                except _EntryError as fault:
                    last = opening.end() + len(self._text[opening.end() : end].rstrip()) - 1
                    self._report(min(fault.at, last), f"{fault.reason}; the entry is left out")
                    break
                if entry:
                    yield entry

    def _is_commented_out(self, at: int) -> bool:
        """Return whether a % stands before an entry on its line, as biber reads it."""
        before = self._text[max(at - _LONGEST_INDENT, 0) : at]
        return "%" in before.rpartition("\n")[2]

    def _entry(self, opening: re.Match[str], end: int) -> tuple[BibEntry | None, int]:
        """Return the entry that begins here, none of strings and comments, and where it ends."""
        kind, at = opening[1].lower(), opening.end()
        if kind in _NO_ENTRIES:
            return None, self._end_of_braces(at, end) if opening[2] == "{" else end
        if kind == "string":
            fields, at = self._fields(at, end)
            self._strings.update(fields)
            return None, at
        key = _KEY.match(self._text, at, end)
        if key is None:
            raise _EntryError(at, f"an entry @{kind} without a key")
        line = self._line(opening.start())
        fields, at = self._fields(key.end(), end)
        if len(fields) > _MOST_FIELDS:
            raise _EntryError(opening.start(), f"an entry with more than {_MOST_FIELDS} fields")
        values = ((name, " ".join(value.split())) for name, value in fields.items())
        whole = tuple((name, value) for name, value in values if value)
        return BibEntry(kind, key[1], whole, self._path, line), at

    def _fields(self, at: int, end: int) -> tuple[dict[str, str], int]:
        """Return fields with their values, the first of two that are called alike, and the end."""
        fields: dict[str, str] = {}
        while field := _FIELD.match(self._text, at, end):
            value, at = self._value(field.end(), end)
            fields.setdefault(field[1].lower(), value)
        closing = _CLOSING.match(self._text, at, end)
        if closing is None:
            raise _EntryError(at, "no field name = {value}, and no } that ends the entry")
        return fields, closing.end()

    def _value(self, at: int, end: int) -> tuple[str, int]:
        """Return a value, its parts joined, and where it ends."""
        parts = []
        start = at
        while True:
            part, at = self._part(at, end)
            parts.append(part)
            at = self._after_space(at, end)
            if at >= end or self._text[at] != "#":
                break
            at = self._after_space(at + 1, end)
        name = self._text[start : start + 3].lower()
        if len(parts) == 1 and MONTHS.get(name) == parts[0] == self._strings[name]:
            return name, at  # which styles write in their own way
        return "".join(parts), at

    def _part(self, at: int, end: int) -> tuple[str, int]:
        sign = self._text[at : at + 1] if at < end else ""
        if sign == "{":
            after = self._end_of_braces(at + 1, end)
            return self._text[at + 1 : after - 1], after
        if sign == '"':
            after = self._end_of_quotes(at + 1, end)
            return self._text[at + 1 : after - 1], after
        name = _STRING_NAME.match(self._text, at, end)
        if name is None:
            raise _EntryError(at, "a field without a value")
        if name[0].isdecimal():
            return name[0], name.end()
        return self._string(name[0], at), name.end()

    def _string(self, name: str, at: int) -> str:
        value = self._strings.get(name.lower())
        if value is None:
            self._report(at, f"the string {name[:60]} is not defined; its field goes without it")
            return ""
        self._room -= len(value)
        if self._room < 0:
            self._report(at, "strings that grow beyond the file; its field goes without them")
            return ""
        return value

    def _end_of_braces(self, at: int, end: int) -> int:
        depth = 1
        for found in _IN_BRACES.finditer(self._text, at, end):
            depth += 1 if found[0] == "{" else -1
            if not depth:
                return found.end()
        raise _EntryError(at - 1, "a { that is not closed before the next entry")

    def _end_of_quotes(self, at: int, end: int) -> int:
        depth = 0
        for found in _IN_QUOTES.finditer(self._text, at, end):
            if found[0] == '"' and not depth:
                return found.end()
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if depth < 0:
                raise _EntryError(found.start(), "a } inside of quotes that closes nothing")
        raise _EntryError(at - 1, 'a " that is not closed before the next entry')

    def _after_space(self, at: int, end: int) -> int:
        space = _SPACE.match(self._text, at, end)
        return space.end() if space else at

    def _report(self, at: int, reason: str) -> None:
        self.findings.append(Finding(self._path, self._line(at), reason))

    def _line(self, at: int) -> int:
        """Return the line of a place; places are mostly asked for in their order."""
        before, line = self._counted if self._counted[0] <= at else (0, 1)
        line += self._text.count("\n", before, at)
        self._counted = (at, line)
        return line
