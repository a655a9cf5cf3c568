"""Find the notes and tags that a person names, and the newest notes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Snapshot, StoredNote, StoredPassage
from notesearch.query import Query
from notesearch.query.filters import Filter, Tag, leaves, quoted
from notesearch.query.flaws import Flaw, Span, usage_error
from notesearch.records import Hit
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen, make_hits
from notesearch.search.question_words import read_words

_SHOWN = 5
# A longer question is no title; more passages than this begin with a word, not with a title.
_MOST_WORDS = 24
_MOST_PASSAGES = 64


def find_note(snapshot: Snapshot, name: str) -> tuple[int, StoredNote]:
    """Return the one note that a name means, with its number; UsageError for none or several.

    A note goes by its id, a passage id of it, its path and its title.
    """
    wanted = name.strip().removeprefix("./")
    for key in ("note_id", "passage_id", "path", "title"):
        found = snapshot.find_notes(wanted, by=key)
        if len(found) == 1:
            return next(iter(found.items()))
        if found:
            ids = ", ".join(note.note_id for note in list(found.values())[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise UsageError(f"{name} means {len(found)} notes: {ids}{more}; give one of these ids")
    notes = snapshot.list_notes(None, 100_000)
    names = [text for note in notes for text in (note.note_id, note.title)]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "to list them, run: notesearch notes"
    raise UsageError(f"no note is called {name}; {hint}")


def find_titled(snapshot: Snapshot, question: str) -> NDArray[np.int64]:
    """Return the passages of notes called like the question, up to case and signs."""
    words = read_words(question)
    if not 0 < len(words) <= _MOST_WORDS:
        return np.empty(0, dtype=np.int64)
    ids = snapshot.passages_titled(words)[:_MOST_PASSAGES]
    titled = [
        stored.id
        for stored in snapshot.passages(ids.tolist())
        if read_words(stored.note.title) == words
    ]
    return np.array(titled, dtype=np.int64)


def find_newest(snapshot: Snapshot, where: Filter, k: int, per_note: int | None) -> tuple[Hit, ...]:
    """Return k passages that a filter lets through, at most `per_note` of a note, newest first.

    There is no question to rank by: the scores are 0, cosine and BM25 unknown.
    """
    found: list[StoredPassage] = []
    for note in snapshot.list_notes(where, k, with_passages=True):
        for number in snapshot.find_notes(note.note_id):
            found.extend(snapshot.passages_of_note(number, where)[:per_note])
        if len(found) >= k:
            break
    unknown = np.full(len(found), np.nan)
    unranked = Ranking(np.zeros(len(found), np.int64), np.zeros(len(found)), unknown, unknown)
    return make_hits(Chosen(tuple(enumerate(found[:k])), {}), unranked)


_LIKENESS = 0.7  # of difflib: dpos to dpo has 0.86, survey to surveys 0.92, rl to nlp 0.4


def check_tags(snapshot: Snapshot, where: Filter | None, query: Query | None = None) -> None:
    """Raise UsageError for a tag that no note has.

    With the `query` that the filter stands in, the error points at the tag.
    """
    asked = [] if where is None else [leaf.name for leaf in leaves(where) if isinstance(leaf, Tag)]
    # Counting all tags takes long where there are many notes: only an error needs it.
    if where is not None and not all(snapshot.has_tag(name) for name in asked):
        require_known_tags(
            where,
            {tag.normal: tag.notes for tag in snapshot.tags()},
            line=query.line if query else "",
            places=query.places if query else (),
        )


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

    A tag is near that is spelled alike, or one of whose words is a word of the name.
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
