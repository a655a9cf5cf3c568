"""Take a text apart into what is shown whole or not at all, and that into sentences.

A text is seen as atoms: words, the room between them, and what must stay whole: formulas, code
spans, links. Atoms make sentences; lines of a list stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Each alternative closes, or does not match: a lone sign is a word like any other.
_ATOM = re.compile(
    r"""(?P<code>(?P<ticks>`+)(?!`)[^`].*?(?<!`)(?P=ticks)(?!`))
    | (?P<silent>\$\$.+?\$\$ | \$(?![\s$])(?:[^$\n\\]|\\.)*?(?<!\s)\$(?!\d)
        | \\\(.+?\\\) | \\\[.+?\\\] | \\begin\{(?P<env>\w+\*?)\}.+?\\end\{(?P=env)\}
        | <https?://[^>\s]+> | https?://[^\s<>)\]]+)
    | (?P<link>!?\[\[[^\[\]\n]+\]\]
        | !?\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\((?:[^()\n]|\([^()\n]*\))*\))
    | (?P<room>\s+)
    | (?P<word>(?:(?!https?://)[^\s`$\\\[<!])+|.)""",
    re.VERBOSE | re.DOTALL,
)
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]*_]*\Z")
_ABBREVIATION = re.compile(
    r"(?:\A|\W)(?:e\.g|i\.e|cf|vs|al|figs?|eqs?|sec|resp|\w)\.\Z", re.IGNORECASE
)
_LINE_OPENER = re.compile(r"(?:[-*+>|]|#{1,6}|\d{1,3}[.)])\Z")


@dataclass(frozen=True, slots=True)
class Atom:
    """What is shown whole or not at all."""

    text: str
    # The first characters, which are read as words: none of a formula, of a link its label.
    read_chars: int
    is_room: bool = False


def read_atoms(text: str) -> Iterator[Atom]:
    """Yield the atoms of a text; joined they are the text."""
    for match in _ATOM.finditer(text):
        atom = match[0]
        read_chars = 0 if match["silent"] else len(atom)
        if match["link"] and "](" in atom:
            read_chars = atom.rindex("](")
        yield Atom(atom, read_chars, is_room=match["room"] is not None)


def read_sentences(atoms: Sequence[Atom]) -> list[range]:
    """Return the sentences as ranges of atoms, which tile them; lines of a list stand alone."""
    sentences: list[range] = []
    start = 0
    for at, atom in enumerate(atoms):
        if atom.is_room and at > start and _ends_here(atoms, at):
            sentences.append(range(start, at + 1))
            start = at + 1
    if start < len(atoms):
        sentences.append(range(start, len(atoms)))
    return sentences


def _ends_here(atoms: Sequence[Atom], at: int) -> bool:
    before = atoms[at - 1].text
    after = atoms[at + 1].text if at + 1 < len(atoms) else ""
    lines = atoms[at].text.count("\n")
    if lines > 1 or (lines and _LINE_OPENER.match(after)):
        return True
    if not _SENTENCE_END.search(before) or _ABBREVIATION.search(before):
        return False
    return not after[:1].islower()
