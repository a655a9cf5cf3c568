"""Read passages as the sentences that can be compared with those of other notes.

Left out is what says nothing by itself: headings, labels, data about the paper, references, code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from notesearch.index.snapshot import StoredPassage
from notesearch.records import Role
from notesearch.search.comparable_words import ComparedText, read_comparable
from notesearch.search.question_words import STOP_WORDS
from notesearch.section_roles import bare_heading, read_phrases, roles_of
from notesearch.spelling import normalise_name

# With fewer words of its own a line is a label, or says too little to be compared.
_FEWEST_WORDS = 4
# Formulas, rows of figures and code have fewer letters among their signs.
_LEAST_LETTERS = 0.7
# A row of more cells than these and one more is a table of figures or names.
_MOST_CELLS = 3
_MARKS = re.compile(r"(?:[-*+>•▪●]+|\d{1,3}[.)]|\[[ xX]\]|\[![a-z]+\][+-]?)\s+")
_MARKS_BEHIND = re.compile(r"(?:\s+[-*+>•▪●#|]+)*\s*\Z")
_HEADING = re.compile(r"#{1,6}(?:\s|$)")
# `**Authors:** …`, `Paper: …`, `Code | …`
_DATA = re.compile(
    r"\W{0,6}(?:(?:paper|project|original|official|published|publication|source|full)\s)?"
    r"(?:authors?|papers?|links?|urls?|arxiv|code|github|repo(?:sitory)?|tags?|keywords|dates?"
    r"|venue|journal|conference|year|published|affiliations?|institutions?|organi[sz]ations?"
    r"|source|doi|status|created|updated|read|pdf|citations?|cite as|bibtex|title|page|website"
    r"|blog|demo|slides|video|datasets?|reviewer|rating|category)"
    r"(?:\s(?:link|url|date|on|in|page))?\W{0,4}[:|]",
    re.IGNORECASE,
)
# An entry of a list of references, or somebody's address.
_REFERENCE = re.compile(
    r"\A\W*(?:\[\d{1,3}\]\s|\d{1,3}[).]\s.*\b(?:19|20)\d\d\b)"
    r"|et al\.?,?.{0,40}\b(?:19|20)\d\d\b.{0,40}\Z"
    r"|arXiv preprint|\bpp\.\s?\d|Proceedings of|@\w+\.\w",
    re.DOTALL,
)
_REFERENCE_HEADINGS = read_phrases(
    """reference(s); bibliography; citation(s); bibtex; link(s); resources; metadata; meta; info;
    paper info; external links; sources; table of contents; contents; authors; tags"""
)


# Words that sentences on any paper have: that two of them do says nothing.
_USUAL_WORDS = (
    read_phrases(
        """across; against; all; also; another; any; author(s); based; better; both; different;
        each; either; even; every; final; first; found; four; get(s); give(s)|given; good;
        here; however; just; kind(s); less; like; made|make(s)|making; many; more; most;
        much; new; next; no; not; note(s); now; often; one; only; other(s); over; own;
        paper(s); propose(s)|proposed; same; second; see; several; show(s)|shown; since; so;
        some; still; such; take(s)|taken; than; then; third; three; thus; too; two; under;
        use(s)|used|using; very; way(s); well; when; where; while; whole; work(s)"""
    )
    | STOP_WORDS
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, with the words that tell what it is about."""

    stored: StoredPassage
    shown: str  # as a reader sees it, on one line
    words: Mapping[str, str]  # those that tell what it is about: by the stem, as it has them
    role: Role | None  # what its section is for
    line_start: int  # in the file
    line_end: int


def read_sentences_of(passages: Iterable[StoredPassage]) -> Iterator[Sentence]:
    """Yield the sentences of passages that can be compared, the same one once."""
    seen: set[str] = set()
    for stored in passages:
        for found in _read_passage(stored):
            if found.shown.casefold() not in seen:
                seen.add(found.shown.casefold())
                yield found


def _read_passage(stored: StoredPassage) -> Iterator[Sentence]:
    passage = stored.passage
    role = next(iter(passage.roles), None)
    is_left_out = any(bare_heading(heading) in _REFERENCE_HEADINGS for heading in passage.section)
    begins = True
    text = read_comparable(passage.text)
    for span in text.sentences:
        shown = text.shown[_start_of(text, span) : _end_of(text, span)].strip()
        if not _HEADING.match(shown):
            begins = False
            if not is_left_out and (found := _read_one(stored, text, span, shown, role)):
                yield found
        elif not begins:  # a short section that shares the passage
            role = next(iter(roles_of(shown)), None)
            is_left_out = bare_heading(shown) in _REFERENCE_HEADINGS


def _read_one(
    stored: StoredPassage, text: ComparedText, span: range, shown: str, role: Role | None
) -> Sentence | None:
    while mark := _MARKS.match(shown):
        shown = shown[mark.end() :]
    if shown.endswith(":") or _is_title(shown, stored.note.title):
        return None
    if _DATA.match(shown) or _REFERENCE.search(shown) or shown.count(" | ") > _MOST_CELLS:
        return None
    words = [text.words[at] for at in span]
    telling = {
        word.stem: word.written
        for word in words
        if word.written not in _USUAL_WORDS and _is_word(word.written)
    }
    signs = shown.replace(" ", "")
    letters = sum(map(str.isalpha, signs))
    if len(telling) < _FEWEST_WORDS or letters < _LEAST_LETTERS * len(signs):
        return None
    passage = stored.passage
    start, end = passage.line_start, passage.line_end
    # Where a text leaves out lines of its file, it cannot be told which one a word is from.
    if passage.text.count("\n") == end - start:
        start, end = start + words[0].line, start + words[-1].line
    return Sentence(stored, shown, telling, role, start, end)


def _is_title(shown: str, title: str) -> bool:
    """Return whether a line is the title of its note, with a number or without."""
    return normalise_name(shown.lstrip("(0123456789.) ")) == normalise_name(title)


def _start_of(text: ComparedText, span: range) -> int:
    """Return where the sentence begins, with the marks of a heading before its first word."""
    before = text.words[span.start - 1].end if span.start else 0
    lead = text.shown[before : text.words[span.start].start]
    marks_at = lead.find("#")
    is_heading = marks_at >= 0 and not lead[marks_at:].strip("# *_")
    return before + marks_at if is_heading else text.start_of(span)


def _end_of(text: ComparedText, span: range) -> int:
    """Return where the sentence ends, with the signs behind its last word: as in `21 %`."""
    if span.stop == len(text.words):
        return len(text.shown)
    behind = text.shown[: text.start_of(range(span.stop, span.stop + 1))]
    return len(_MARKS_BEHIND.sub("", behind)) if behind else 0


def _is_word(word: str) -> bool:
    return len(word) > 2 or not word.isascii()
