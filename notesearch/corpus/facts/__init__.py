"""Gather the facts of a note: title, tags, dates, paper, authors, from its head and its lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from notesearch.corpus.facts.byline import find_authors, find_year
from notesearch.corpus.facts.dates import find_date
from notesearch.corpus.facts.front_matter import texts_of
from notesearch.corpus.facts.papers import (
    PAPER_KEYS,
    PAPER_LINK,
    is_paper_line,
    links,
    paper_id_from_value,
)
from notesearch.corpus.facts.tags import find_tags
from notesearch.corpus.facts.title import Title, is_generic_heading
from notesearch.corpus.markdown_lines import mend_links
from notesearch.records import Facts
from notesearch.spelling import paper_id, paper_ids

_LABELLED_LINK = re.compile(r"\s{0,8}(?:[-*+]\s+)?\*{0,2}" + PAPER_LINK.pattern, re.IGNORECASE)
_HEAD_LINES = 14  # a note names its paper and its date before its text
_LONGEST_HEAD_LINE = 4000


def read_facts(
    path: str,
    fields: Mapping[str, object],
    markup: Sequence[str],
    title: Title,
    *,
    inline_tags: bool = False,
    is_part: bool = False,
) -> Facts:
    """Gather the facts of one note from its front matter `fields` and its Markdown lines.

    The first line of a part of a digest names its paper, however much else is in it.
    """
    texts = islice((line for line in markup if line.strip()), _HEAD_LINES)
    head = [line[:_LONGEST_HEAD_LINE] for line in texts]
    paper = _paper(fields, head, title, is_part=is_part) or _labelled_paper(markup)
    given = (link for key in PAPER_KEYS for link in links(str(fields.get(key, ""))))
    written = (link for line in markup if "://" in line for link in links(line))
    return Facts(
        tags=find_tags(fields, markup, inline_tags=inline_tags),
        date=find_date(path, fields, head),
        year=find_year(fields, head, title, paper),
        paper=paper,
        links=tuple(dict.fromkeys([*given, *written])),
        authors=find_authors(fields, head),
        aliases=(*texts_of(fields.get("aliases")), *texts_of(fields.get("alias"))),
    )


def _paper(
    fields: Mapping[str, object], head: Sequence[str], title: Title, *, is_part: bool
) -> str | None:
    """Identify the paper: by a field, the title's link, or a line that is mostly its link."""
    for key in PAPER_KEYS:
        if found := paper_id_from_value(key, fields.get(key)):
            return found
    if found := paper_id(title.link or ""):
        return found
    for number, line in enumerate(map(mend_links, head)):
        if (is_part and number == 0) or is_paper_line(line):
            labelled = PAPER_LINK.search(line)
            if found := (paper_id(labelled[1]) if labelled else None) or paper_id(line):
                return found
    # Copied text has no links left: the only paper that a part names is its own.
    named = {identity for line in head for identity in paper_ids(line)} if is_part else set()
    return named.pop() if len(named) == 1 else None


def _labelled_paper(markup: Sequence[str]) -> str | None:
    """Identify the paper by the one `[Paper](url)` in a section of links that has no other."""
    targets: set[str] = set()
    named: set[str] = set()
    in_links = False
    for line in markup:
        if line.startswith("#"):
            in_links = is_generic_heading(line.lstrip("# "))
        elif "](" in line and (label := _LABELLED_LINK.match(line)):
            if not in_links:
                return None
            targets.add(label[1])
            named.update(paper_ids(line))
        elif in_links and targets and "http" in line:
            named.update(paper_ids(line))
    return named.pop() if len(targets) == len(named) == 1 else None
