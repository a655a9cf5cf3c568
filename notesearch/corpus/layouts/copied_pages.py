"""Split text that was copied from a web page: cards, a feed, or a listing of broken-off texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from notesearch.corpus.document import Document, Part
from notesearch.corpus.facts.dates import feed_line, read_line
from notesearch.corpus.facts.title import first_sentence
from notesearch.section_roles import roles_of

_TLDR = re.compile(r"^\s*TL;?DR\b[.:;]?\s*", re.IGNORECASE)
# Links and buttons of the page, which belong to no note.
_PAGE_CONTROL = re.compile(
    r"^\s*(?:all topics|click to filter notes|sign in with\b.*|load more|show more|read more|"
    r"back to top|next|previous|home|about|search|subscribe|share|copy link|log ?in|sign up|©.*|"
    r"comments?|no comments yet|powered by\b.*|\d+ comments?|filter by\b.*)[.…]*\s*$",
    re.IGNORECASE,
)
# The page's own list of its topics, a word a line, above the first card.
_LISTED_TAG = re.compile(r"^\s*[a-z0-9][\w-]{1,40}\s*$")
_MAX_HEADING_WORDS = 6
_BROKEN_OFF = ("…", "….", "...")
_MAX_TITLE_WORDS = 30
_MIN_PARAGRAPH_WORDS = 8


def split_cards(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a page of cards: a `TL;DR.` line, a `read …` line, then the same headings in each.

    None when the page shows no such cycle.
    """
    lines = document.lines
    if not document.is_plain:
        return None
    reads = sum(line.startswith("read ") and read_line(line) is not None for line in lines)
    tldrs = sum(_TLDR.match(line) is not None for line in lines)
    headings = _repeated_headings(lines)
    if not asked and reads < 2 and (tldrs < 2 or not headings):
        return None
    starts = _card_starts(lines, headings)
    if not starts:
        return None
    listed = frozenset(line.strip() for line in lines[: starts[0]] if _LISTED_TAG.match(line))
    return [
        _card(lines, start, end, headings, listed) for start, end in pairwise([*starts, len(lines)])
    ]


def _repeated_headings(lines: Sequence[str]) -> dict[str, int]:
    """Find the lines that head a section in card after card, with their order."""
    counts = Counter(line.strip() for line in lines if _may_head(line))
    repeated = (
        text
        for text, count in counts.items()
        if count >= 2 or (roles_of(text) and text[:1].isupper())
    )
    return {text: order for order, text in enumerate(repeated)}


def _may_head(line: str) -> bool:
    text = line.strip()
    return (
        0 < len(text.split()) <= _MAX_HEADING_WORDS
        and text[0].isalpha()
        and text[-1] not in ".,;:!?…)"
        and not _PAGE_CONTROL.match(text)
        and not _TLDR.match(text)
        and read_line(text) is None
    )


def _card_starts(lines: Sequence[str], headings: Mapping[str, int]) -> list[int]:
    """Find where cards begin: at a TL;DR, else where the cycle of headings starts again."""
    starts: list[int] = []
    seen: set[str] = set()  # in the present card
    furthest = -1  # of its headings, in the order of the cycle
    for position, line in enumerate(lines):
        text = line.strip()
        if _TLDR.match(text):
            mark, opens = "tldr", True
        elif read_line(text):
            mark, opens = "read", "read" in seen or furthest >= 0 or not starts
        elif text in headings:
            order = headings[text]
            mark, opens = text, bool(starts) and (text in seen or order < furthest)
            furthest = order if opens else max(furthest, order)
        else:
            continue
        if opens:
            starts.append(position)
            seen = set()
            furthest = headings.get(mark, -1)
        seen.add(mark)
    return starts


def _card(
    lines: Sequence[str],
    start: int,
    end: int,
    headings: Mapping[str, int],
    listed_tags: frozenset[str],
) -> Part:
    while end > start + 1 and (not lines[end - 1].strip() or _PAGE_CONTROL.match(lines[end - 1])):
        end -= 1
    date, tags, opening = None, "", None
    heads = set()
    for position in range(start, end):
        line = lines[position]
        if read := read_line(line):
            date, tags = read
        elif line.strip() in headings:
            heads.add(position)
        elif line.strip() and opening is None:
            opening = _TLDR.sub("", line)
    return Part(
        range(start, end),
        title=first_sentence([opening or ""]),
        date=date,
        run_together_tags=tags,
        listed_tags=listed_tags,
        headings=frozenset(heads),
    )


def split_feed(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a feed at the lines that close its paragraphs: `May 21, 2025•18 min`.

    None when there are fewer than two.
    """
    lines = document.lines
    if not document.is_plain:
        return None
    closings = [(n, date) for n, line in enumerate(lines) if (date := feed_line(line))]
    if len(closings) < (1 if asked else 2):
        return None
    parts = []
    start = 0
    for end, date in closings:
        # A note is the paragraph above its date, without the labels of the page before it.
        first = max(end - 1, start)
        while first > start and not lines[first].strip():
            first -= 1
        while first > start and lines[first - 1].strip():
            first -= 1
        while first < end - 1 and _is_page_label(lines[first]):
            first += 1
        if "".join(lines[first:end]).strip():
            title = first_sentence(lines[first:end])
            parts.append(Part(range(first, end + 1), title, date=date))
        start = end + 1
    return parts


def _is_page_label(line: str) -> bool:
    """Distinguish a label of the page, such as `Latest`, from the first line of a paragraph."""
    return len(line.split()) <= 4 and not line.rstrip().endswith((".", "…", ",", ":", ";"))


def split_listing(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a listing: a title line, then one paragraph that breaks off with `….` or `....`.

    None when it holds fewer than two.
    """
    if not document.is_plain:
        return None
    texts = [position for position, line in enumerate(document.lines) if line.strip()]
    parts = []
    for above, here in pairwise(texts):
        title, paragraph = document.lines[above].strip(), document.lines[here]
        if paragraph.rstrip().endswith(_BROKEN_OFF) and _heads_paragraph(title, paragraph):
            parts.append(Part(range(above, here + 1), title))
    if not asked and (len(parts) < 2 or 2 * len(parts) < 0.6 * len(texts)):
        return None
    return parts


def _heads_paragraph(title: str, paragraph: str) -> bool:
    return (
        len(title.split()) <= _MAX_TITLE_WORDS
        and not title.endswith((*_BROKEN_OFF, ".", ","))
        and len(paragraph.split()) >= _MIN_PARAGRAPH_WORDS
    )
