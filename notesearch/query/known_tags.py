"""Refuse a filter for a tag that no note has, and name the nearest tags in use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from notesearch.errors import UsageError
from notesearch.query.filters import Filter, Tag, leaves, quoted
from notesearch.query.flaws import Flaw, Span, usage_error
from notesearch.spelling import is_a_letter_away

_SHOWN = 5
_LIKENESS = 0.7  # of difflib: dpos to dpo has 0.86, survey to surveys 0.92, rl to nlp 0.4
_SLIP = 0.95  # of a tag a letter away: dpp to dpo has 0.67 of difflib
_SHORTEST_SLIP = 3  # all tags of two letters are near to each other


def unknown_tags(where: Filter, notes_by_tag: Mapping[str, int]) -> tuple[Tag, ...]:
    """Find the tags of a filter that no note has, nor has a tag below, each once.

    `notes_by_tag` counts the notes of each tag in its normal form, parents not included.
    """
    asked = dict.fromkeys(leaf for leaf in leaves(where) if isinstance(leaf, Tag))
    missing = [tag for tag in asked if tag.name not in notes_by_tag]
    if not missing:
        return ()
    in_use = _with_parents(notes_by_tag)
    return tuple(tag for tag in missing if tag.name not in in_use)


def require_known_tags(
    where: Filter,
    notes_by_tag: Mapping[str, int],
    *,
    line: str = "",
    places: Iterable[tuple[Filter, Span]] = (),
) -> None:
    """Raise UsageError for the first tag that nobody uses, with the nearest ones in use.

    With the query line and the places of its filters, the error points at the tag.
    """
    missing = unknown_tags(where, notes_by_tag)
    if not missing:
        return
    tag = missing[0]
    flaw = Flaw(f"no note has the tag {tag.name}", _remedy(tag.name, notes_by_tag))
    span = next((span for leaf, span in places if leaf == tag), None)
    if span is None:
        raise UsageError(f"{flaw.finding}; {flaw.remedy}")
    raise usage_error(line, span, flaw)


def nearest_tags(name: str, notes_by_tag: Mapping[str, int]) -> list[str]:
    """List the tags in use that are likest to a name, those with most notes first among equals.

    A tag is near that is spelled alike, is a letter away, or shares a word with the name.
    """
    rated = [(_likeness(name, known), count, known) for known, count in notes_by_tag.items()]
    near = sorted(
        (entry for entry in rated if entry[0] >= _LIKENESS), key=lambda e: (-e[0], -e[1], e[2])
    )
    return [known for _, _, known in near[:_SHOWN]]


def _remedy(name: str, notes_by_tag: Mapping[str, int]) -> str:
    near = nearest_tags(name, notes_by_tag)
    if not near:
        return "to see those in use, run: notesearch tags"
    shown = (
        f"{known if ' ' not in known else quoted(known)} ({_notes(notes_by_tag[known])})"
        for known in near
    )
    return f"did you mean {', '.join(shown)}?"


def _notes(count: int) -> str:
    return "1 note" if count == 1 else f"{count} notes"


def _likeness(name: str, known: str) -> float:
    """Rate two tags from 0 to 1: as a whole, or by their words where they share some."""
    if len(known) >= _SHORTEST_SLIP and is_a_letter_away(name, known):
        return _SLIP
    ours, theirs = _words(name), _words(known)
    shared = ours & theirs
    by_words = _LIKENESS + 0.2 * len(shared) / len(ours | theirs) if shared else 0.0
    matcher = difflib.SequenceMatcher(None, name, known, autojunk=False)
    if matcher.real_quick_ratio() < _LIKENESS or matcher.quick_ratio() < _LIKENESS:
        return by_words
    return max(by_words, matcher.ratio())


def _words(tag: str) -> set[str]:
    # One letter is no word: c in "c++" is not what it shares with "c".
    return {word for word in re.split(r"[^\w]+", tag) if len(word) > 1}


def _with_parents(tags: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for tag in tags:
        levels = tag.split("/")
        found.update("/".join(levels[:count]) for count in range(1, len(levels) + 1))
    return found
