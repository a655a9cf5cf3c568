"""Which commands of LaTeX stand for which letters and signs, for reading and for writing."""

from __future__ import annotations

# A brace counts for BibTeX even behind a backslash, so braces are written by name.
COMMANDS = {
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\textbar}",
    "`": r"{\textasciigrave}",
    "ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ø": r"{\o}",
    "Ø": r"{\O}", "ł": r"{\l}", "Ł": r"{\L}", "ı": r"{\i}", "å": r"{\aa}", "Å": r"{\AA}",
}  # fmt: skip
# By the combining sign that Unicode has for an accent; the space is part of a command of letters.
ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=",
    "\u0307": ".", "\u0306": "u ", "\u030a": "r ", "\u030b": "H ", "\u030c": "v ", "\u0327": "c ",
    "\u0328": "k ", "\u0323": "d ", "\u0331": "b ",
}  # fmt: skip
# Read, and written in another way.
READ_COMMANDS = {
    "textendash": "–", "textemdash": "—", "textquoteleft": "‘", "textquoteright": "’",
    "textquotedblleft": "“", "textquotedblright": "”", "textellipsis": "…", "ldots": "…",
    "dots": "…", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ",
    "j": "ȷ", "S": "§", "copyright": "©", "texttrademark": "™", "textregistered": "®",
    "textdegree": "°", "textmu": "µ", "LaTeX": "LaTeX", "TeX": "TeX", "quad": " ", "textunderscore":
    "_", "textdollar": "$", "textquotesingle": "'", "slash": "/", "times": "×", "pm": "±",
}  # fmt: skip
