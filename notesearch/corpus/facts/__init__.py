"""What a note says about itself: fields of its head and lines of its body in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from notesearch.corpus.facts.byline import (
    authors_below_label,
    authors_from_field,
    authors_from_venue_line,
    split_names,
)
from notesearch.corpus.facts.dates import (
    DATE_KEYS,
    date_from_folder,
    date_from_line,
    date_from_name,
    date_from_value,
)
from notesearch.corpus.facts.papers import (
    PAPER_KEYS,
    PAPER_LINK,
    is_paper_line,
    links,
    paper_id_from_value,
    year_from_id,
)
from notesearch.corpus.facts.tags import (
    TAG_KEYS,
    hashtag_line,
    inline_hashtags,
    tags_from_line,
    tags_from_value,
)
from notesearch.corpus.facts.title import Title, is_generic_heading
from notesearch.corpus.facts.years import YEAR_KEYS, year_from_venue_line
from notesearch.corpus.text import mend_links, plain
from notesearch.spelling import normalise_tag, paper_id, paper_ids

_YEAR_LINE = re.compile(
    r"^[\W_]{0,8}(?:year|published)[\W_]{0,4}:[\W_]{0,4}((?:19|20)\d\d)\b", re.IGNORECASE
)
_LABELLED_LINK = re.compile(r"\s{0,8}(?:[-*+]\s+)?\*{0,2}" + PAPER_LINK.pattern, re.IGNORECASE)
# Nothing but signs stands before the key of a field or the first hashtag of a line.
_TAG_SIGN = re.compile(
    r"[^a-z#]{0,60}(?:#|tag|key|index|topic|categor|area|subject|label)", re.IGNORECASE
)
_BULLET_TAG = re.compile(r"^\s*[-*+]\s+#?([\w/.-]+(?: [\w/.-]+){0,3})\s*$")
_HEADING_TAGS = re.compile(r"^#{1,6}\s.*?\S((?:\s+#[^\W\d_][\w/-]*)+)\s*$")
_TWO_DIGITS = re.compile(r"\d\d")
_HEAD_LINES = 14  # a note names its paper and its date before its text
_LONGEST_TAG_LINE = 600
_LONGEST_HEAD_LINE = 4000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a note's head, lines, name and folders tell."""

    tags: tuple[str, ...]
    date: str | None
    year: int | None
    paper: str | None
    links: tuple[str, ...]
    authors: tuple[str, ...]
    aliases: tuple[str, ...]


def read_facts(
    path: str,
    fields: Mapping[str, object],
    markup: Sequence[str],
    title: Title,
    *,
    inline_tags: bool = False,
    is_part: bool = False,
) -> Facts:
    """Gather the facts on one note from its front matter `fields` and its Markdown lines.

    The first line of a part of a digest names its paper, however much it says beside.
    """
    texts = islice((line for line in markup if line.strip()), _HEAD_LINES)
    head = [line[:_LONGEST_HEAD_LINE] for line in texts]
    paper = _paper(fields, head, title, in_first_line=is_part) or _paper_of_label(markup)
    return Facts(
        tags=_tags(fields, markup, inline_tags=inline_tags),
        date=find_date(path, fields, head),
        year=_year(fields, head, title, paper),
        paper=paper,
        links=_links(fields, markup),
        authors=_authors(fields, head),
        aliases=(*_texts(fields.get("aliases")), *_texts(fields.get("alias"))),
    )


def unique_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Drop the tags that compare alike to an earlier one."""
    kept: dict[str, str] = {}
    for tag in tags:
        normal = normalise_tag(tag)
        if normal:
            kept.setdefault(normal, tag)
    return tuple(kept.values())


def _tags(
    fields: Mapping[str, object], markup: Sequence[str], *, inline_tags: bool
) -> tuple[str, ...]:
    found = [tag for key in fields if key in TAG_KEYS for tag in tags_from_value(fields[key])]
    bullets_follow = False
    fenced = False
    for line in markup:
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if bullets_follow and line.strip():
            bullet = _BULLET_TAG.match(line)
            bullets_follow = bullet is not None
            if bullet:
                found.append(bullet[1])
                continue
        is_hashed = inline_tags and "#" in line
        if fenced or len(line) > _LONGEST_TAG_LINE or not (is_hashed or _TAG_SIGN.match(line)):
            continue
        tags = tags_from_line(line)
        if tags is None:
            tags = hashtag_line(line)
        bullets_follow = tags == ()
        found += tags or ()
        if tags is None:
            tagged = line if inline_tags else _end_of_heading(line)
            found += inline_hashtags(tagged)
    return unique_tags(found)


def _end_of_heading(line: str) -> str:
    """Give the hashtags behind a heading's words, which is how org's `* Title :a:b:` comes here."""
    match = _HEADING_TAGS.match(line)
    return match[1] if match else ""


def find_date(path: str, fields: Mapping[str, object], head: Sequence[str] = ()) -> str | None:
    """Find the date of a note: in its front matter, its name, its first lines, its folders."""
    given = (date_from_value(fields[key]) for key in DATE_KEYS if key in fields)
    from_head = next((date for date in given if date), None)
    return (
        from_head
        or date_from_name(path.rsplit("/", 1)[-1])[0]
        or next((date for line in head if (date := date_from_line(line))), None)
        or date_from_folder(path)
    )


def _year(
    fields: Mapping[str, object], head: Sequence[str], title: Title, paper: str | None
) -> int | None:
    for key in YEAR_KEYS:
        match = re.search(r"\b(?:19|20)\d\d\b", str(fields.get(key, "")))
        if match:
            return int(match[0])
    written = next((int(match[1]) for line in head if (match := _YEAR_LINE.match(line))), None)
    venue = next((year for line in _opening(head) if (year := _venue_year(line))), None)
    return written or title.year or venue or (year_from_id(paper) if paper else None)


def _venue_year(line: str) -> int | None:
    return year_from_venue_line(plain(line)) if _TWO_DIGITS.search(line) else None


def _opening(head: Sequence[str]) -> Iterator[str]:
    """Give the lines above the first section, where authors and venue stand."""
    return takewhile(lambda line: not _opens_section(line), head[:6])


def _opens_section(line: str) -> bool:
    return line.startswith("#") and is_generic_heading(line.lstrip("# "))


def _paper(
    fields: Mapping[str, object], head: Sequence[str], title: Title, *, in_first_line: bool
) -> str | None:
    """Identify the paper: by a field, the title's link, or a line that is mostly its link."""
    for key in PAPER_KEYS:
        if key in fields:
            found = paper_id_from_value(key, fields[key])
            if found:
                return found
    if title.link and (linked := paper_id(title.link)):
        return linked
    for number, line in enumerate(map(mend_links, head)):
        if (in_first_line and number == 0) or is_paper_line(line):
            labelled = PAPER_LINK.search(line)
            found = (paper_id(labelled[1]) if labelled else None) or paper_id(line)
            if found:
                return found
    # Copied text has no links left: the only paper that a part names is its own.
    named = {identity for line in head for identity in paper_ids(line)} if in_first_line else set()
    return named.pop() if len(named) == 1 else None


def _paper_of_label(markup: Sequence[str]) -> str | None:
    """Identify the paper by the one `[Paper](url)` in a note's links, no other paper beside it."""
    if not any("](" in line and _LABELLED_LINK.match(line) for line in markup):
        return None
    targets: set[str] = set()
    beside: set[str] = set()
    in_links = False
    for line in markup:
        if line.startswith("#"):
            in_links = is_generic_heading(line.lstrip("# "))
        elif "](" in line and (label := _LABELLED_LINK.match(line)):
            targets.add(label[1])
            beside.update(paper_ids(line) if in_links else ("elsewhere",))
        elif in_links and targets and "http" in line:
            beside.update(paper_ids(line))
    return beside.pop() if len(targets) == len(beside) == 1 and "elsewhere" not in beside else None


def _links(fields: Mapping[str, object], markup: Sequence[str]) -> tuple[str, ...]:
    given = [link for key in PAPER_KEYS if key in fields for link in links(str(fields[key]))]
    written = [link for line in markup if "://" in line for link in links(line)]
    return tuple(dict.fromkeys([*given, *written]))


def _authors(fields: Mapping[str, object], head: Sequence[str]) -> tuple[str, ...]:
    for key in ("authors", "author", "citation_author"):
        given = _texts(fields.get(key))
        if len(given) > 1:
            return tuple(name.strip(" ,;") for name in given)
        if given:
            return split_names(given[0])
    given = next((names for line in head if (names := authors_from_field(line))), ())
    given = given or authors_below_label(head)
    opening = _opening(head)
    return given or next(
        (names for line in opening if (names := authors_from_venue_line(line))), ()
    )


def _texts(value: object) -> tuple[str, ...]:
    """Give the texts in a field's value, be it one, a list, or a table of names."""
    if isinstance(value, str):
        bare = value.strip()
        if bare.startswith("[") and bare.endswith("]") and not bare.startswith("[["):
            return tuple(part.strip(" \"'") for part in bare[1:-1].split(",") if part.strip())
        return (bare,) if bare else ()
    if isinstance(value, dict):
        named = value.get("name") or value.get("title")
        texts = [named] if named else [f"{key}: {item}" for key, item in value.items()]
        return tuple(str(text) for text in texts)
    if isinstance(value, (list, tuple)):
        return tuple(text for item in value for text in _texts(item))
    return () if value is None else (str(value),)
