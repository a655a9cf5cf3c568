"""Find the papers that the text of a note names by an id or a link, apart from its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from notesearch.index.snapshot import StoredNote, StoredPassage
from notesearch.records import NoteKind
from notesearch.spelling import paper_ids

_LINK = re.compile(r"\[([^\[\]]{1,300})\]\(([^()\s]{1,1000})")
_ORG_LINK = re.compile(r"\[\[([^\[\]\s]{1,1000})\]\[([^\[\]]{1,300})\]\]")
_ADDRESS = re.compile(r"\(?https?://[^\s)\]]{1,1000}\)?")
_SIGNS = re.compile(r"[*_`|#>\[\]]+")
_FEWEST_WORDS = 3  # of a title: `paper` and `arXiv link` are none
_LOOKED_AT = 20_000  # characters of a line
_LONGEST = 200
# Lines at the head of a note without an id: what they link to is most often its own paper.
_HEAD_LINES = 12
# A line of such words alone, as in [Paper](…) [Code](…), is of the paper that the text is on.
_LABELS = re.compile(
    r"(?:[\W\d_]|\b(?:papers?|code|links?|read|the|full|original|pdf|arxiv|abs|project|page|github|"
    r"urls?|video|slides|blog|post|doi|here|website|official|source|kbd|repo|title|html|to|at|in|"
    r"implementation|openreview|acl|anthology|v\d)\b)*",
    re.IGNORECASE,
)
_NOTE_ADDRESS = re.compile(r"\]\(<?([^()<>:]{1,500}\.(?:md|org|rst|html?|ipynb|tex))[>)#]")
_WIKILINK = re.compile(r"\[\[([^\[\]|#]{1,300})")
_AUTHORS = re.compile(r"\bet\.? al\b|^\W*(?:link|here|this|read|see)\b", re.IGNORECASE)


class PaperMention(NamedTuple):
    """A paper that a line names."""

    paper: str
    line: int  # in the file, counted from 1
    title: str  # the words of a link to it; "" where they are no title
    sentence: str  # the line in words
    is_own: bool  # the text there is on this paper
    notes: tuple[str, ...]  # the names of files that the line links to


def find_mentions(
    note: StoredNote, passages: Sequence[StoredPassage]
) -> Iterator[tuple[StoredPassage, PaperMention]]:
    """Yield the papers that a note's passages name, each once, with the passage.

    The paper that a note is on by its facts is not among them.
    """
    met: set[str] = set()
    has_head = note.paper is None and note.kind is not NoteKind.INDEX_PAGE
    for stored in passages:
        passage = stored.passage
        if not paper_ids(passage.text):
            continue
        for number, line in enumerate(passage.text.split("\n"), start=passage.line_start):
            shown = line[:_LOOKED_AT]
            is_head = has_head and number - note.line_start < _HEAD_LINES
            for paper in paper_ids(shown):
                if paper == note.paper or paper in met:
                    continue
                met.add(paper)
                title, words = _title_of(paper, shown), _words(shown)
                is_own = bool(_LABELS.fullmatch(words)) or (is_head and not _is_listed(shown))
                links = (*_NOTE_ADDRESS.findall(shown), *_WIKILINK.findall(shown))
                names = tuple(link.rpartition("/")[2] for link in links)
                yield stored, PaperMention(paper, number, title, words, is_own, names)


def _is_listed(line: str) -> bool:
    return line.lstrip().startswith(("- ", "* ", "+ ")) or bool(re.match(r"\s*\d+[.)]\s", line))


def _title_of(paper: str, line: str) -> str:
    """Return what a link to a paper says, where that may be its title."""
    pairs = [(address, words) for words, address in _LINK.findall(line)]
    pairs += _ORG_LINK.findall(line)
    for address, words in pairs:
        text = _words(words)
        is_title = len(text.split()) >= _FEWEST_WORDS and not _AUTHORS.search(text)
        if is_title and paper in paper_ids(address):
            return text.strip("\"'“”. ")
    return ""


def _words(line: str) -> str:
    text = _ORG_LINK.sub(r"\2", _LINK.sub(r"\1 (", line))
    text = " ".join(_SIGNS.sub(" ", _ADDRESS.sub("", text)).replace("()", "").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} …"
