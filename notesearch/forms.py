"""How the corpus reads tags, papers and roles, handed to the search, which knows no corpus.

Loaded when the first filter asks: most query lines have none.
"""

from __future__ import annotations

from notesearch.records import Role
from notesearch.search.query_line import Forms


def _read_tag(text: str) -> str:
    from notesearch.spelling import normalise_tag

    return normalise_tag(text)


def _read_paper(text: str) -> str | None:
    from notesearch.spelling import normalise_paper

    return normalise_paper(text)


def _read_role(text: str) -> Role | None:
    from notesearch.spelling import role_of

    return role_of(text)


FORMS = Forms(tag=_read_tag, paper=_read_paper, role=_read_role)
