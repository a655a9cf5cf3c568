"""Take a text apart into what is shown whole or not at all, and that into sentences.

A text is seen as atoms: words, the room between them, and what must stay whole: formulas, code
spans, links. Atoms make sentences; lines of a list or a table stand alone. An atom has the text
that a reader sees, or the source where that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from notesearch.search.readable_text import SILENT, Atom, readable_atoms, shown_stretches

# Each alternative closes, or does not match: a lone sign is a word like any other.
_ATOM = re.compile(
    r"""(?P<code>(?P<ticks>`+)(?!`)[^`].*?(?<!`)(?P=ticks)(?!`))
    | (?P<math>\$\$.+?\$\$ | \$(?![\s$])(?:[^$\n\\]|\\.)*?(?<!\s)\$(?!\d)
        | \\\(.+?\\\) | \\\[.+?\\\] | \\begin\{(?P<env>\w+\*?)\}.+?\\end\{(?P=env)\})
    | (?P<address><https?://[^>\s]+> | https?://[^\s<>)\]]+)
    | (?P<hidden><!--.*?--> | <(?P<unseen>script|style)\b[^<>]*>.*?</(?P=unseen)>)
    | (?P<script><(?P<at>su[bp])\b[^<>]*>[^<>\n]{0,80}</(?P=at)>)
    | (?P<tag></?[A-Za-z][\w:-]*(?:\s[^<>]*|/)?>)
    | (?P<link>!?\[\[[^\[\]\n]+\]\]
        | \[!\[[^\[\]\n]*\]\([^()\n]*\)\]\([^()\n]*\)
        | !?\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\((?:[^()\n]|\([^()\n]*\))*\))
    | (?P<command>\\[A-Za-z]+\*?(?:\[[^\[\]\n]*\])?(?:\{[^{}\n]*\})*
        (?:[_^](?:\{[^{}\n]*\}|\w))*)
    | (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<room>\s+)
    | (?P<word>(?:(?!https?://)[^\s`$\\\[<!])+|.)""",
    re.VERBOSE | re.DOTALL,
)
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]*_]*\Z")
_ABBREVIATION = re.compile(
    r"(?:\A|\W)(?:e\.g|i\.e|cf|vs|al|figs?|eqs?|sec|resp|\w)\.\Z", re.IGNORECASE
)


def read_atoms(text: str, *, raw: bool = False) -> list[Atom]:
    """Return the atoms of a text as a reader sees them; the raw ones, joined, are the text."""
    stretches = [(_kind_of(match), match[0]) for match in _ATOM.finditer(text)]
    if raw:
        return [_raw_atom(kind, source) for kind, source in stretches]
    return readable_atoms(stretches)


def read_placed_atoms(text: str) -> list[tuple[int, Atom]]:
    """Return the atoms of a text as a reader sees them, each with where its source begins."""
    found = list(_ATOM.finditer(text))
    shown = shown_stretches((_kind_of(match), match[0]) for match in found)
    return [(match.start(), atom) for match, atom in zip(found, shown, strict=True) if atom.text]


def _kind_of(match: re.Match[str]) -> str:
    assert match.lastgroup is not None  # each alternative is a group, and one of them matches
    return match.lastgroup


def _raw_atom(kind: str, source: str) -> Atom:
    read_chars = 0 if kind in SILENT else len(source)
    if kind == "link" and "](" in source:
        read_chars = source.rindex("](")
    return Atom(source, read_chars, is_room=kind == "room")


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
    if "\n" in atoms[at].text:  # one inside of a paragraph has become a space
        return True
    after = atoms[at + 1].text if at + 1 < len(atoms) else ""
    if not _SENTENCE_END.search(before) or _ABBREVIATION.search(before):
        return False
    return not after[:1].islower()
