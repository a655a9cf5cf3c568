"""Give each paper a key of its own for lists of references: `rafailov2023direct`.

Keys are plain ASCII letters and digits, which BibTeX, biber and pandoc all take.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import TYPE_CHECKING

from notesearch.corpus.search_text import word_set
from notesearch.person_names import split_name

if TYPE_CHECKING:
    from notesearch.papers import Paper

_SMALL_WORDS = word_set(
    "a an the on of in for to with and or from by at as is are do does can how what why when"
    " toward towards via into"
)
_NO_DECOMPOSITION = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_LONGEST_PART = 40
_UNDATED = "9999"  # after any date


def give_keys(papers: Sequence[Paper], known: Collection[str] = ()) -> list[Paper]:
    """Return papers with keys, in their order; where keys clash, all but the first get letters.

    A paper that the person has an entry for has the key of that; no other gets one of the `known`
    keys, which are without case. The paper that was noted first keeps the key without a letter, so
    that a note that is written later seldom changes the key of another paper.
    """
    by_key: dict[str, list[int]] = defaultdict(list)
    keys: dict[int, str] = {}
    taken = set(known)
    given: set[str] = set()
    for number, paper in enumerate(papers):
        own = paper.entry.key if paper.entry else ""
        if own and own.casefold() not in given:
            keys[number] = own
            given.add(own.casefold())
        else:
            by_key[own or _plain_key(paper)].append(number)
    free = set(by_key) - taken - given
    taken |= given | set(by_key)
    for plain, numbers in by_key.items():
        ordered = sorted(numbers, key=lambda number: _age(papers[number]))
        if plain in free:
            keys[ordered.pop(0)] = plain
        letter = 0
        for number in ordered:
            while (key := plain + _letters(letter)).casefold() in taken:
                letter += 1
            keys[number] = key
            taken.add(key.casefold())
    return [replace(paper, key=keys[number]) for number, paper in enumerate(papers)]


def _plain_key(paper: Paper) -> str:
    """Return the first author, the year and the first word of the title that says something."""
    year = str(paper.year or "")
    words = [word for word in _words(paper.title) if word != year]
    first = _first_author(paper.authors[0]) if paper.authors else ""
    if not first and words:
        first = words[0]
    word = next((word for word in words if word != first), "")
    return f"{first}{year}{word}" or "paper"


def _first_author(author: str) -> str:
    name = split_name(author)
    words = _words(name.family)
    return "".join(words[:1] if name.is_whole else words)[:_LONGEST_PART]


def _words(text: str) -> list[str]:
    """Return the words of a text in plain letters, those that say something before the others."""
    folded = text.casefold().translate(_NO_DECOMPOSITION).replace("'", "").replace("’", "")
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    words = [word[:_LONGEST_PART] for word in re.findall(r"[a-z0-9]+", plain)]
    return [word for word in words if word not in _SMALL_WORDS] or words


def _age(paper: Paper) -> tuple[str, tuple[str, ...], str]:
    return min(note.date or _UNDATED for note in paper.notes), paper.ids, paper.title


def _letters(number: int) -> str:
    """Return the letters of a number: a for 0, z for 25, aa for 26."""
    above, last = divmod(number, len(ascii_lowercase))
    return (_letters(above - 1) if above else "") + ascii_lowercase[last]
