"""Take the names of a BibTeX field apart, by the rules of BibTeX: commas, braces, small letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.bibliography.latex_text import plain_text
from notesearch.person_names import PersonName

_SPLITS = {
    " and ": re.compile(r"[{}]| and (?:and )*", re.IGNORECASE),
    ",": re.compile(r"[{},]"),
    " ": re.compile(r"[{} ~]"),
}
# How biber writes a name whose parts it must not guess: `family=Lee, given=Ada`.
_NAMED_PART = re.compile(r"([a-z]+(?:-i)?)\s*=\s*(.*)", re.IGNORECASE)


def read_names(value: str) -> tuple[tuple[PersonName, ...], bool]:
    """Return the names of a field in their order, and whether it ends with `and others`."""
    parts = [part for part in _split(" ".join(value.split()), " and ") if part]
    and_others = bool(parts) and parts[-1].lower() == "others"
    names = map(_name, parts[:-1] if and_others else parts)
    return tuple(name for name in names if name.family), and_others


def _name(text: str) -> PersonName:
    parts = list(_split(text, ","))
    if named := _named_parts(parts):
        return named
    if len(parts) == 1:
        return _in_reading_order([word for word in _split(text, " ") if word])
    words = [word for word in _split(parts[0], " ") if word]
    at = _end_of_particles(words)
    suffix = plain_text(parts[1]) if len(parts) > 2 else ""
    family, particle = _joined(words[at:]), _joined(words[:at])
    return PersonName(family, plain_text(parts[-1]), particle, suffix)


def _named_parts(parts: list[str]) -> PersonName | None:
    found = [match for match in map(_NAMED_PART.fullmatch, parts) if match]
    if len(found) != len(parts):
        return None
    named = {match[1].lower(): plain_text(match[2].strip(' {}"')) for match in found}
    get = named.get
    return PersonName(get("family", ""), get("given", ""), get("prefix", ""), get("suffix", ""))


def _in_reading_order(words: list[str]) -> PersonName:
    """Return the parts of `First von Last`; a name of one word, or in braces, is whole."""
    if len(words) < 2:
        return PersonName(_joined(words))
    small = [at for at, word in enumerate(words[:-1]) if plain_text(word)[:1].islower()]
    at, last = (small[0], small[-1] + 1) if small else (len(words) - 1, len(words) - 1)
    return PersonName(_joined(words[last:]), _joined(words[:at]), _joined(words[at:last]))


def _end_of_particles(words: list[str]) -> int:
    """Return how many words before the last begin with a small letter."""
    before = range(len(words) - 1)
    return next((at for at in before if not plain_text(words[at])[:1].islower()), len(before))


def _joined(words: list[str]) -> str:
    return plain_text(" ".join(words))


def _split(text: str, separator: str) -> Iterator[str]:
    """Yield the parts of a text between separators that stand in no braces."""
    depth = start = 0
    for found in _SPLITS[separator].finditer(text):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
        elif depth <= 0:
            yield text[start : found.start()].strip()
            start = found.end()
    yield text[start:].strip()
