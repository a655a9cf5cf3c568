"""Read a filter as a caller gives it, and refuse one that cannot be asked."""

from __future__ import annotations

from notesearch.arguments import require_text
from notesearch.index.snapshot import Snapshot
from notesearch.query.filters import Filter, Tag, leaves, require_sound
from notesearch.query.known_tags import require_known_tags
from notesearch.query.parser import Query, parse_filter


def read_filter(where: object) -> Filter | None:
    """Return a filter that may be given as a query line writes it."""
    if where is None or isinstance(where, Filter):
        return where
    require_text("where", where)
    return parse_filter(str(where))


def checked_filter(snapshot: Snapshot, where: object) -> Filter | None:
    """Return a filter that can be asked of this snapshot; UsageError for another."""
    only = read_filter(where)
    check_filter(snapshot, only)
    return only


def check_filter(snapshot: Snapshot, where: Filter | None, query: Query | None = None) -> None:
    """Raise UsageError for what is no sound filter, and for a tag that no note has.

    With the `query` that it stands in, the error points at the tag.
    """
    if where is None:
        return
    require_sound(where)
    asked = [leaf.name for leaf in leaves(where) if isinstance(leaf, Tag)]
    # Counting all tags takes long where there are many notes: only an error needs it.
    if not all(snapshot.has_tag(name) for name in asked):
        require_known_tags(
            where,
            {tag.normal: tag.notes for tag in snapshot.tags()},
            line=query.line if query else "",
            places=query.places if query else (),
        )
