"""Read a filter as a caller gives it, and refuse one that cannot be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notesearch.arguments import require_text
from notesearch.index.snapshot import Snapshot
from notesearch.query.filters import Filter, LinkedFrom, LinksTo, Tag, leaves, require_sound
from notesearch.query.flaws import Flaw, Span, usage_error
from notesearch.query.known_tags import require_known_tags
from notesearch.query.parser import Query, parse_filter
from notesearch.search.note_lookup import NoteNameError, find_note


def read_filter(where: object) -> Filter | None:
    """Return a filter that may be given as a query line writes it."""
    if where is None or isinstance(where, Filter):
        return where
    require_text("where", where)
    return parse_filter(str(where))


def checked_filter(snapshot: Snapshot, where: object, query: Query | None = None) -> Filter | None:
    """Return a filter that is sound and asks for no tag that no note has; UsageError for another.

    With the `query` that it stands in, the error points at the tag.
    """
    only = read_filter(where)
    if only is None:
        return None
    require_sound(only)
    asked = [leaf.name for leaf in leaves(only) if isinstance(leaf, Tag)]
    # Counting all tags takes long where there are many notes: only an error needs it.
    if not all(snapshot.has_tag(name) for name in asked):
        require_known_tags(
            only,
            {tag.normal: tag.notes for tag in snapshot.tags()},
            line=query.line if query else "",
            places=query.places if query else (),
        )
    return only


def find_note_of_filter(
    snapshot: Snapshot,
    leaf: LinksTo | LinkedFrom,
    from_disk: Callable[[str], Sequence[str]],
    query: Query | None = None,
) -> int:
    """Return the number of the note that a filter names; UsageError for none or several."""
    try:
        return find_note(snapshot, leaf.note, from_disk)[0]
    except NoteNameError as error:
        places = query.places if query else ()
        span = next((span for place, span in places if place == leaf), Span(0, 0))
        line = query.line if query and span.end else ""
        raise usage_error(line, span, Flaw(error.finding, error.remedy)) from error
