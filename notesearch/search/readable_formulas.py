r"""Write LaTeX formulas as a terminal shows them: `\pi_r(y \mid x)` becomes `π_r(y|x)`.

No library does it well: of three that were tried on 5,666 formulas of real notes, unicodeit knows
no arguments (`\left` becomes `≤ft`), flatlatex gives up on a formula that was cut, and pylatexenc
loses signs (`x_2^2` for `\|x\|_2^2`, `ℝ^n ×d` for `\mathbb{R}^{n \times d}`). Notes cut their
formulas anywhere and use macros of their own: whatever stands here, the words of it are shown.
"""

from __future__ import annotations

import re
import unicodedata

from notesearch.search.formula_commands import (
    ACCENTS,
    ALPHABETS,
    APPLIED,
    BINOMIALS,
    FRACTIONS,
    PLAIN,
    RELATIONS,
    ROOM,
    SILENT,
    STACKED,
    SYMBOLS,
    TEXT,
    UNSHOWN,
)

_RAISED = str.maketrans("0123456789+-=()*'", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾*′")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_ROOM_AROUND_SIGN = r" ([^\w\s]) "
# The others are compiled where they are used, once.
_WORD = r"[^\W_]+[′*⁺⁻]?\Z"
_NUMBER = re.compile(r"[+-]?\d+\Z")

_TOKEN = re.compile(r"\\(?P<name>[A-Za-z]+)\*?|\\(?P<escaped>.?)|(?P<room>\s+)|(?P<sign>.)", re.S)
_KEY = r"\s*(?:\[[^\[\]{}]*\])?\s*\{([^{}]*)\}"
_OPTION = r"\s*\[([^\[\]{}]*)\]"
# Deeper ones are shown without the braces: no formula of a person goes as deep.
_DEEPEST = 30
# What may stand over or under a stroke without brackets.
_TERM = (
    r"[-∂∇Δ√]?(?:\d+(?:\.\d+)?|(?:[^\W\d_]|[∂∇∞])+)[\u0300-\u036f\u20d7′*⁰-⁹¹²³₀-₉⁺⁻]*(?:[_^](?:\w+|\([^()]*\)))*"
    r"(?:\([^()]*\)|\[[^\[\]]*\])?\Z"
)


def readable_formula(source: str) -> str:
    """Return a formula, given without its delimiters, in signs of Unicode.

    Rows of a display stand on lines of their own. Any text is taken.
    """
    if "\\" not in source and "&" in source and ";" in source:
        import html  # 1 ms, for the few formulas that came out of a web page

        source = html.unescape(source)
    shown = _Reader(source).read_all()
    lines = (" ".join(line.split()) for line in shown.split("\n"))
    return "\n".join(line for line in lines if line)


def raised(text: str) -> str:
    """Return a text as a superscript."""
    if _NUMBER.match(text) or text in ("*", "′", "'", "+", "-"):
        return text.translate(_RAISED)
    return "ᵀ" if text in ("T", "⊤", "⊺") else _script("^", text)


def lowered(text: str) -> str:
    """Return a text as a subscript."""
    return text.translate(_LOWERED) if _NUMBER.match(text) else _script("_", text)


def _script(mark: str, text: str) -> str:
    text = re.sub(_ROOM_AROUND_SIGN, r"\1", text) if " " in text else text
    is_word = len(text) == 1 or re.match(_WORD, text)
    is_bracketed = text.startswith("(") and text.endswith(")") and "(" not in text[1:]
    return f"{mark}{text}" if is_word or is_bracketed else f"{mark}({text})"


class _Reader:
    """Reads a formula from left to right, once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._grids: list[bool] = []  # of each open environment, whether it has columns

    def read_all(self) -> str:
        shown = _Shown()
        while self._at < len(self._source):
            self._read_into(shown)
        return shown.text()

    def _read_group(self) -> str:
        """Return what stands up to the closing brace, the opening one being read."""
        shown = _Shown()
        self._depth += 1
        while self._at < len(self._source):
            if self._source[self._at] == "}":
                self._at += 1
                break
            self._read_into(shown)
        self._depth -= 1
        return shown.text().strip()

    def _read_argument(self) -> str:
        """Return the next group or sign."""
        while self._source[self._at : self._at + 1].isspace():
            self._at += 1
        if self._source[self._at : self._at + 1] == "{":
            self._at += 1
            return self._read_group() if self._depth < _DEEPEST else ""
        shown = _Shown()
        if self._at < len(self._source) and self._source[self._at] != "}":
            self._depth += 1
            if self._depth < _DEEPEST:
                self._read_into(shown)
            self._depth -= 1
        return shown.text().strip()

    def _read_into(self, shown: _Shown) -> None:
        token = _TOKEN.match(self._source, self._at)
        assert token is not None  # it matches any character
        self._at = token.end()
        if token["name"]:
            self._read_command(token["name"], shown)
        elif token["escaped"] is not None:
            self._read_escaped(token["escaped"], shown)
        elif token["room"]:
            shown.add_room()
        else:
            self._read_sign(token["sign"], shown)

    def _read_sign(self, sign: str, shown: _Shown) -> None:
        if sign == "{":
            if self._depth < _DEEPEST:
                shown.add(self._read_group())
        elif sign == "^":
            shown.add_script(raised(self._read_argument()))
        elif sign == "_":
            shown.add_script(lowered(self._read_argument()))
        elif sign == "&":
            if self._grids and self._grids[-1]:
                shown.add_comma()
        elif sign in "=<>":
            shown.add_between(sign)
        elif sign in "}$":
            pass
        else:
            shown.add({"~": " ", "'": "′"}.get(sign, sign))

    def _read_escaped(self, sign: str, shown: _Shown) -> None:
        if sign == "\\":
            if self._grids and self._grids[-1]:
                shown.add("; ")
            else:
                shown.add("\n" if self._depth == 0 else " ")
        elif sign == "|":
            shown.add("‖")
        elif sign in ",;: \n":
            shown.add_room()
        elif sign != "!":
            shown.add(sign)

    def _read_command(self, name: str, shown: _Shown) -> None:
        if name in SYMBOLS:
            shown.add(SYMBOLS[name])
        elif name in RELATIONS:
            shown.add_between(RELATIONS[name])
        elif name == "mid":  # `p(y|x)`, as in running text
            shown.add_tight("|")
        elif name in APPLIED:
            shown.add_applied(APPLIED[name])
        elif name in SILENT:
            if name in ("left", "right") and self._source[self._at : self._at + 1] == ".":
                self._at += 1
        elif name in ROOM:
            shown.add_room()
        elif name in ("begin", "end"):
            self._read_environment(name, shown)
        elif name in UNSHOWN:
            self._skip_key()
        else:
            self._read_with_arguments(name, shown)

    def _read_with_arguments(self, name: str, shown: _Shown) -> None:
        if name in FRACTIONS:
            above, below = self._read_argument(), self._read_argument()
            shown.add_word(f"{_bracketed(above)}/{_bracketed(below)}", ends_word=True)
        elif name in BINOMIALS:
            shown.add_word(f"({self._read_argument()} choose {self._read_argument()})")
        elif name == "sqrt":
            root = re.compile(_OPTION).match(self._source, self._at)
            self._at = root.end() if root else self._at
            shown.add(f"{raised(root[1]) if root else ''}√{_bracketed(self._read_argument())}")
        elif name in STACKED:
            mark, base = self._read_argument(), self._read_argument()
            shown.add_word(base)
            shown.add_script(raised(mark) if STACKED[name] == "^" else lowered(mark))
        elif name in ("xrightarrow", "xleftarrow"):
            arrow = "→" if name == "xrightarrow" else "←"
            shown.add_between(f"{arrow}{raised(self._read_argument())}")
        elif name in ACCENTS:
            shown.add(_accented(self._read_argument(), ACCENTS[name], name))
        elif name in ALPHABETS:
            shown.add(_in_alphabet(self._read_argument(), ALPHABETS[name]))
        elif name in TEXT:
            shown.add_word(self._read_argument(), ends_word=name != "mathrm")
        elif name in PLAIN:
            if name.endswith("color"):
                self._skip_key()
            if name != "color":
                shown.add(self._read_argument())
        else:  # a macro of the person's own
            is_applied = self._source[self._at : self._at + 1] == "{"
            shown.add_word(name, ends_word=True)
            if is_applied:
                shown.add(f"({self._read_argument()})")

    def _read_environment(self, name: str, shown: _Shown) -> None:
        key = self._skip_key()
        if name == "end":
            if self._grids and self._grids.pop():
                shown.add("]" if "matrix" in key or key == "array" else "")
            return
        is_grid = "matrix" in key or key in ("array", "cases", "tabular")
        self._grids.append(is_grid)
        if is_grid:
            if key in ("array", "tabular"):
                self._skip_key()
            shown.add("[" if "matrix" in key or key == "array" else "{ ")

    def _skip_key(self) -> str:
        found = re.compile(_KEY).match(self._source, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[1].strip()


class _Shown:
    """What is shown of a stretch of a formula, with room where it is wanted."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""  # the last sign
        self._room = False  # is wanted before what comes next
        self._after_word = False  # what was added last is not to run into a letter
        self._is_tight = False  # no room is wanted after what was added last

    def text(self) -> str:
        return "".join(self._parts)

    def add(self, text: str) -> None:
        if not text:
            return
        runs_in = self._after_word and (text[0].isalnum() or text[0] in "√∂∇∞⟨")
        if (self._room or runs_in) and self._last not in ("", " ", "\n") and text[0] not in ",;.)]":
            self._parts.append(" ")
        self._parts.append(text)
        self._last = text[-1]
        self._room = self._after_word = self._is_tight = False

    def add_room(self) -> None:
        # Room means nothing in a formula: it is kept where it may help to read.
        self._room = self._room or not (self._is_tight or self._last in ("(", "[", ""))

    def add_between(self, sign: str) -> None:
        if self._last not in ("", "(", "["):
            self._room = True
        before = self._last
        self.add(sign)
        self._room = before not in ("(", "[")

    def add_tight(self, sign: str) -> None:
        self._room = self._after_word = False
        self.add(sign)
        self._is_tight = True

    def add_comma(self) -> None:
        if self._last not in ("", "[", "{", " ", "\n"):
            self.add(",")
        self.add_room()

    def add_word(self, word: str, *, ends_word: bool = False) -> None:
        if word and word[0].isalnum() and (self._last.isalnum() or self._last in ")]}"):
            self._room = bool(self._last)
        self.add(word)
        self._after_word = ends_word

    def add_applied(self, word: str) -> None:
        if self._last and (self._last.isalnum() or self._last in ")]}|‖"):
            self._room = True
        self.add(word)
        self._after_word = True

    def add_script(self, script: str) -> None:
        was_word = self._after_word
        self._room = False
        if script:
            self._parts.append(script)
            self._last = script[-1]
            self._is_tight = False
        # `π_ref x`, and not `π_refx`.
        self._after_word = was_word or (len(script) > 1 and script[-1].isalnum())


def _bracketed(text: str) -> str:
    return text if len(text) <= 1 or re.match(_TERM, text) else f"({text})"


def _accented(text: str, mark: str, name: str) -> str:
    if len(text) == 1:
        return unicodedata.normalize("NFC", text + mark)
    return f"{name.removeprefix('wide')}({text})" if text else ""


def _in_alphabet(text: str, alphabet: str) -> str:
    return "".join(_letter(sign, alphabet) for sign in text)


def _letter(sign: str, alphabet: str) -> str:
    if not (sign.isascii() and sign.isalpha() and sign.isupper()):
        return sign
    black = "BLACK-LETTER" if alphabet == "FRAKTUR" else alphabet
    for name in (f"{black} CAPITAL {sign}", f"MATHEMATICAL {alphabet} CAPITAL {sign}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return sign
