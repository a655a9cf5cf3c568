"""Write the value of a BibTeX field as a reader sees it: LaTeX -> plain text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from notesearch.bibliography.latex_letters import ACCENTS, COMMANDS, READ_COMMANDS

_COMBINING = {accent.strip(): sign for sign, accent in ACCENTS.items()}
_LETTERS = READ_COMMANDS | {
    written.strip("{}\\"): sign for sign, written in COMMANDS.items() if written.startswith("{")
}
_SIGNS = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "{": "", "}": ""}
# Behind a backslash: some are spaces, some nothing, the others stand for themselves.
_ESCAPED = {" ": " ", ",": " ", ";": " ", ":": " ", "\\": " ", "!": "", "-": "", "/": ""}
_ESCAPED_IN_ADDRESS = re.compile(r"\\text(ascii)tilde\s?|\\~\{\}|\\([&%$#_~{}])|[{}]")


@cache  # compiled when the first value is read
def _latex() -> re.Pattern[str]:
    letter = r"(?:\{ ?(?P<braced>\\[ij]|[^\W\d_]) ?\}|(?P<bare>\\[ij](?![A-Za-z])|[^\W\d_]))"
    return re.compile(
        r"(?P<formula>\$[^$]{1,500}\$)"
        rf"|\\(?:(?P<accent>[\"'`^~=.]) ?|(?P<named>[uvHckdbr])(?: |(?=[{{\\]))){letter}"
        r"|\\(?P<word>[A-Za-z]{1,40})\*? ?(?:\{\})?"
        r"|\\(?P<escaped>.)|(?P<sign>---?|``|''|[~{}])"
    )


def plain_text(latex: str) -> str:
    """Return a value without its commands, on one line; formulas between `$` stay as they are."""
    text = " ".join(latex.split())
    if any(sign in text for sign in "\\{}~$-`'"):
        text = " ".join(_latex().sub(_shown, text).split())
    return unicodedata.normalize("NFC", text)


def plain_address(latex: str) -> str:
    """Return an address or an id without escapes; dashes and tildes in it are its own."""
    return _ESCAPED_IN_ADDRESS.sub(
        lambda found: found[2] or ("" if found[0] in "{}" else "~"), "".join(latex.split())
    )


def _shown(found: re.Match[str]) -> str:
    if found["formula"]:
        return found[0]
    if found["sign"]:
        return _SIGNS[found["sign"]]
    if found["escaped"]:
        return _ESCAPED.get(found["escaped"], found["escaped"])
    if found["word"]:
        # What a command does to its argument, such as slanting it, is not seen in plain text.
        return _LETTERS.get(found["word"], "")
    letter = (found["braced"] or found["bare"]).removeprefix("\\")
    return letter + _COMBINING[found["accent"] or found["named"]]
