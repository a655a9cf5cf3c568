"""The title of a note, from the first place in a fixed order that gives one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from notesearch.corpus.facts.dates import date_from_name, parse_date, read_year
from notesearch.corpus.facts.papers import is_paper_line
from notesearch.corpus.markdown_lines import (
    HeadingLine,
    find_headings,
    linked_title,
    plain,
    unquote,
    without_marker,
)
from notesearch.records import Block
from notesearch.section_roles import (
    MAX_HEADING,
    bare_heading,
    read_phrases,
    role_phrases,
    split_phrase,
    without_modifiers,
)
from notesearch.spelling import paper_id

_FIELD = re.compile(r"^[\W_]{0,8}(?:paper )?title[\W_]{0,4}:{1,2}[\s*_]{0,4}(\S.*)$", re.IGNORECASE)
# `014_`, `17-`, `7.1 - `, `2.4.5 `; a full stop before a digit is still the number's own.
_NUMBERING = re.compile(
    r"^(?:\d{1,3}(?:\.\d{1,3})*\s*(?:[-_)]|\.(?!\d))[\s_]*|\d{1,3}(?:\.\d{1,3})+\s+|\d{2,4}[_\s]+)(?=\S)"
)
_FIELD_LINES = 12
# `[[arXiv](url)] [Notes]` behind a title; a word more in the brackets is the title's own.
_LABELS_AT_END = re.compile(
    r"(?:\s{1,4}[\[(]?\[(?:arxiv|pdf|paper|notes?|my notes|code|github|link|video|slides|poster|"
    r"blog|project|website|openreview)\](?:\([^()\s]{0,500}\))?[\])]?[,;|]?){1,6}\s{0,4}$",
    re.IGNORECASE,
)
_NAMELESS = {"readme", "notes", "note", "index", "_index", "summary", "paper", "main"}
_SECTION_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5})[.):]?\s")
# `Obsidian note:`, `: Fair scheduling`, `Detailed notes on`: the title was to stand beside it.
_NO_TITLE = re.compile(
    r"^[:;,]|:$|\b(?:notes?|summary) (?:on|of|for|from)$|^(?:[a-z]+ )?obsidian notes?\b",
    re.IGNORECASE,
)
# So many words before the first heading: the text has begun, and headings are its sections.
_WORDS_OF_TEXT = 8
_SECTIONS_BEFORE = 2  # so many of a heading's level above it: it is one of them
_LINES_TO_PAPER = 4
_MAX_OPENING_WORDS = 25
_MAX_CHARS = 300
_MAX_SENTENCE = 120  # characters

# Headings that name a section and give it no role.
_SECTION_NAMES = role_phrases().keys() | read_phrases(
    """paper(s); note(s); introduction; intro; preface; preamble; content(s); table of contents;
    toc; outline; index; reference(s); bibliography; citation(s); cite; bibtex; link(s); resources;
    further reading; appendix; appendices; acknowledgements; acknowledgments; metadata; meta; info;
    information; title; author(s); venue; year; date; tags; keywords; topics; categories; figure(s);
    table(s); image(s); code; code example(s); example(s); data; dataset(s); definition(s);
    glossary; terminology; vocabulary; new vocabulary; preliminaries; notation; structure; paper
    structure outline; rough chapter wise notes; reading notes; paper review(s); paper summaries;
    readme; untitled; new note; template; main; home; log; changelog; license; misc; miscellaneous;
    other(s); footnote(s); source(s); pdf; download; description; explanation; theory; concept(s);
    main text; body; part; chapter; section; lecture summary; day; week; today; this week;
    update(s); news; to read; reading list; faq; equations; math; mathematical formulation;
    proof(s); visualization; media; video; slides"""
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,60})\\?[)\]]")
_LONE_YEAR_AT_END = re.compile(r"\s{0,4}\(((?:19|20)\d\d)\)\s{0,4}$")
_YEAR_AT_END = re.compile(r"(?:^|[\s,;'’@-])((?:19|20|21)\d\d)$|[A-Za-z]\s?['’`](\d\d)$")
_YEAR_AT_START = re.compile(r"((?:19|20|21)\d\d)[\s,]")
_BRACKETS_AT_END = re.compile(r"\s\([^()]{0,60}\)$")


@lru_cache(maxsize=4096)
def is_generic_heading(heading: str) -> bool:
    """Return whether a heading names a section (Summary, References, 2018-03), not a paper."""
    if len(heading) > MAX_HEADING:
        return False
    phrase = bare_heading(heading)
    if not phrase or parse_date(_BRACKETS_AT_END.sub("", heading.strip("# "))) is not None:
        return True
    candidates = [[phrase], split_phrase(phrase)]
    return any(all(without_modifiers(p, _SECTION_NAMES) for p in parts) for parts in candidates)


@dataclass(frozen=True, slots=True)
class Title:
    """A title with what was wrapped around it."""

    text: str
    year: int | None = None  # from a trailing `(2017)`
    link: str | None = None  # from `[Title](url)`
    position: int | None = None  # of the line it was taken from, when that is a heading


def find_title(
    path: str, fields: Mapping[str, object], markup: Sequence[str], blocks: Sequence[Block]
) -> Title:
    """Find a note's title: front matter, a title field, a heading, a bullet, the file's name."""
    given = fields.get("title") or fields.get("name")
    headings = find_headings(markup, blocks)
    number = next((n for n, found in enumerate(headings) if not is_generic_heading(found.text)), -1)
    heading = None
    if number >= 0:
        at = headings[number].position
        heading = make_title(markup[at].lstrip("# \t"), at)
        heading = heading if heading.text else None
    if isinstance(given, (str, int, float)) and str(given).strip():
        title = make_title(str(given))
        if heading:
            same = _key(heading.text) == _key(title.text)
            position = heading.position if same else None
            title = replace(title, link=title.link or heading.link, position=position)
        return title
    for line in markup[:_FIELD_LINES]:
        match = _FIELD.match(line)
        if match and not is_generic_heading(match[1]):
            return make_title(match[1])
    linked = _opening_link(markup, blocks)
    if linked and (heading is None or headings[number].level > 1):
        return linked
    named = Title(title_from_path(path))
    is_nameless = named.text.lower() in _NAMELESS  # a README that no folder names
    if heading and (
        heading.link
        or not (is_nameless or _can_be_title(named.text))
        or not (
            _heads_a_section(markup, headings, number)
            or _is_first_section(path, named.text, markup, headings[number:])
        )
    ):
        return heading
    opening = None if heading else _opening_line(path, markup, blocks)
    if opening is None and is_nameless:  # `My notes` is better than `README`
        above = (found.text for found in (headings[:number] if heading else headings))
        worded = (text for text in above if text[0].isalpha() and text.lower() not in _NAMELESS)
        opening = next(worded, None)
    return make_title(opening) if opening else named


def make_title(line: str, position: int | None = None) -> Title:
    """Unwrap a link, emphasis and quotes; take a trailing year off."""
    linked = linked_title(line)
    bare = _LABELS_AT_END.sub("", line) if line.rstrip().endswith(("]", ")")) else line
    year, text = year_from_title(unquote(plain(bare) or plain(line)))
    text = unquote(text)[:_MAX_CHARS].strip()
    return Title(text, year, linked[1] if linked else None, position)


def year_from_title(title: str) -> tuple[int | None, str]:
    """Read the year of `Name (2017)` or `[ICLR 2018] Name`; return it with the title.

    Only a lone year in round brackets at the end is taken off the title.
    """
    if lone := _LONE_YEAR_AT_END.search(title, max(0, len(title) - 16)):
        return read_year(lone[1]), title[: lone.start()].rstrip() or title
    for brackets in _BRACKETS.finditer(title[:_MAX_CHARS]):
        inside = brackets[1].strip(" \\")
        if parse_date(inside) not in (None, inside[:4]):
            continue  # the day of a log's entry
        if match := _YEAR_AT_END.search(inside) or _YEAR_AT_START.match(inside):
            return read_year(next(filter(None, match.groups()))), title
    return None, title


def first_sentence(lines: Iterable[str]) -> str | None:
    """Return the opening words of some lines of prose, as a title for a note without one."""
    text = " ".join(" ".join(lines).split())
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'(])", text, maxsplit=1)[0].rstrip(" .…")
    if len(sentence) <= _MAX_SENTENCE:
        return sentence or None
    return sentence[:_MAX_SENTENCE].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + " …"


def title_from_path(path: str) -> str:
    """Make a title of a file's name, or of its folder's when the name says nothing."""
    pure = PurePosixPath(path)
    name = pure.stem
    if name.lower() in _NAMELESS and pure.parent.name:
        name = pure.parent.name
    bare = _NUMBERING.sub("", date_from_name(name)[1])
    signs = r"_+" if " " in name else r"[_-]+"  # where spaces part the words, a hyphen joins
    words = " ".join(re.sub(signs, " ", bare).split())
    return words or name.strip() or path.strip()


def _key(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _heads_a_section(markup: Sequence[str], headings: Sequence[HeadingLine], number: int) -> bool:
    """Distinguish a heading that is one section of several from the title above them.

    In a vault the file's name is the title, and the first heading opens the first section:
    it has siblings, and is numbered like them or comes after text or after `Overview`.
    """
    heading = headings[number]
    siblings = [
        other
        for other in headings[number + 1 :]
        if other.level <= heading.level and not is_generic_heading(other.text)
    ]
    if sum(other.level == heading.level for other in headings[:number]) >= _SECTIONS_BEFORE:
        return True
    if not siblings:
        return False
    if _SECTION_NUMBER.match(heading.text):
        return any(_SECTION_NUMBER.match(other.text) for other in siblings)
    if any(other.level <= heading.level for other in headings[:number]):
        return True
    before = " ".join(markup[: heading.position])
    return heading.level > 1 and len(before.split()) >= _WORDS_OF_TEXT


def _is_first_section(
    path: str, name: str, markup: Sequence[str], headings: Sequence[HeadingLine]
) -> bool:
    """Return whether the first of some headings is a section, under a file's name that is a title.

    It is below level 1 and has others of its level, or is no title at all. It is the title after
    all if it begins with the file's name, or names a paper just below.
    """
    stem = PurePosixPath(path).stem
    if stem.lower() in _NAMELESS or (" " not in stem and stem == stem.lower()):
        return False  # `vit.md` is no title, `Hash maps.md` is one
    position, level, text = headings[0]
    if _key(text).startswith(_key(name)):
        return False
    if _NO_TITLE.search(text):
        return True
    siblings = sum(
        other.level == level and not is_generic_heading(other.text) for other in headings[1:]
    )
    if level < 2 or siblings < (2 if level == 2 else 1):
        return False
    below = markup[position + 1 : position + 1 + _LINES_TO_PAPER]
    return not any("/" in line and is_paper_line(line) and paper_id(line) for line in below)


def _can_be_title(name: str) -> bool:
    """Distinguish a file's name that can be a title from `notes 3`."""
    words = re.findall(r"[^\W\d_]{2,}", name)
    is_name = len(words) > 1 or any(len(word) > 2 for word in words)
    return is_name and not is_generic_heading(" ".join(words))


def _opening_link(markup: Sequence[str], blocks: Sequence[Block]) -> Title | None:
    """Read the link to a paper that is alone on the first line of a note."""
    if not blocks or blocks[0].kind != "paragraph":
        return None
    lines = [line.strip() for line in markup[: blocks[0].end] if line.strip()]
    if len(lines) != 1 or not lines[0].startswith("[") or "](" not in lines[0]:
        return None
    title = make_title(lines[0])
    names_paper = title.link is not None and paper_id(title.link) is not None
    is_name = len(title.text.split()) > 1 and not is_generic_heading(title.text)
    return title if names_paper and is_name else None


def _opening_line(path: str, markup: Sequence[str], blocks: Sequence[Block]) -> str | None:
    """Return the bullet that opens a note as its title, or the line alone.

    A line does so in a text file, or where it has all words of the file's name, which is short
    for it.
    """
    if not blocks or (len(blocks) < 2 and blocks[0].kind != "list"):
        return None
    kind, start, end, _ = blocks[0]
    text = plain(without_marker(markup[start]))
    if kind == "list":
        opens, shortest = True, 2
    else:
        alone = kind == "paragraph" and not "".join(markup[start + 1 : end]).strip()
        words = re.findall(r"[^\W\d_]{3,}", title_from_path(path).casefold())
        spells_out = len(words) > 1 and all(word in text.casefold() for word in words)
        opens = alone and (path.lower().endswith((".txt", ".text")) or spells_out)
        shortest = 1
    fits = shortest <= len(text.split()) <= _MAX_OPENING_WORDS and "://" not in text
    return text if opens and fits and not text.endswith((".", ":", ",", ";")) else None
