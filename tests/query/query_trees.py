"""How a query is shown on the page of cases: words, phrases, and the filter tree by indents."""

from __future__ import annotations

from collections.abc import Iterator

from notesearch.errors import UsageError
from notesearch.query.filters import AllOf, AnyOf, Filter, Not
from notesearch.query.parser import parse_query


def show_query(line: str) -> str:
    """Parse a line and show the outcome, or the whole error."""
    try:
        query = parse_query(line)
    except UsageError as error:
        return f"error: {error}"
    shown = [f"words: {query.text}"] if query.text else []
    shown.extend(f"phrase: {phrase}" for phrase in query.phrases)
    if query.where is not None:
        shown.extend(_show_tree(query.where, ""))
    return "\n".join(shown)


def _show_tree(where: Filter, indent: str) -> Iterator[str]:
    match where:
        case AllOf(parts) | AnyOf(parts):
            yield f"{indent}{'all of' if isinstance(where, AllOf) else 'any of'}"
            for part in parts:
                yield from _show_tree(part, f"{indent}    ")
        case Not(inner):
            yield f"{indent}not"
            yield from _show_tree(inner, f"{indent}    ")
        case _:
            yield f"{indent}{where}"
