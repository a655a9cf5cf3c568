"""Find the head of a note and read its fields: YAML, TOML, or a bare head.

Front matter comes from strangers: templates that were never filled in, tabs, quotes that a
word processor made, and now and then an attack. What parses safely is used; for the rest
`key: value` lines are read one by one, and the reason is reported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from notesearch.untrusted_yaml import YAML_FAULTS, load_yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# 43 collections have none over 6 kB; a head larger than this is text that follows a rule.
_MAX_LINES = 400
_MAX_CHARS = 50_000
_MAX_BLANK_LINES = 29  # before a head
_KNOWN_KEYS = {
    "aliases", "alias", "tags", "tag", "title", "date", "created", "author", "authors", "year",
    "status", "category", "categories", "keywords", "topics", "link", "url", "cssclass", "type",
    "areas", "venue", "arxiv", "doi", "source", "description", "layout", "published", "paper",
    "updated", "read", "citekey", "name",
}  # fmt: skip
_LINES_ABOVE_HEAD = 12  # sentences, a rule, the opening of a fence
_FIRST_KEY = re.compile(r"(?:title|tags|date|aliases):\s", re.IGNORECASE)
NOTE_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(?:markdown|md)\s*$", re.IGNORECASE)
_KEY = re.compile(r"^([A-Za-z][\w .-]{0,40}?)\s*[:=](?!:)\s*(.*)$")
_BODY_LINE = re.compile(r"^(?:#{2,6} |> |\d+[.)] |\||```|!\[)")
_URL_LINE = re.compile(r"^<?https?://\S+>?$")
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})
_TOML_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
# The parser's time grows with the square of the parts, and Python shows no number of any length.
_COSTLY_TOML = re.compile(
    rf"(?<![\w-]){_TOML_PART}(?:[ \t]*\.[ \t]*{_TOML_PART}){{50}}|[0-9A-Fa-f_]{{400}}"
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a note's head, the lines it takes, and what was wrong with it."""

    fields: Mapping[str, object] = field(default_factory=dict)  # keys as `date_added`
    problem: tuple[int, str] | None = None  # (line, reason)
    line_start: int = 0  # first and last line, counted from 1; 0 and 0 when there is none
    line_end: int = 0

    def __bool__(self) -> bool:
        """Return whether the note has a head."""
        return self.line_end > 0


_NONE = FrontMatter()


def find_front_matter(lines: Sequence[str]) -> FrontMatter:
    """Find the head of a note: first in the file, or below other lines.

    An opened fence of Markdown above it belongs to it, so that the end of the fence has no partner
    and is none either.
    """
    if head := _at_start(lines):
        return head
    for start in range(1, min(len(lines) - 1, _LINES_ABOVE_HEAD)):
        if lines[start].strip() == "---" and _FIRST_KEY.match(lines[start + 1]):
            head = _fenced(lines, start, "---")
            if {"title", "tags"} & head.fields.keys():
                opened = NOTE_FENCE.match(lines[start - 1])
                return replace(head, line_start=start) if opened else head
    return _NONE


def _at_start(lines: Sequence[str]) -> FrontMatter | None:
    """Find a head first in the file, or after blank lines, a URL or the title."""
    start = -1
    for _ in range(3):
        nearby = range(start + 1, min(len(lines), start + _MAX_BLANK_LINES + 2))
        start = next((number for number in nearby if lines[number].strip()), -1)
        if start < 0:
            return None
        fence = lines[start].strip()
        if fence in ("---", "+++"):
            return _fenced(lines, start, fence)
        if bare := _bare(lines, start):
            return bare
        if not (_URL_LINE.match(fence) or lines[start].startswith("# ")):
            return None
    return None


def _fenced(lines: Sequence[str], start: int, fence: str) -> FrontMatter:
    """Read the lines between two fences; the text below a head never closed stays text."""
    ends = ("---", "...") if fence == "---" else ("+++",)
    stop = min(len(lines), start + _MAX_LINES)
    end = next((n for n in range(start + 1, stop) if lines[n].rstrip() in ends), None)
    if end is None:
        return _NONE
    body = lines[start + 1 : end]
    text_from = next((n for n, line in enumerate(body) if _BODY_LINE.match(line)), None)
    if text_from is not None:
        while text_from and body[text_from - 1].strip():
            text_from -= 1
        body, end = body[:text_from], start + text_from
    if not _is_head(body, first=start == 0):
        return _NONE  # text between two rules
    return FrontMatter(*_read(body, start + 2, is_toml=fence == "+++"), start + 1, end + 1)


def _is_head(body: Sequence[str], *, first: bool) -> bool:
    """Distinguish a head from prose between two rules; at the start of a file any key will do."""
    text = [line for line in body if line.strip() and not line.startswith("#")]
    if not text:
        return first and bool(body)
    keys = {match[1].strip().lower() for line in text if (match := _KEY.match(line))}
    opens = first and (text[0].startswith(("{", "!", "- ")) or _KEY.match(text[0]) is not None)
    return opens or bool(keys & _KNOWN_KEYS)


def _bare(lines: Sequence[str], start: int) -> FrontMatter | None:
    """Read `aliases: […]` and `tags: […]` lines that open a file without any fence."""
    body = list(takewhile(_is_bare_line, lines[start : start + _MAX_LINES]))
    end = start + len(body)
    keys = {match[1].lower() for line in body if (match := _KEY.match(line))}
    if not keys & {"aliases", "tags"} or body[0][:1].isupper():
        return None
    closed = end < len(lines) and lines[end].strip() == "---"
    return FrontMatter(*_read(body, start + 1), start + 1, end + 1 if closed else end)


def _is_bare_line(line: str) -> bool:
    key = _KEY.match(line)
    return key[1].lower() in _KNOWN_KEYS if key else line.startswith(("  ", "- ", "\t"))


def _read(
    body: Sequence[str], line_start: int, *, is_toml: bool = False
) -> tuple[Mapping[str, object], tuple[int, str] | None]:
    """Parse a head safely; at any fault read its lines one by one and return the fault too."""
    text = "\n".join(body).replace("\u00a0", " ")
    line = 0
    try:
        if len(text) > _MAX_CHARS:
            problem = f"not read: it has {len(text):,} characters, more than {_MAX_CHARS:,}"
        elif is_toml and _COSTLY_TOML.search(text):
            problem = "not read: a key has more than 50 parts, or a number more than 400 digits"
        else:
            value = tomllib.loads(text) if is_toml else load_yaml(text)
            if value is None:
                return {}, None
            if isinstance(value, dict):
                return dict(_fields(value, open_tables=is_toml)), None
            problem = "not a table of keys and values"
    except YAML_FAULTS as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line if mark else 0
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        problem = f"not YAML: {problem}"
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) - 1 if found else 0
        problem = f"not TOML: {error}"
    line = line_start + max(min(line, len(body) - 1), 0)
    return _read_lines(body), (line, f"front matter is {problem}")


def _fields(value: dict[object, object], *, open_tables: bool) -> Iterator[tuple[str, object]]:
    """Yield keys and values; the tables [taxonomies] and [extra] of TOML hold tags."""
    for key, item in value.items():
        if open_tables and isinstance(item, dict):
            yield from _fields(item, open_tables=False)
        else:
            yield _spell_key(str(key)), item


def _spell_key(key: str) -> str:
    """Return the spelling in which keys are looked up: `Date-Added` is `date_added`."""
    return "_".join(key.strip().lower().replace("-", " ").split())


def _read_lines(body: Sequence[str]) -> dict[str, object]:
    """Read `key: value` lines and the `- item` lines below a key, as text."""
    fields: dict[str, object] = {}
    items: list[object] = []
    for line in body:
        bare = line.strip().translate(_QUOTES)
        match = None if line[:1] in " \t-" else _KEY.match(bare)
        if match:
            value = match[2].strip().strip("\"'")
            items = []
            is_template = "{{" in value or "<%" in value
            fields[_spell_key(match[1])] = "" if is_template else value or items
        elif bare.startswith("- ") and "{{" not in bare:
            items.append(bare[2:].strip().strip("\"'"))
    return {key: value for key, value in fields.items() if value not in ("", [])}


def texts_of(value: object) -> tuple[str, ...]:
    """Return the texts in a field's value: it may be one text, a list, or a table of names."""
    if isinstance(value, str):
        bare = value.strip()
        if bare.startswith("[") and bare.endswith("]") and not bare.startswith("[["):
            return tuple(part.strip(" \"'") for part in bare[1:-1].split(",") if part.strip())
        return (bare,) if bare else ()
    if isinstance(value, dict):
        named = value.get("name") or value.get("title")
        return (str(named),) if named else tuple(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(text for item in value for text in texts_of(item))
    return () if value is None else (str(value),)
