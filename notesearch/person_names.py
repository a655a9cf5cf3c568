"""Take the names of authors apart, so far as they say it themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notesearch.corpus.search_text import word_set

_PARTICLES = word_set(
    "van von de del della der den des di da do dos du la le los ten ter zu zur af av al el bin ibn"
    " y"
)
# Written with a capital, these belong to the family too: Benjamin Van Roy. Le and La do not: they
# are given names as well.
_CAPITAL_PARTICLES = word_set("Van Von De Del Della Der Den Di Da Du Dos El")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")
_WORD = re.compile(r"(?:[^\W\d_]+\.?|[^\W\d_]*['’ʼ-][\w.'’ʼ-]+|[^\W\d_][\w.'’ʼ-]*)")
_INITIAL = re.compile(r"[A-Z]{1,2}\.?|[A-Z]\.-?[A-Z]\.")
# Who is called so is no person.
_GROUP = re.compile(
    r"\b(?:teams?|groups?|labs?|laboratory|inc|ltd|llc|corporation|company|university|institute|"
    r"research|collaboration|consortium|foundation|project|community|authors|deepmind|openai|"
    r"google|microsoft|meta|nvidia|(?-i:AI))\b|^the\s",
    re.IGNORECASE,
)
_ET_AL = re.compile(r"[,\s]*\b(?:and\s+)?(?:et\.?\s+al\b\.?|others)\s*$", re.IGNORECASE)
_MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in its parts; what cannot be taken apart for sure is whole, and has no given name."""

    family: str
    given: str = ""
    particle: str = ""  # in small letters, before the family: van den
    suffix: str = ""  # Jr.

    @property
    def is_whole(self) -> bool:
        """Whether this is a name that was not taken apart, such as that of a company."""
        return not self.given

    @property
    def in_text(self) -> str:
        """The name in the order in which it is read."""
        parts = (self.given, self.particle, self.family, self.suffix)
        return " ".join(part for part in parts if part)


def split_name(name: str) -> PersonName:
    """Return the parts of `Surname, First`, `First von Last` or `OpenAI`, the last as a whole."""
    parts = [" ".join(part.split()) for part in name.split(",")]
    whole = PersonName(", ".join(filter(None, parts)))
    if not all(parts) or len(parts) > 3 or _GROUP.search(name):
        return whole
    if not all(_WORD.fullmatch(word) for part in parts for word in part.split()):
        return whole
    if len(parts) == 1:
        return _in_reading_order(parts[0].split()) or whole
    family, given = parts[0].split(), parts[-1]
    if len(family) + len(given.split()) > _MOST_WORDS or _SUFFIX.fullmatch(given):
        return whole
    suffix = parts[1] if len(parts) == 3 else ""
    if suffix and not _SUFFIX.fullmatch(suffix):
        return whole
    at = _end_of_particles(family)
    return PersonName(" ".join(family[at:]), given, " ".join(family[:at]), suffix)


def _in_reading_order(words: Sequence[str]) -> PersonName | None:
    suffix = words[-1] if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    words = words[:-1] if suffix else words
    # `Smith J` has its given name at the end, and a word in small letters may be no name.
    if not 2 <= len(words) <= _MOST_WORDS or _INITIAL.fullmatch(words[-1]):
        return None
    if words[0][0].islower() or words[-1][0].islower():
        return None
    at = next((n for n, word in enumerate(words) if word in _PARTICLES), len(words) - 1)
    if at == len(words) - 1:
        while at > 1 and words[at - 1] in _CAPITAL_PARTICLES:
            at -= 1
    given, family = words[:at], words[at:]
    end = _end_of_particles(family)
    if any(word[0].islower() for word in (*given, *family[end:])):
        return None
    return PersonName(" ".join(family[end:]), " ".join(given), " ".join(family[:end]), suffix)


def _end_of_particles(family: Sequence[str]) -> int:
    """Return how many words before the last are particles in small letters."""
    before = range(len(family) - 1)
    return next((at for at in before if family[at] not in _PARTICLES), len(family) - 1)


def without_et_al(names: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Return names without `et al` at their end, and whether it stood there."""
    if not names:
        return (), False
    last = _ET_AL.sub("", names[-1]).strip(" ,;")
    kept = (*names[:-1], last) if last else tuple(names[:-1])
    return kept, last != names[-1].strip(" ,;")
