"""Offer a shell what may stand where Tab is pressed: tags, kinds, names of indexes, notes.

What goes wrong is not said: a message would land in the line that is being typed.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TYPE_CHECKING

import typer

from notesearch.errors import NotesearchError

if TYPE_CHECKING:
    from notesearch.library import Index

_ASKED = "_NOTESEARCH_COMPLETE"
# A filter that is being typed, at the end of what stands before the cursor: `-(tag:al`.
_FILTER = re.compile(r"(?P<before>(?:.*\s)?-?\(*)(?P<field>[a-z-]+):(?P<value>[^\s\"]*)", re.DOTALL)
_SPECIAL = re.compile(r"([^\w@%+=:,./~-])")  # what a shell takes for more than a letter

Offers = list[tuple[str, str]]


def join_split_words(environment: MutableMapping[str, str] = os.environ) -> None:
    """Put together again what bash takes apart at colons, up to the word that is being typed.

    It hands `tag:al` over as three words, and has what is offered take the place of the last.
    """
    if environment.get(_ASKED) != "complete_bash":
        return
    words = environment.get("COMP_WORDS", "").split("\n")
    cursor = environment.get("COMP_CWORD", "")
    if not cursor.isdecimal() or int(cursor) >= len(words):
        return
    before, current = words[: int(cursor)], words[int(cursor)]
    if set(current) == {":"}:
        before, current = [*before, current], ""
    joined: list[str] = []
    for word in before:
        if joined and (set(word) == {":"} or (joined[-1].endswith(":") and len(joined) > 1)):
            joined[-1] += word
        else:
            joined.append(word)
    environment["COMP_WORDS"] = "\n".join([*joined, current or "''"])
    environment["COMP_CWORD"] = str(len(joined))


def complete_index(incomplete: str) -> Offers:
    """Offer the names of the indexes that begin so; of several with commas, the last."""
    from notesearch.known_indexes import list_known

    before = incomplete[: incomplete.rfind(",") + 1]
    return _beginning([(f"{before}{known.name}", "") for known in list_known()], incomplete)


def complete_tag(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the tags that begin so, those of most notes first."""
    tags = _ask(ctx, lambda index: [(tag.normal, _notes(tag.notes)) for tag in index.tags()])
    return _beginning(tags, incomplete)


def complete_section(incomplete: str) -> Offers:
    """Offer the kinds of sections."""
    from notesearch.records import Role

    return _beginning([(role.value.replace(" ", "-"), "") for role in Role], incomplete)


def complete_kind(incomplete: str) -> Offers:
    """Offer the kinds of notes."""
    from notesearch.records import NoteKind

    return _beginning([(kind.value.replace(" ", "-"), "") for kind in NoteKind], incomplete)


def complete_filter(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer what may follow a field in a query line: `tag:`, `section:`, `kind:`, `links-to:`."""
    found = _FILTER.fullmatch(incomplete)
    if found is not None:
        before, field, value = f"{found['before']}{found['field']}:", found["field"], found["value"]
    else:
        words = next((words for words in map(ctx.params.get, ("words", "where")) if words), None)
        found = _FILTER.fullmatch(words[-1].strip()) if isinstance(words, list | tuple) else None
        if found is None or found["value"]:
            return []
        before, field, value = "", found["field"], incomplete  # taken apart by bash
    if field in ("tag", "tags"):
        offers = complete_tag(ctx, value)
    elif field in ("section", "role"):
        offers = complete_section(value)
    elif field in ("links-to", "linked-from"):
        named = _ask(ctx, lambda index: index.complete(value))
        offers = [offer for offer in named if not re.search(r"[\s,()\"]", offer[0])]
    else:
        offers = complete_kind(value) if field == "kind" else []
    return [(f"{before}{name}", text) for name, text in offers]


def complete_note(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the paths of notes that begin so, folder by folder, and file names that mean one note.

    Words in front belong to the name: a path with a space need not be quoted.
    """
    from notesearch.cli.chosen_index import open_as_they_are
    from notesearch.cli.index_choice import choose_indexes_of

    is_bash = os.environ.get(_ASKED) == "complete_bash"
    front = "".join(f"{word} " for word in ctx.params.get("note") or ())
    if is_bash and front.endswith(": "):  # taken apart by bash, as in work:robot.md
        front = front[:-1]
    offers: Offers = []
    with _nothing_said():
        config, wanted = ctx.params.get("config"), ctx.params.get("wanted_index")
        chosen, beginning = choose_indexes_of(front + incomplete, config, wanted)
        index_name = (front + incomplete).removesuffix(beginning)
        with open_as_they_are(chosen) as index:
            found = index.complete(beginning)
        offers = [(f"{index_name}{name}"[len(front) :], title) for name, title in found]
    if not is_bash or _is_quoted(os.environ):
        return offers
    typed = len(incomplete)
    return [(name[:typed] + _SPECIAL.sub(r"\\\1", name[typed:]), title) for name, title in offers]


def _is_quoted(environment: MutableMapping[str, str]) -> bool:
    """Return whether the word that bash completes begins with a quotation mark."""
    return environment.get("COMP_WORDS", "").rpartition("\n")[2][:1] in ("'", '"')


def _ask(ctx: typer.Context, ask: Callable[[Index], Offers]) -> Offers:
    """Ask what the line so far would ask; without an index, or where it fails, offer nothing."""
    from notesearch.cli.chosen_index import open_as_they_are
    from notesearch.cli.index_choice import choose_indexes

    with _nothing_said():
        given = (ctx.params.get(name) for name in ("config", "wanted_index", "corpus"))
        with open_as_they_are(choose_indexes(*given)) as index:
            return ask(index)
    return []


@contextmanager
def _nothing_said() -> Iterator[None]:
    """End the block silently where something is wrong."""
    with redirect_stderr(io.StringIO()), suppress(NotesearchError, OSError):
        yield


def _beginning(offers: Offers, incomplete: str) -> Offers:
    return [offer for offer in offers if offer[0].startswith(incomplete)]


def _notes(count: int) -> str:
    return "1 note" if count == 1 else f"{count:,} notes"
