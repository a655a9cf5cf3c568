"""The head of a note in, its fields out: YAML, TOML, a bare head, wherever it stands.

Front matter comes from strangers: templates that were never filled in, tabs, quotes that a
word processor made, and now and then an attack. What parses safely is used; for the rest
`key: value` lines are read one by one, and the reason is reported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from notesearch.untrusted_yaml import YAML_FAULTS, load_yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# 43 collections have none over 6 kB; a head larger than this is text that follows a rule.
_MAX_LINES = 400
_MAX_CHARS = 50_000
_KNOWN_KEYS = {
    "aliases", "alias", "tags", "tag", "title", "date", "created", "author", "authors", "year",
    "status", "category", "categories", "keywords", "topics", "link", "url", "cssclass", "type",
    "areas", "venue", "arxiv", "doi", "source", "description", "layout", "published", "paper",
    "updated", "read", "citekey", "name",
}  # fmt: skip
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

    fields: Mapping[str, object] = field(default_factory=dict)  # keys in lower case
    line_start: int = 0  # first and last line, counted from 1; 0 and 0 when there is none
    line_end: int = 0
    problem: tuple[int, str] | None = None  # (line, reason)

    def __bool__(self) -> bool:
        """Tell whether the note has a head."""
        return self.line_end > 0


NONE = FrontMatter()


def find_front_matter(lines: Sequence[str]) -> FrontMatter:
    """Find the head of a note: first in the file, or after blank lines, a URL or the title."""
    start = _first_text(lines, 0)
    if start is None:
        return NONE
    for _ in range(3):
        fence = lines[start].strip()
        if fence in ("---", "+++"):
            return _fenced(lines, start, fence)
        bare = _bare(lines, start)
        if bare:
            return bare
        if not (_URL_LINE.match(fence) or lines[start].startswith("# ")):
            return NONE
        following = _first_text(lines, start + 1)
        if following is None:
            return NONE
        start = following
    return NONE


def _first_text(lines: Sequence[str], start: int) -> int | None:
    """Give the first line that is not blank, from `start`, counted from 0."""
    return next((n for n in range(start, min(len(lines), start + 30)) if lines[n].strip()), None)


def _fenced(lines: Sequence[str], start: int, fence: str) -> FrontMatter:
    """Read what stands between two fences; the text below a head never closed stays text."""
    ends = ("---", "...") if fence == "---" else ("+++",)
    stop = min(len(lines), start + _MAX_LINES)
    end = next((n for n in range(start + 1, stop) if lines[n].rstrip() in ends), None)
    if end is None:
        return NONE
    body = list(lines[start + 1 : end])
    text_from = next((n for n, line in enumerate(body) if _BODY_LINE.match(line)), None)
    if text_from is not None:
        while text_from and body[text_from - 1].strip():
            text_from -= 1
        body, end = body[:text_from], start + text_from
    if not _is_head(body, first=start == 0):
        return NONE  # text between two rules
    fields, problem = _read_toml(body) if fence == "+++" else _read_yaml(body)
    found = (start + 2 + problem[0], problem[1]) if problem else None
    return FrontMatter(fields, start + 1, end + 1, found)


def _is_head(body: Sequence[str], *, first: bool) -> bool:
    """Tell a head from prose between two rules; one that opens the file is believed sooner."""
    text = [line for line in body if line.strip() and not line.startswith("#")]
    if not text:
        return first and bool(body)
    keys = {match[1].strip().lower() for line in text if (match := _KEY.match(line))}
    if not keys & _KNOWN_KEYS:
        return first and (text[0].startswith(("{", "!", "- ")) or _KEY.match(text[0]) is not None)
    return True


def _bare(lines: Sequence[str], start: int) -> FrontMatter | None:
    """Read `aliases: […]` and `tags: […]` lines that open a file without any fence."""
    belongs = takewhile(_is_bare_line, lines[start : start + _MAX_LINES])
    body = list(belongs)
    end = start + len(body)
    keys = {match[1].lower() for line in body if (match := _KEY.match(line))}
    if not keys & {"aliases", "tags"} or body[0][:1].isupper():
        return None
    closed = end < len(lines) and lines[end].strip() == "---"
    fields, problem = _read_yaml(body)
    found = (start + 1 + problem[0], problem[1]) if problem else None
    return FrontMatter(fields, start + 1, end + 1 if closed else end, found)


def _is_bare_line(line: str) -> bool:
    key = _KEY.match(line)
    return key[1].lower() in _KNOWN_KEYS if key else line.startswith(("  ", "- ", "\t"))


def _read_yaml(body: Sequence[str]) -> tuple[dict[str, object], tuple[int, str] | None]:
    """Parse YAML safely; on any fault read the lines one by one and tell the fault."""
    text = "\n".join(body).replace("\u00a0", " ")
    try:
        _refuse_long(text)
        value = load_yaml(text)
    except YAML_FAULTS as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = min(mark.line, len(body) - 1) if mark else 0
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        return _read_lines(body), (line, f"front matter is not YAML: {problem}")
    except _TooLongError as error:
        return _read_lines(body), (0, f"front matter is not read: {error}")
    if isinstance(value, dict):
        return {str(key).strip().lower(): item for key, item in value.items()}, None
    if value is None:
        return {}, None
    return _read_lines(body), (0, "front matter is not a table of keys and values")


class _TooLongError(ValueError):
    """Front matter that would take longer to parse than anybody waits."""


def _refuse_long(text: str) -> None:
    if len(text) > _MAX_CHARS:
        raise _TooLongError(f"it has {len(text):,} characters, more than {_MAX_CHARS:,}")


def _read_toml(body: Sequence[str]) -> tuple[dict[str, object], tuple[int, str] | None]:
    text = "\n".join(body).replace("\u00a0", " ")
    try:
        _refuse_long(text)
        if _COSTLY_TOML.search(text):
            raise _TooLongError("a key has more than 50 parts, or a number more than 400 digits")
        value = tomllib.loads(text)
    except _TooLongError as error:
        return _read_lines(body), (0, f"front matter is not read: {error}")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        match = re.search(r"line (\d+)", str(error))
        line = min(int(match[1]) - 1, len(body) - 1) if match else 0
        return _read_lines(body), (max(line, 0), f"front matter is not TOML: {error}")
    fields: dict[str, object] = {}
    for key, item in value.items():
        if isinstance(item, dict):  # [taxonomies] and [extra] hold tags and authors
            fields.update({str(k).lower(): v for k, v in item.items()})
        else:
            fields[key.lower()] = item
    return fields, None


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
            fields[match[1].strip().lower()] = "" if "{{" in value or "<%" in value else value
            if not value:
                fields[match[1].strip().lower()] = items
        elif bare.startswith("- ") and "{{" not in bare:
            items.append(bare[2:].strip().strip("\"'"))
    return {key: value for key, value in fields.items() if value not in ("", [])}
