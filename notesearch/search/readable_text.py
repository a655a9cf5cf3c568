"""Write what notes are made of as a reader sees it in a terminal: formulas, tables, HTML, links.

What is shown stays a text of paragraphs, items and rows on lines of their own; code stays as it
is, and so does all that only looks like markup: a price, `<think>`, `Vec<T>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

CELL_BORDER = "│"
BETWEEN_CELLS = f" {CELL_BORDER} "

# The kinds of stretches in which no words are looked for.
SILENT = frozenset(("math", "address", "hidden", "script", "tag", "command"))

_MARKS = frozenset("*_~=")
_MATH_SIGNS = frozenset("\\^_{}=")

# Patterns that `re` compiles where they are used: most texts need few, and all of them take 4 ms.

# What ends a cell; not inside of code, a formula or a link, and not `\|`.
_PIPE = r"(`+)[^`\n]*\1|\$[^$\n]*\$|\[\[[^\[\]\n]*\]\]|\\.|(?P<pipe>\|)"
_BORDER_ROW = r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[-|: \t]*)?\Z"
_WORDS = r"[^\W\d_]{4,}\s+[^\W\d_]{2,}"
_MATH_ENVIRONMENT = (
    r"(?:equation|align|alignat|aligned|gather|gathered|multline|eqnarray|displaymath|math|split"
    r"|cases|array|[bBpvV]?matrix|smallmatrix)\*?\Z"
)
_CALLOUT = r"(?m)^((?:[ \t]*>){1,9}[ \t]*)\[!([\w-]{1,30})\][-+]?[ \t]*(?=(\S?))"
_TAG = r"<(/?)([A-Za-z][\w:-]*)([^<>]*)>\Z"
_CAPTION = r"(?i)\b(?:alt|title)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"
_SCRIPT = r"(?i)<(su[bp])\b[^<>]*>([^<>]*)<"
_WIKI = r"!?\[\[([^|\n]*?)(?:\\?\|([^\n]*))?\]\]\Z"
# Emphasis where it begins and where it ends: at the edge of a word, or as a word before a link.
_OPENING = r"[(\[\"'“‘]*(?P<mark>\*{1,3}|__?|~~|==)(?![*_~=])"
_CLOSING = r"(?s).*?(?<![*_~=])(?P<mark>\*{1,3}|__?|~~|==)[)\]\"'”’.,:;!?]*\Z"

_FENCES = ("```", "~~~")
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))


def separate_cells(text: str) -> str:
    """Return a text with its rows of tables as cells apart, without the border below the head."""
    if "|" not in text:
        return text
    lines = text.split("\n")
    borders = [at for at, line in enumerate(lines) if "|" in line and re.match(_BORDER_ROW, line)]
    head = {at - 1 for at in borders}
    shown: list[str] = []
    is_code = is_table = False
    for at, line in enumerate(lines):
        is_code = is_in_code(line, is_code)
        is_table = "|" in line and (is_table or at in head)
        if is_code or "|" not in line or not (is_table or _is_row(line)):
            shown.append(line)
        elif at not in borders:
            shown.append(_separated(line))
    return "\n".join(shown)


def name_callouts(text: str) -> str:
    """Return a text with the boxes of Obsidian by their titles, or else their kinds.

    `> [!tip] Read this` becomes `> Read this`.
    """
    if "[!" not in text:
        return text
    return re.sub(_CALLOUT, lambda box: box[1] + ("" if box[3] else box[2].capitalize()), text)


def is_in_code(line: str, is_code: bool) -> bool:
    """Return whether the next line is code; the fence of a language never ends any."""
    if not is_fence(line):
        return is_code
    return not is_code or bool(line.strip("`~ \t>"))


def is_fence(line: str) -> bool:
    """Return whether a line begins or ends code."""
    return line.lstrip(" \t>").startswith(_FENCES)


def is_separated(line: str) -> bool:
    """Return whether a line is a row of cells."""
    return BETWEEN_CELLS in line or line.startswith(CELL_BORDER)


def _is_row(line: str) -> bool:
    row = line.strip(" \t>")
    return len(row) > 2 and row[0] == row[-1] == "|"


def _separated(line: str) -> str:
    row = line.strip(" \t>")
    ends = [found.start() for found in re.finditer(_PIPE, row) if found["pipe"]]
    if not ends:
        return line
    starts = [0, *(end + 1 for end in ends)]
    cells = [row[start:end].strip() for start, end in zip(starts, [*ends, len(row)], strict=True)]
    if row.startswith("|"):
        del cells[0]
    if ends[-1] == len(row) - 1:
        del cells[-1]
    return BETWEEN_CELLS.join(cell.replace("\\|", "|") for cell in cells).strip()


class Atom(NamedTuple):
    """What is shown whole or not at all. No dataclass: a question reads thousands."""

    text: str
    # The first characters, which are read as words: none of a formula, of a link its label.
    read_chars: int
    is_room: bool = False
    is_word: bool = False  # and may carry marks of emphasis


def readable_atoms(stretches: Iterable[tuple[str, str]]) -> list[Atom]:
    """Return what is shown of the stretches of a text, given by their kinds and sources.

    Of several rooms in a row one is left: the end of a paragraph, a line's, a cell's or a space.
    """
    atoms: list[Atom] = []
    for atom in shown_stretches(stretches):
        if not atom.text:
            continue
        if atom.is_room and atoms and atoms[-1].is_room:
            atoms[-1] = max(atoms[-1], atom, key=_weight)
        else:
            atoms.append(atom)
    return atoms


def shown_stretches(stretches: Iterable[tuple[str, str]]) -> Sequence[Atom]:
    """Return what is shown of each stretch, an atom each; one that nobody sees is empty."""
    return drop_emphasis([_readable(kind, source) for kind, source in stretches])


def _weight(room: Atom) -> tuple[int, bool]:
    return min(room.text.count("\n"), 2), CELL_BORDER in room.text


def _readable(kind: str, source: str) -> Atom:
    if kind == "room":
        return Atom(source, len(source), is_room=True)
    if kind == "word":
        if "&" not in source or ";" not in source:
            return Atom(source, len(source), is_word=True)
        shown = _unescaped(source).replace("\xa0", " ")
        return Atom(shown, len(shown), is_room=shown.isspace(), is_word=True)
    if kind == "tag":
        return _readable_tag(source)
    rewrite = _REWRITE.get(kind)
    shown = rewrite(source) if rewrite else source
    return Atom(shown, 0 if kind in SILENT else len(shown))


def _readable_math(source: str) -> str:
    from notesearch.search.readable_formulas import readable_formula

    if source.startswith("\\begin"):
        name = source[len("\\begin{") : source.index("}")]
        return readable_formula(source) if re.match(_MATH_ENVIRONMENT, name) else source
    opener, closer = next(pair for pair in _DELIMITERS if source.startswith(pair[0]))
    body = source[len(opener) : -len(closer)]
    # The words between two prices, `$5 million to A$`, are no formula.
    if opener == "$" and _MATH_SIGNS.isdisjoint(body) and re.search(_WORDS, body):
        return source
    return readable_formula(body)


def _readable_command(source: str) -> str:
    from notesearch.search.formula_commands import KNOWN_COMMANDS
    from notesearch.search.readable_formulas import readable_formula

    name = re.match(r"\\([A-Za-z]+)", source)
    is_command = name is not None and (name[1] in KNOWN_COMMANDS or "{" in source)
    return readable_formula(source) if is_command else source


def _readable_link(source: str) -> str:
    wiki = re.match(_WIKI, source)
    if wiki:
        return wiki[2] or wiki[1].lstrip("#").replace("#", " › ")
    label, _, target = source.lstrip("!")[1:-1].rpartition("](")
    if source.startswith("!"):
        return label.partition("|")[0] or PurePosixPath(target.split(" ")[0]).name
    image = re.match(r"!\[([^\[\]]*)\]", label)  # a link around an image
    return image[1] if image else label


def _readable_script(source: str) -> str:
    from notesearch.search.readable_formulas import lowered, raised

    found = re.match(_SCRIPT, source)
    if found is None or not found[2].strip():
        return ""
    text = _unescaped(found[2].strip())
    return raised(text) if found[1].lower() == "sup" else lowered(text)


def _readable_tag(source: str) -> Atom:
    from notesearch.html_elements import ELEMENTS, INLINE_ELEMENTS

    tag = re.match(_TAG, source)
    if tag is None or (tag[2].lower() not in ELEMENTS):
        return Atom(source, 0)
    name, is_end = tag[2].lower(), bool(tag[1])
    if name == "img":
        caption = re.search(_CAPTION, tag[3])
        return Atom(_unescaped(caption[1] or caption[2] or "") if caption else "", 0)
    if name in ("td", "th") and not is_end:
        return Atom(BETWEEN_CELLS, 0, is_room=True)
    is_inline = name in INLINE_ELEMENTS or name in ("sub", "sup", "td", "th")
    return Atom("", 0) if is_inline else Atom("\n", 0, is_room=True)


_REWRITE: Mapping[str, Callable[[str], str]] = {
    "math": _readable_math,
    "command": _readable_command,
    "link": _readable_link,
    "script": _readable_script,
    "hidden": lambda _: "",
    "escape": lambda source: source[1:],
    "address": lambda source: source.strip("<>"),
}


def drop_emphasis(atoms: Sequence[Atom]) -> Sequence[Atom]:
    """Return atoms without the marks of emphasis that pair in their paragraph."""
    marked = [
        at
        for at, atom in enumerate(atoms)
        if (atom.is_word and not _MARKS.isdisjoint(atom.text))
        or (atom.is_room and "\n" in atom.text)
    ]
    texts = {at: atoms[at].text for at in marked}
    open_: dict[str, int] = {}  # the marks that wait for their partner, with their places
    for at in marked:
        atom = atoms[at]
        if atom.is_room:
            if atom.text.count("\n") > 1:
                open_.clear()
            continue
        after_room = at == 0 or atoms[at - 1].is_room
        before_room = at + 1 == len(atoms) or atoms[at + 1].is_room
        opening = re.match(_OPENING, atom.text)
        if opening and after_room and not (before_room and opening.end() == len(atom.text)):
            open_.setdefault(opening["mark"], at)
        closing = re.match(_CLOSING, atom.text)
        if closing and not (after_room and closing.start("mark") == 0):
            _drop_pair(texts, at, closing, open_)
    shown = list(atoms)
    for at, text in texts.items():
        if text != atoms[at].text:
            shown[at] = atoms[at]._replace(text=text, read_chars=len(text))
    return shown


def _drop_pair(
    texts: dict[int, str], at: int, closing: re.Match[str], open_: dict[str, int]
) -> None:
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
