"""How tags, papers and section roles are spelled alike in corpus, query line and index."""

from __future__ import annotations

from notesearch.records import Role


def normalise_tag(text: str) -> str:
    """Return the normal form of a tag, "" where the text names none."""
    from notesearch.corpus.facts.tags import normalise_tag as read

    return read(text)


def tag_and_parents(tag: str) -> tuple[str, ...]:
    """Return a tag in its normal form and the tags above it."""
    from notesearch.corpus.facts.tags import tag_and_parents as read

    return tuple(read(tag))


def normalise_paper(text: str) -> str | None:
    """Return the canonical id of a paper, None where the text names none."""
    from notesearch.corpus.facts.papers import normalise_paper as read

    return read(text)


def role_of(heading: str) -> Role | None:
    """Return the role of a section by its heading."""
    from notesearch.corpus.facts.roles import role_of as read

    return read(heading)
