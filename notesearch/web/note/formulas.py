r"""Write formulas of TeX as MathML, which browsers show by themselves.

latex2mathml reads the TeX. What it gives is not let through as it is: it writes `<` of a formula as
a tag, and `\href`, `\style` and `\class` as attributes. Its tree is written anew, with the elements
and attributes of MathML Core alone. A formula that it cannot read is shown in signs of Unicode.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from notesearch.search.formula_commands import APPLIED, RELATIONS, SYMBOLS
from notesearch.search.readable_formulas import readable_formula

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The longest of 3,229 formulas of real notes has 1,000 characters.
_LONGEST = 5000
_LONGEST_READABLE = 50_000
_DEEPEST = 60  # groups in groups
# They may double what they stand for again and again, up to more than fits into memory.
_DEFINES = re.compile(
    r"\\(?:[gex]?def|let|(?:re)?new(?:command|environment)|providecommand|Declare\w+)(?![A-Za-z])"
)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,5});")
_COMMENT_SIGN = re.compile(r"(?<!\\)%")

_SILENT = re.compile(
    r"\\(?:(?:label|ref|eqref|cref|autoref|cite[tp]?|vspace|includegraphics|require)\*?\s*"
    r"(?:\[[^\[\]]*\])?\{[^{}]*\}|(?:nonumber|notag|displaylimits|centering|allowbreak)(?![A-Za-z]))"
)
_OPERATOR = re.compile(
    r"\\operatorname(\*?)\s*\{((?:[^{}\\]|\\[,;: ~]|\\(?:text|mathrm)(?=\{))*)\}"
)
_ARG = re.compile(r"\\arg(?:\\[,;:! ]|\s)*\\?(max|min)(?![a-z])")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([A-Za-z]+)\*?\s*\}(?:\s*\[[a-z]\])?")
# Those that latex2mathml does not know, by one that looks alike; "" takes the frame away.
_ENVIRONMENTS = {
    **dict.fromkeys(("align", "aligned", "alignat", "alignedat", "flalign"), "align*"),
    **dict.fromkeys(("gather", "gathered", "multline", "multlined"), "matrix"),
    **dict.fromkeys(("equation", "displaymath", "math", "subequations"), ""),
    "eqnarray": "array}{rcl",
    "dcases": "cases",
    "tabular": "array",
}
_COLUMNS = re.compile(r"(\\begin\{align\*\})\s*\{\d+\}")
_COMMANDS = {
    "bm": "boldsymbol", "pmb": "boldsymbol", "mathds": "mathbb", "mathbbm": "mathbb",
    "mathnormal": "mathit", "textsc": "text", "textnormal": "text", "widehat": "hat",
    "widetilde": "tilde", "dotsb": "cdots", "lbrack": "[", "rbrack": "]", "tr": "operatorname{tr}",
    "bmod": "operatorname{mod}", "ensuremath": "mathord",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_LINE_END = "\\\\"

# MathML Core, with the number of children of those that have a certain one.
_ARITY = {
    "mfrac": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "mroot": 2, "msubsup": 3,
    "munderover": 3,
}  # fmt: skip
_BELOW = {"msub": "munder", "msubsup": "munderover"}
_WITH_LIMITS = frozenset(("max", "min", "sup", "inf", "lim"))
_TOKENS = frozenset(("mi", "mo", "mn", "mtext"))
_ELEMENTS = frozenset(
    ("math", "mrow", "msqrt", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "mspace")
) | _TOKENS | _ARITY.keys()  # fmt: skip
_FLAG = re.compile(r"true|false")
# A space as wide as the page would push the formula out of it.
_LENGTH = re.compile(r"[-+]?\d{0,2}(?:\.\d{1,4})?(?:em|ex|px|pt|mu)")
_SIDES = re.compile(r"(?:left|center|right)(?: (?:left|center|right)){0,20}")
_ATTRIBUTES = {
    **dict.fromkeys(
        ("stretchy", "fence", "accent", "accentunder", "movablelimits", "largeop", "displaystyle"),
        _FLAG,
    ),
    **dict.fromkeys(
        ("width", "height", "depth", "lspace", "rspace", "voffset", "minsize", "maxsize",
         "linethickness"), _LENGTH,
    ),
    "display": re.compile(r"block|inline"),
    "form": re.compile(r"prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[-+]?\d"),
    "columnalign": _SIDES,
}  # fmt: skip

# The letters of an alphabet are signs of their own in Unicode; browsers know no other way.
_ALPHABETS = {
    "bold": "BOLD", "italic": "ITALIC", "bold-italic": "BOLD ITALIC", "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT", "double-struck": "DOUBLE-STRUCK", "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR", "sans-serif": "SANS-SERIF", "monospace": "MONOSPACE",
    "bold-sans-serif": "SANS-SERIF BOLD", "sans-serif-italic": "SANS-SERIF ITALIC",
    "sans-serif-bold-italic": "SANS-SERIF BOLD ITALIC",
}  # fmt: skip
_LETTER = re.compile(r"(?:LATIN|GREEK) (CAPITAL|SMALL) LETTER ([A-Z]+)\Z|(DIGIT) ([A-Z]+)\Z")
_FUNCTION = re.compile(r"[A-Za-z][A-Za-z\u2009 ]+\Z")
_FUNCTIONS = frozenset(name for name in APPLIED.values() if name.isalpha())
# Room as TeX leaves it, and not as between two sides of an operator.
_AROUND_FUNCTION = Markup(' lspace="0.167em" rspace="0.167em"')
# Of the mathematical signs, those that are no operators.
_NAMES = frozenset("∂∇∞∅")
_OPERATOR_KINDS = frozenset(("Sm", "Ps", "Pe"))


class _UnknownFormError(Exception):
    """A tree that is no MathML."""


@lru_cache(maxsize=4096)
def formula_html(tex: str, *, display: bool = False) -> Markup:
    """Return a formula, given without its delimiters, as HTML that is safe to show.

    Any text is taken. `display` is for a formula on lines of its own.
    """
    shown = _mathml(tex, display=display)
    if shown is not None:
        return shown
    if len(tex) > _LONGEST_READABLE:
        return Markup("<code>{}</code>").format(tex)
    lines = Markup("<br>").join(readable_formula(tex).split("\n"))
    return Markup('<span class="formula">{}</span>').format(lines)


def _mathml(tex: str, *, display: bool) -> Markup | None:
    """Return a formula as MathML; None where it cannot be read, or should not be."""
    if len(tex) > _LONGEST or _DEFINES.search(tex) or _depth(tex) > _DEEPEST:
        return None
    from latex2mathml.converter import Converter

    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(_mend(tex))
        return Markup("").join(_written(tree))
    except Exception:  # noqa: BLE001 - it raises what it stumbles over: IndexError, StopIteration, …
        return None


def _depth(tex: str) -> int:
    deepest = depth = 0
    for brace in re.findall(r"\\.|[{}]|\\left|\\begin", tex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        deepest = max(deepest, depth)
    return deepest


def _mend(tex: str) -> str:
    """Return TeX in the part of it that latex2mathml knows."""
    if _ENTITY.search(tex):
        tex = html.unescape(tex)
    tex = _COMMENT_SIGN.sub(r"\\%", tex)  # in a note, `50%` is a half
    tex = _SILENT.sub("", tex)
    tex = _ARG.sub(r"\\arg\1 ", tex)
    tex = _OPERATOR.sub(_mend_operator, tex)
    tex = _COMMAND.sub(_mend_command, tex)
    if "\\begin" in tex:
        tex = _COLUMNS.sub(r"\1", _ENVIRONMENT.sub(_mend_environment, tex))
    if _LINE_END in tex and "\\begin" not in tex and "\\substack" not in tex:
        frame = "align*" if "&" in tex else "matrix"
        tex = f"\\begin{{{frame}}}{tex}\\end{{{frame}}}"
    return tex


def _mend_operator(operator: re.Match[str]) -> str:
    words = re.sub(r"\\(?:[,;: ~]|text|mathrm)|~", " ", operator[2]).strip()
    if not re.fullmatch(r"[A-Za-z ]+", words):
        return f"\\text{{{words}}}"
    return f"\\operatorname{operator[1]}{{{''.join(words.split())}}}"


def _mend_command(command: re.Match[str]) -> str:
    other = _COMMANDS.get(command[1])
    return f"\\{other}" if other and other[0].isalpha() else other or command[0]


def _mend_environment(frame: re.Match[str]) -> str:
    name = _ENVIRONMENTS.get(frame[2], frame[2])
    if not name:
        return ""
    return f"\\{frame[1]}{{{name.partition('}')[0] if frame[1] == 'end' else name}}}"


def _written(element: Element) -> Iterator[Markup]:
    """Yield an element of latex2mathml's tree, and what is in it, as MathML."""
    tag = element.tag
    if len(element) and tag in _TOKENS:
        tag = "mrow"
    if tag in _TOKENS:
        yield _token(element)
        return
    if _ARITY.get(tag, len(element)) != len(element):
        raise _UnknownFormError(tag)
    if tag == "mrow" and (word := _upright_word(element)):
        yield Markup("<mi>{}</mi>").format(word)
        return
    tag = tag if tag in _ELEMENTS else "mrow"
    if tag in _BELOW and _takes_limits(element[0]):
        tag = _BELOW[tag]
        element[0].set("movablelimits", "true")
    yield Markup("<{}{}>").format(Markup(tag), _attributes(element))
    for child in element:
        yield from _written(child)
    yield Markup("</{}>").format(Markup(tag))


def _takes_limits(base: Element) -> bool:
    r"""Return whether an index of `\max` and the like stands below it in a display."""
    is_name = base.get("movablelimits") == "true" or base.text in _WITH_LIMITS
    return base.tag == "mo" and not len(base) and is_name


def _upright_word(row: Element) -> str:
    r"""Return the letters of `\mathrm{KL}`, which are one name; "" for other rows."""
    letters = [child.text or "" for child in row]
    is_word = len(letters) > 1 and all(
        child.tag == "mi" and child.get("mathvariant") == "normal" and (child.text or "").isalpha()
        for child in row
    )
    return "".join(letters) if is_word else ""


def _token(element: Element) -> Markup:
    """Return an element that holds a text."""
    tag, attributes = element.tag, _attributes(element)
    text = html.unescape(element.text or "")
    if text.startswith("\\"):
        tag, text = _named(text)
    if tag in ("mi", "mo") and (tag == "mo" or text in _FUNCTIONS) and _FUNCTION.match(text):
        tag, attributes = "mo", attributes + _AROUND_FUNCTION
    elif tag == "mi" and _is_operator(text):
        tag = "mo"
        if unicodedata.category(text) in ("Ps", "Pe"):
            attributes += Markup(' stretchy="false"')
    variant = element.get("mathvariant", "")
    if variant in _ALPHABETS and tag != "mtext":
        text = "".join(_in_alphabet(sign, _ALPHABETS[variant]) for sign in text)
    elif variant == "normal" and tag == "mi" and len(text) == 1:
        attributes += Markup(' mathvariant="normal"')
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), attributes, text)


def _named(command: str) -> tuple[str, str]:
    """Return the element and the text of a command that latex2mathml left as it is."""
    name = command[1:]
    if name in RELATIONS:
        return "mo", RELATIONS[name]
    if name in APPLIED or name == "arg":
        return "mo" if len(APPLIED.get(name, name)) == 1 else "mi", APPLIED.get(name, name)
    if name in SYMBOLS:
        return "mo" if _is_operator(SYMBOLS[name]) else "mi", SYMBOLS[name]
    return ("mi" if name.isalnum() else "mo"), name


def _is_operator(text: str) -> bool:
    if len(text) != 1 or text in _NAMES:
        return False
    return text in ":;&" or unicodedata.category(text) in _OPERATOR_KINDS


def _attributes(element: Element) -> Markup:
    written = Markup("")
    for name, value in element.items():
        known = _ATTRIBUTES.get(name)
        if known and known.fullmatch(value):
            written += Markup(' {}="{}"').format(Markup(name), escape(value))
    return written


@lru_cache(maxsize=1024)
def _in_alphabet(sign: str, alphabet: str) -> str:
    letter = _LETTER.match(unicodedata.name(sign, ""))
    if letter is None:
        return sign
    kind, name = letter[1] or letter[3], letter[2] or letter[4]
    # ℝ, ℒ and ℌ came into Unicode before their alphabets, and are not in these.
    older = "BLACK-LETTER" if alphabet == "FRAKTUR" else alphabet
    for full in (f"MATHEMATICAL {alphabet} {kind} {name}", f"{older} {kind} {name}"):
        try:
            return unicodedata.lookup(full)
        except KeyError:
            continue
    return sign
