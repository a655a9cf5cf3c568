"""Bring the forms of a word to one stem: enough to mark what an index has matched."""

from __future__ import annotations

from functools import lru_cache

from notesearch.spelling import without_accents

_WRITTEN_SUFFIXES = """
    s es ies ed ing er ers ly al ally ation ations ational ization izations ized izing ize izes
    isation isations ised ising ise ises ator ators ative ive ives ion ions or ors ment ments
    ness able ible ability ibility ful y i e
"""
# Longest first, so that "ations" goes before "s".
_SUFFIXES = tuple(sorted(_WRITTEN_SUFFIXES.split(), key=len, reverse=True))
# What is left of a word must still be a word of its own.
_SHORTEST = 3


@lru_cache(maxsize=8192)
def stem_word(word: str) -> str:
    """Return the part of a word that its forms share: "optimisation" and "optimized" are one."""
    stem = without_accents(word)
    stem = stem.removesuffix("s") if len(stem) > 3 and not stem.endswith("ss") else stem
    changed = True
    while changed:
        changed = False
        for suffix in _SUFFIXES:
            if stem.endswith(suffix) and len(stem) - len(suffix) >= _SHORTEST:
                stem = stem.removesuffix(suffix)
                changed = True
                break
    # "planning" and "plan", "robotics" and "robotic".
    if len(stem) > 4 and stem[-1] == stem[-2] and stem[-1] not in "sl":
        stem = stem[:-1]
    return stem
