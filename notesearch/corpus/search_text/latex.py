r"""Turn LaTeX into words: `\mathbb{E}_{x\sim\pi_\theta}` becomes `E x sim pi theta`.

A converter that knows every macro is not wanted here: notes cut their formulas anywhere and
use macros of their own. A command in none of the tables below becomes its name, and
prose that is taken for math by mistake stays the same words.
"""

from __future__ import annotations

import html
import re
from functools import partial

from notesearch.corpus.search_text import (
    Rule,
    apply_rules,
    replace_between,
    shield,
    word_set,
)

GREEK_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu",
    "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip

# The words for commands that are not spoken by their names.
_OTHER_WORDS = {
    "<=": "le leq leqslant lesssim preceq", ">=": "ge geq geqslant gtrsim succeq", "=": "triangleq",
    "<": "lt langle", ">": "gt rangle", "<<": "ll", ">>": "gg", "!=": "ne neq", ":=": "coloneqq",
    "+": "oplus", "+-": "pm", "-+": "mp", "x": "times otimes", "/": "div over", "": "cdot",
    "o": "odot circ", "|": "mid vert lvert rvert", "||": "Vert lVert rVert", "\\": "setminus",
    "...": "ldots dots cdots vdots ddots dotsc dotsb", "approx": "simeq", "infinity": "infty",
    "proportional to": "propto", "integral": "int", "product": "prod", "transpose": "top",
    "to": "rightarrow longrightarrow mapsto longmapsto xrightarrow", "<-": "leftarrow gets",
    "<->": "leftrightarrow", "iff": "Leftrightarrow", "implies": "Rightarrow Longrightarrow",
    "union": "cup bigcup", "intersection": "cap bigcap", "subset": "subseteq", "not in": "notin",
    "empty set": "emptyset varnothing", "for all": "forall", "and": "land wedge", "or": "lor vee",
    "not": "neg lnot", "epsilon": "varepsilon", "phi": "varphi", "theta": "vartheta",
    "sigma": "varsigma", "rho": "varrho", "l": "ell", "h": "hbar",
}  # fmt: skip
_SPOKEN = {name: words for words, names in _OTHER_WORDS.items() for name in names.split()}

# Spoken without room around it.
_MARKS = {"star": "*", "ast": "*", "prime": "'"}

# Commands that are spoken by their name; the table serves to find commands outside math.
_SPOKEN_BY_NAME = word_set(
    "sum log ln exp max min arg argmax argmin sup inf lim limsup liminf sin cos tan tanh det "
    "sqrt sim in exists subset supset iff implies softmax item mod approx equiv nabla partial to"
)

# Commands for the look or the position of their argument, or for room: not spoken at all.
_SILENT = word_set(
    "text textbf textit textrm textsf texttt textsc textnormal emph underline mathrm mathbf "
    "mathbb mathcal mathfrak mathscr mathsf mathit mathtt boldsymbol bm operatorname mbox hbox "
    "hat widehat tilde widetilde bar overline vec dot ddot check acute grave breve underbrace "
    "overbrace underset overset stackrel substack left right middle big Big bigg Bigg bigl bigr "
    "Bigl Bigr biggl biggr Biggl Biggr quad qquad displaystyle textstyle scriptstyle limits "
    "nolimits nonumber notag hline centering noindent newline linebreak section subsection "
    "subsubsection paragraph title author caption footnote lfloor rfloor lceil rceil"
)

# The word between the two arguments of a command.
_BETWEEN = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac"), " / "),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), " choose "),
}

_KNOWN = frozenset(
    {*_SPOKEN, *_MARKS, *_SPOKEN_BY_NAME, *_SILENT, *_BETWEEN}
    | {name for greek in GREEK_LETTERS.values() for name in (greek, greek.capitalize())}
)

# Outermost first: an environment inside an equation is spoken with it.
_ENVIRONMENTS = (
    "equation", "equation*", "align", "align*", "alignat", "alignat*", "gather", "gather*",
    "multline", "multline*", "eqnarray", "eqnarray*", "displaymath", "math", "aligned", "split",
    "cases",
)  # fmt: skip

# Not spoken: the argument of these is a key, a length or a colour.
_UNSAID_ARGUMENT = re.compile(
    r"\\(?:label|ref|eqref|cref|Cref|autoref|pageref|tag|begin|end|cite[a-z]*|hspace|vspace|phantom"
    r"|vphantom|hphantom|includegraphics|input|bibliography|bibliographystyle|usepackage"
    r"|documentclass|color|textcolor|colorbox|href|url|mspace|kern)\*?"
    r"(?:\[[^\[\]\n]*\])?\{[^{}]*\}"
)
_TEXT_ARGUMENT = re.compile(
    r"\\(?:textbf|textit|textrm|textsf|texttt|textsc|text|emph|underline|(?:sub)*section"
    r"|paragraph|title|author|caption|footnote|mathrm|mathbf)\*?\{([^{}]*)\}"
)

_TOKEN = re.compile(r"\\([A-Za-z]+)\*?|\\(.)|([{}_^&~<>\n])", re.DOTALL)
_SPACING = frozenset(",;:>! /\\\n")  # of \, \; \! \\ and the like
_SUPERSCRIPT_NUMBER = re.compile(r"\{?[-+]?\d")
_SUPERSCRIPT_MARK = re.compile(r"\{?(?:\*|'|\\(?:star|ast|prime)\b)")
_EMPTY_DELIMITER = re.compile(r"(\\(?:left|right))\s*\.")
_SPACES = re.compile(r"\s+")
_LOOSE = re.compile(r" (?=[,;:.)\]'*])|(?<=[(\[]) ")

_DISPLAY = re.compile(r"\$\$")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_MATH_SIGN = re.compile(r"[\\^_{]")
_SHELL_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+\b")
# Escaped brackets around a word, the first of which was never closed.
_NOT_A_FORMULA = re.compile(r"(?<!\\)\\\[|\n[ \t]*\* ")
_DRIVE = re.compile(r"[A-Za-z]:\\")

_TEXT_COMMANDS = (
    Rule("\\", _UNSAID_ARGUMENT, " "),
    Rule("\\", _TEXT_ARGUMENT, r"\1"),
)


def say_math(text: str) -> str:
    """Turn the math of a text into words, hidden from later rules."""
    if "\\" in text:
        text = text.replace("\\$", shield("$"))
        text = _say_environments(text)
    if "$" in text:
        text = replace_between(text, _DISPLAY, "$$", _say_display, within_paragraph=True)
        text = text.replace("$$", " ")
        text = _say_between_dollars(text)
    if "\\" in text:
        for opening, closing in ("[]", "()"):
            text = replace_between(
                text,
                re.compile(rf"\\?\\{re.escape(opening)}"),
                f"\\{closing}",
                partial(_say_delimited, opening=opening, closing=closing),
                within_paragraph=True,
            )
        text = apply_rules(_TEXT_COMMANDS, text)
        spoken: dict[str, str] = {}  # a text has the same few commands again and again
        text = "\n".join(_say_loose_commands(line, spoken) for line in text.split("\n"))
    return text


def math_to_words(source: str) -> str:
    """Return one formula, without its delimiters, in words on one line."""
    if "\\" not in source and "&" in source and ";" in source:
        source = html.unescape(source)
    source = _UNSAID_ARGUMENT.sub(" ", source)
    source = _EMPTY_DELIMITER.sub(r"\1 ", source)
    words: list[str] = []
    closings: list[str] = []  # the word at the end of each open brace
    between = ""
    done = 0
    for token in _TOKEN.finditer(source):
        plain = source[done : token.start()]
        words.append(plain)
        done = token.end()
        if plain.strip():
            between = ""
        command, escaped, sign = token.groups()
        if sign == "{":
            closings.append(between)
            between = ""
        elif sign == "}":
            words.append(closings.pop() if closings else "")
        elif sign:
            words.append(_say_sign(sign, source, done))
        elif escaped:
            words.append(_say_escaped(escaped))
        else:
            between = _BETWEEN.get(command, "")
            words.append(_say_command(command))
    words.append(source[done:])
    return _LOOSE.sub("", _SPACES.sub(" ", "".join(words))).strip()


def _say_command(name: str) -> str:
    if name in _SILENT or name in _BETWEEN:
        return " "
    return _MARKS.get(name) or f" {_SPOKEN.get(name, name)} "


def _say_escaped(sign: str) -> str:
    if sign in _SPACING:
        return " "
    return "||" if sign == "|" else sign


def _say_sign(sign: str, source: str, following: int) -> str:
    """Return how a sign is spoken, which depends on what follows; a subscript is only a space."""
    if sign == "^":
        if _SUPERSCRIPT_NUMBER.match(source, following):
            return "^"
        return "" if _SUPERSCRIPT_MARK.match(source, following) else " "
    return f" {sign} " if sign in "<>" else " "


def _say_display(body: str) -> str:
    if not body:
        return " "
    return body if _is_prose(body) else f" {shield(math_to_words(body))} "


def _say_delimited(body: str, opening: str, closing: str) -> str:
    r"""Return the words for `\[…\]` or `\(…\)`, which may be escaped brackets around a word."""
    body = body.removesuffix("\\")  # of a delimiter written \\]
    if _MATH_SIGN.search(body) and not _is_prose(body):
        return f" {shield(math_to_words(body))} "
    return f"{shield(opening)}{body}{shield(closing)}"


def _is_prose(body: str) -> bool:
    return "](" in body or "://" in body or _NOT_A_FORMULA.search(body) is not None


def _say_environments(text: str) -> str:
    if "\\begin{" in text:
        for name in _ENVIRONMENTS:
            opener = "\\begin{" + name + "}"
            if opener in text:
                closer = "\\end{" + name + "}"
                text = replace_between(text, re.compile(re.escape(opener)), closer, _say_display)
    return text


def _say_between_dollars(text: str) -> str:
    """Turn a text between two single dollars into words where it is math and not two prices."""
    first, *parts = text.split("$")
    pieces = [first]
    opens = True  # whether the dollar before the part may open a formula
    for number, part in enumerate(parts, start=1):
        if not opens:
            pieces.append(part)
            opens = True
        elif number < len(parts) and is_inline_math(part, parts[number][:1]):
            gap = " " if pieces[-1][-1:].isalpha() else ""
            pieces.append(gap + shield(math_to_words(part)))
            opens = False
        else:
            pieces.append("$" + part)
    return "".join(pieces)


def is_inline_math(body: str, after: str) -> bool:
    """Return whether a text is a formula, not the words between two prices or shell variables."""
    if not body.strip() or "\n\n" in body or _is_prose(body) or after.isdigit():
        return False
    if after.isalnum() and _SHELL_VARIABLE.match(body):
        return False
    is_tight = not body[0].isspace() and not body[-1].isspace()
    return is_tight or bool(_MATH_SIGN.search(body))


def _say_loose_commands(line: str, spoken: dict[str, str]) -> str:
    """Turn commands without dollars into words, each word once: `spoken` keeps them."""
    if "\\" not in line or not _KNOWN.intersection(_COMMAND.findall(line)):
        return line
    words = line.split(" ")
    for word in words:
        if word not in spoken:
            is_math = _is_loose_math(word)
            spoken[word] = shield(math_to_words(word.replace("$", ""))) if is_math else word
    return " ".join([spoken[word] for word in words])


def _is_loose_math(word: str) -> bool:
    if "{" in word or "}" in word or "_" in word or "^" in word:
        return "\\" in word or "_{" in word or "^{" in word or word.endswith("}")
    return not _DRIVE.match(word) and not _KNOWN.isdisjoint(_COMMAND.findall(word))
