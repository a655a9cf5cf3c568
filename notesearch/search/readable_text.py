"""Write what notes are made of as a reader sees it in a terminal: formulas, tables, HTML, links.

What is shown stays a text of paragraphs, items and rows on lines of their own; code stays as it
is, and so does all that only looks like markup: a price, `<think>`, `Vec<T>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from notesearch.html_elements import ELEMENTS, INLINE_ELEMENTS

CELL_BORDER = "│"
_BETWEEN_CELLS = f" {CELL_BORDER} "

# The kinds of stretches in which no words are looked for.
SILENT = frozenset(("math", "address", "hidden", "script", "tag", "command"))

# What ends a cell; not inside of code, a formula or a link, and not `\|`.
_PIPE = re.compile(r"(`+)[^`\n]*\1|\$[^$\n]*\$|\[\[[^\[\]\n]*\]\]|\\.|(?P<pipe>\|)")
_BORDER_ROW = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[-|: \t]*)?\Z")
_FENCE = re.compile(r"[ \t>]*(?:```|~~~)(?P<language>[^\n]*)")

_MATH_SIGN = re.compile(r"[\\^_{}=]")
_WORDS = re.compile(r"[^\W\d_]{4,}\s+[^\W\d_]{2,}")
_MATH_ENVIRONMENT = re.compile(
    r"(?:equation|align|alignat|aligned|gather|gathered|multline|eqnarray|displaymath|math|split"
    r"|cases|array|[bBpvV]?matrix|smallmatrix)\*?\Z"
)
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)([^<>]*)>\Z")
_CAPTION = re.compile(r"\b(?:alt|title)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SCRIPT = re.compile(r"<(su[bp])\b[^<>]*>([^<>]*)<", re.IGNORECASE)
_WIKI = re.compile(r"!?\[\[([^|\n]*?)(?:\\?\|([^\n]*))?\]\]\Z")

# Emphasis where it begins and where it ends: at the edge of a word, or as a word before a link.
_OPENING = re.compile(r"[(\[\"'“‘]*(?P<mark>\*{1,3}|__?|~~|==)(?![*_~=])")
_CLOSING = re.compile(r".*?(?<![*_~=])(?P<mark>\*{1,3}|__?|~~|==)[)\]\"'”’.,:;!?]*\Z", re.DOTALL)


def separate_cells(text: str) -> str:
    """Return a text with its rows of tables as cells apart, without the border below the head."""
    if "|" not in text:
        return text
    lines = text.split("\n")
    has_border = any("|" in line and _BORDER_ROW.match(line) for line in lines)
    shown: list[str] = []
    is_code = False
    for line in lines:
        is_code = is_in_code(line, is_code)
        if is_code or "|" not in line:
            shown.append(line)
        elif has_border and _BORDER_ROW.match(line):
            continue
        elif has_border or _is_row(line):
            shown.append(_separated(line))
        else:
            shown.append(line)
    return "\n".join(shown)


def is_in_code(line: str, is_code: bool) -> bool:
    """Return whether the next line is code; the fence of a language never ends any."""
    fence = _FENCE.match(line)
    return is_code if fence is None else not is_code or bool(fence["language"].strip("`~ "))


def is_fence(line: str) -> bool:
    """Return whether a line begins or ends code."""
    return _FENCE.match(line) is not None


def is_separated(line: str) -> bool:
    """Return whether a line is a row of cells."""
    return _BETWEEN_CELLS in line or line.startswith(CELL_BORDER)


def _is_row(line: str) -> bool:
    row = line.strip(" \t>")
    return len(row) > 2 and row[0] == row[-1] == "|"


def _separated(line: str) -> str:
    row = line.strip(" \t>")
    ends = [found.start() for found in _PIPE.finditer(row) if found["pipe"]]
    if not ends:
        return line
    starts = [0, *(end + 1 for end in ends)]
    cells = [row[start:end].strip() for start, end in zip(starts, [*ends, len(row)], strict=True)]
    if row.startswith("|"):
        del cells[0]
    if ends[-1] == len(row) - 1:
        del cells[-1]
    return _BETWEEN_CELLS.join(cell.replace("\\|", "|") for cell in cells).strip()


@dataclass(frozen=True, slots=True)
class Readable:
    """What is shown of a stretch of the source."""

    text: str
    is_room: bool = False
    is_word: bool = False  # and may carry marks of emphasis
    is_silent: bool = False  # has no words to be looked for


_NOTHING = Readable("")
_LINE_END = Readable("\n", is_room=True)


def readable_stretches(stretches: Iterable[tuple[str, str]]) -> Iterator[Readable]:
    """Yield what is shown of the stretches of a text, given by their kinds and sources.

    Of several rooms in a row one is left: the end of a paragraph, a line's, a cell's or a space.
    """
    shown = [_readable(kind, source) for kind, source in stretches]
    room = ""
    for one in drop_emphasis([one for one in shown if one.text]):
        if one.is_room:
            room = max(room, one.text, key=_weight)
        elif one.text:
            if room:
                yield Readable(room, is_room=True)
                room = ""
            yield one
    if room:
        yield Readable(room, is_room=True)


def _weight(room: str) -> tuple[int, bool, bool]:
    return min(room.count("\n"), 2), CELL_BORDER in room, bool(room)


def _readable(kind: str, source: str) -> Readable:
    if kind == "tag":
        return _readable_tag(source)
    if kind == "word" and "&" in source and ";" in source:
        shown = _unescaped(source).replace("\xa0", " ")
        return Readable(shown, is_room=shown.isspace(), is_word=True)
    rewrite = _REWRITE.get(kind)
    return Readable(
        rewrite(source) if rewrite else source,
        is_room=kind == "room",
        is_word=kind == "word",
        is_silent=kind in SILENT,
    )


def _readable_math(source: str) -> str:
    from notesearch.search.readable_formulas import readable_formula

    if source.startswith("\\begin"):
        name = source[len("\\begin{") : source.index("}")]
        return readable_formula(source) if _MATH_ENVIRONMENT.match(name) else source
    opener, closer = next(pair for pair in _DELIMITERS if source.startswith(pair[0]))
    body = source[len(opener) : -len(closer)]
    # The words between two prices, `$5 million to A$`, are no formula.
    if opener == "$" and not _MATH_SIGN.search(body) and _WORDS.search(body):
        return source
    return readable_formula(body)


def _readable_command(source: str) -> str:
    from notesearch.search.formula_commands import KNOWN_COMMANDS
    from notesearch.search.readable_formulas import readable_formula

    name = re.match(r"\\([A-Za-z]+)", source)
    is_command = name is not None and (name[1] in KNOWN_COMMANDS or "{" in source)
    return readable_formula(source) if is_command else source


def _readable_link(source: str) -> str:
    wiki = _WIKI.match(source)
    if wiki:
        return wiki[2] or wiki[1].lstrip("#").replace("#", " › ")
    label, _, target = source.lstrip("!")[1:-1].rpartition("](")
    if source.startswith("!"):
        return label.partition("|")[0] or PurePosixPath(target.split(" ")[0]).name
    image = re.match(r"!\[([^\[\]]*)\]", label)  # a link around an image
    return image[1] if image else label


def _readable_script(source: str) -> str:
    from notesearch.search.readable_formulas import lowered, raised

    found = _SCRIPT.match(source)
    if found is None or not found[2].strip():
        return ""
    text = _unescaped(found[2].strip())
    return raised(text) if found[1].lower() == "sup" else lowered(text)


def _readable_tag(source: str) -> Readable:
    tag = _TAG.match(source)
    if tag is None or (tag[2].lower() not in ELEMENTS):
        return Readable(source)
    name, is_end = tag[2].lower(), bool(tag[1])
    if name == "img":
        caption = _CAPTION.search(tag[3])
        return Readable(_unescaped(caption[1] or caption[2] or "") if caption else "")
    if name in ("td", "th"):
        return _NOTHING if is_end else Readable(_BETWEEN_CELLS, is_room=True)
    return _NOTHING if name in INLINE_ELEMENTS or name in ("sub", "sup") else _LINE_END


_REWRITE: Mapping[str, Callable[[str], str]] = {
    "math": _readable_math,
    "command": _readable_command,
    "link": _readable_link,
    "script": _readable_script,
    "hidden": lambda _: "",
    "escape": lambda source: source[1:],
    "address": lambda source: source.strip("<>"),
}


def drop_emphasis(stretches: Sequence[Readable]) -> list[Readable]:
    """Return stretches without the marks of emphasis that pair in their paragraph."""
    texts = [one.text for one in stretches]
    open_: dict[str, int] = {}  # the marks that wait for their partner, with their places
    for at, one in enumerate(stretches):
        if one.is_room and one.text.count("\n") > 1:
            open_.clear()
        elif one.is_word:
            after_room = at == 0 or stretches[at - 1].is_room
            before_room = at + 1 == len(stretches) or stretches[at + 1].is_room
            opening = _OPENING.match(one.text)
            if opening and after_room and not (before_room and opening.end() == len(one.text)):
                open_.setdefault(opening["mark"], at)
            closing = _CLOSING.match(one.text)
            if closing and not (after_room and closing.start("mark") == 0):
                _drop_pair(texts, at, closing, open_)
    return [
        one if one.text == text else replace(one, text=text)
        for one, text in zip(stretches, texts, strict=True)
    ]


def _drop_pair(texts: list[str], at: int, closing: re.Match[str], open_: dict[str, int]) -> None:
    mark = closing["mark"]
    start = open_.get(mark)
    if start is None or (start == at and mark == "__"):  # `__init__`
        return
    end = closing.start("mark")
    if start == at and texts[at].index(mark) == end:
        return  # what opens does not close itself
    del open_[mark]
    texts[at] = _without(texts[at], end, mark)
    texts[start] = _without(texts[start], texts[start].index(mark), mark)


def _unescaped(text: str) -> str:
    import html  # 1 ms, which a text without entities does not wait for

    return html.unescape(text)


def _without(text: str, at: int, mark: str) -> str:
    return text[:at] + text[at + len(mark) :]
