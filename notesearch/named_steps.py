"""Find what a note says is to be done next: tasks, next steps, open questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

from notesearch.index.snapshot import StoredPassage
from notesearch.section_roles import MAX_HEADING, read_phrases


class StepKind(Enum):
    """How a note says that something is to be done."""

    TASK = "task"  # - [ ], TODO
    NEXT_STEP = "next step"  # under a heading such as What I'm trying next
    QUESTION = "question"  # under a heading such as Open questions


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is to be done, with its place."""

    kind: StepKind
    line: int  # in the file, counted from 1
    section: str  # the heading that it stands under
    text: str


# Not what a paper leaves to others: future work, extensions, outlook.
_NEXT = """next; next step(s); next up; up next; what next; what is next; what to do|read|try next;
    what i am trying|reading|doing next; what i would|will try|do|read|test|check; what i would|will
    try|do|read|test|check next; what i want|plan to try|do|read|test|check; what i want|plan to
    try|do|read|test|check next; todo(s); to do(s); to read|try|check|do|explore|test|implement; to
    look at|up; to follow up; to read next; reading list|queue; read next; action item(s)|point(s);
    idea(s)|thing(s)|paper(s)|experiment(s) to try|read|check|do|explore|test|run|follow;
    thing(s)|paper(s) to look at|up; follow up(s); follow up reading|experiments|ideas|work; my
    plan(s); plan(s) for next week"""
_OPEN = """open question(s); open point(s); follow up question(s); unanswered question(s);
    remaining question(s); question(s) to|for myself; question(s) to answer|ask; question(s) to
    think about; question(s) i have; question(s) i still have; thing(s) i do|did not understand|get;
    what i do|did not understand|get; what puzzles|confuses me; unclear; unclear points; what is
    unclear; what remains unclear|open; what is still unclear|open; ask the author(s); to ask the
    author(s); to ask"""
# Questions and something else: only what asks counts there.
_ASKING = "question(s); question(s) and answer(s); confusion(s)"
_BESIDE = "note(s); comment(s); thought(s); remark(s); discussion; idea(s)"

_SPELLINGS = (("’", "'"), ("what's", "what is"), ("i'm", "i am"), ("i'd", "i would"),
    ("i'll", "i will"), ("n't", " not"), ("to-", "to "), ("follow-", "follow "))  # fmt: skip
_BEFORE_WORDS = re.compile(r"^(?:[\W_]|\d+[.)]?(?=\s)|\d+(?:\.\d+)+)+")
_MODIFIER = re.compile(
    r"^(?:my|our|some|the|other|further|possible|immediate|remaining|planned|more|new|a few)\s+"
)
_JOINED = re.compile(r"\s*(?:/|&|,|;|:|\band\b|\+)\s*")

_MARKDOWN_HEADING = re.compile(r" {0,3}#{1,6}\s+(.{1,200}?)(?:\s+#+)?\s*$")
_ORG_HEADING = re.compile(r"\*+\s+(.{1,200})")
_BOLD_LINE = re.compile(r"\s{0,3}(?:\*\*|__)([^*_]{2,100})(?:\*\*|__)\s*:?\s*$")
_COLON_LINE = re.compile(r"\s{0,3}([^\W\d_][^:.!?]{1,60}):\s*$")
_UNDERLINE = re.compile(r"\s{0,3}([=~^\"'`#*+-])\1{2,}\s*$")
_FENCE = re.compile(r"\s{0,6}(?:```|~~~|#\+begin_src|#\+end_src)", re.IGNORECASE)
_ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,3}[.)])\s+(.*)")
_TASK = re.compile(r"\s*(?:>\s*)*(?:[-*+]|\d{1,3}[.)])\s+\[ \]\s+(\S.*)")
_DONE = re.compile(r"\[[xX✓✔/>-]\]\s|~~|DONE\b|(?:CANCELLED|CANCELED)\b|[✓✔✅☑]")
_TODO = re.compile(r"(?:^|[\s(\[*<-])TODO\b\**\s*(?:\([^)]{1,40}\))?\s*[:\-–—]*\s*(.*)")
_ORG_TODO = re.compile(r"\*+\s+(?:TODO|NEXT|WAITING)\s+(?:\[#[A-Z]\]\s*)?(.+)")
_MARKUP = re.compile(
    r"<[^>]{0,200}>|\*\*|__|==|`|-->|<!--|%%|\]\]|\[\[|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)"
)
_LINK = re.compile(r"!?\[([^\]]{0,300})\]\([^)\s]{0,1000}(?:\s[^)]{0,200})?\)")
_ASKS = re.compile(
    r"[?？]|^\W*(?:how|why|what|which|where|when|who|is|are|do|does|did|can|could|would|should)\b",
    re.IGNORECASE,
)
# What a course or a chapter goes on with is no step of the reader.
_ANNOUNCES = re.compile(
    r"\bwe(?:['’]ll| will)\b|\b(?:next|following|coming|upcoming) "
    r"(?:lessons?|sections?|chapters?|videos?|lectures?|modules?|parts?|posts?)\b",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"[\W_]*(?:none|n/?a|tbd|tba|todo|nothing|\d*)[\W_]*", re.IGNORECASE)
_LONGEST = 300  # characters shown of a step
_LOOKED_AT = 2000  # of a line


@cache
def _phrases(table: str) -> frozenset[str]:
    return read_phrases(table)


@lru_cache(maxsize=4096)
def kind_of_heading(heading: str) -> tuple[StepKind, bool] | None:
    """Return what stands under a heading, and whether only what asks something counts.

    None for any other heading.
    """
    if len(heading) > MAX_HEADING:
        return None
    words = heading.casefold()
    for written, meant in _SPELLINGS:
        words = words.replace(written, meant)
    words = _BEFORE_WORDS.sub("", _MARKUP.sub("", words)).rstrip(" :：?.!*_")
    words = " ".join(words.replace("-", " ").split())
    kind, asks = None, False
    if words == "question":  # of the paper
        return None
    for whole in _JOINED.split(words) if words not in _phrases(_NEXT) else (words,):
        part = _MODIFIER.sub("", whole)
        if part in _phrases(_NEXT) or whole in _phrases(_NEXT):
            kind = StepKind.NEXT_STEP
        elif part in _phrases(_OPEN) or whole in _phrases(_OPEN):
            kind = kind or StepKind.QUESTION
        elif part in _phrases(_ASKING) or whole in _phrases(_ASKING):
            kind, asks = kind or StepKind.QUESTION, True
        elif part in _phrases(_BESIDE):
            asks = True
        else:
            return None
    return (kind, asks) if kind is not None else None


@dataclass(slots=True)
class _Reading:
    """How far a note has been read: the heading that holds, and whether code is open."""

    is_org: bool
    heading: str = ""
    is_code: bool = False
    indent: int | None = None  # of the items under the heading
    after_gap: bool = True  # a paragraph may begin


def find_steps(
    path: str, passages: Sequence[StoredPassage]
) -> Iterator[tuple[StoredPassage, Step]]:
    """Yield the steps of a note's passages in their order, each with its passage."""
    reading = _Reading(is_org=path.endswith(".org"))
    for stored in passages:
        passage = stored.passage
        lines = passage.text.split("\n")
        headings = [_heading(lines, at, is_org=reading.is_org) for at in range(len(lines))]
        if passage.section and not any(headings) and passage.section[-1] != reading.heading:
            reading.heading, reading.indent = passage.section[-1], None
        for at, line in enumerate(lines):
            found = _step_in(line[:_LOOKED_AT], headings[at], passage.line_start + at, reading)
            if found is not None:
                yield stored, found


def _heading(lines: Sequence[str], at: int, *, is_org: bool) -> str:
    """Return the heading that a line is; "" where it is none."""
    line = lines[at][:_LOOKED_AT]
    if is_org:
        found = _ORG_HEADING.match(line)
        return found[1] if found else ""
    begin = line.lstrip()[:1]
    if not begin:
        return ""
    if begin in "#*_" and (found := _MARKDOWN_HEADING.match(line) or _BOLD_LINE.match(line)):
        return found[1]
    if at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1][:_LOOKED_AT]):
        return line.strip()[:200]
    found = _COLON_LINE.match(line) if line.rstrip().endswith(":") else None
    return found[1] if found and kind_of_heading(found[1]) else ""


def _step_in(line: str, heading: str, number: int, reading: _Reading) -> Step | None:
    if _FENCE.match(line):
        reading.is_code = not reading.is_code
        return None
    if reading.is_code:
        return None
    if reading.is_org and (todo := _ORG_TODO.match(line)):
        reading.heading, reading.indent, reading.after_gap = heading, None, True
        return _step(StepKind.TASK, number, "", todo[1])
    if heading:
        reading.heading, reading.indent, reading.after_gap = heading.strip(), None, True
        return None
    begins, reading.after_gap = reading.after_gap, not line.strip()
    if not line.strip() or _UNDERLINE.match(line):
        return None
    if task := _TASK.match(line):
        return _step(StepKind.TASK, number, reading.heading, task[1])
    if "TODO" in line and (todo := _TODO.search(line)) and not _DONE.search(line):
        return _step(StepKind.TASK, number, reading.heading, todo[1])
    under = kind_of_heading(reading.heading)
    if under is None or _DONE.search(line):
        return None
    text = _item_or_paragraph(line, begins, reading)
    kind, asks = under
    if text is None or (asks and not _ASKS.search(text)) or _ANNOUNCES.search(text):
        return None
    return _step(kind, number, reading.heading, text)


def _item_or_paragraph(line: str, begins: bool, reading: _Reading) -> str | None:
    """Return the words of an item of the outermost list, or of the first line of a paragraph."""
    if item := _ITEM.match(line):
        indent = len(item[1].expandtabs(4))
        if reading.indent is None:
            reading.indent = indent
        leads = item[2].rstrip("*_ ").endswith((":", "："))  # the items below say it
        return item[2] if indent <= reading.indent and not leads else None
    if not begins or line.startswith(("    ", "\t", "|", "![", "<", ":", "#+")):
        return None
    return None if line.rstrip().endswith((":", "：")) else line


def _step(kind: StepKind, number: int, section: str, text: str) -> Step | None:
    words = " ".join(_MARKUP.sub("", _LINK.sub(r"\1", text)).split()).strip("*_ ")
    if _EMPTY.fullmatch(words):
        return None
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST].rpartition(' ')[0] or words[:_LONGEST]} …"
    return Step(kind, number, " ".join(_MARKUP.sub("", section).split()), words)
