"""Remove what marks the kind of a line (heading, item, quote, row), and shield code."""

from __future__ import annotations

import re

from notesearch.corpus.markdown_lines import FENCE, pair_fences
from notesearch.corpus.search_text import (
    SHIELDED_PIPE,
    Rule,
    apply_rules,
    next_blank_line,
    shield,
)
from notesearch.corpus.search_text.latex import math_to_words

_MARKDOWN_INFO = frozenset(("markdown", "md"))
_QUOTE_MARKS = re.compile(r"\n[ \t]*>[ \t>]*")
_URL_IN_CODE = re.compile(r"\b(?:https?|ftp)://[^\s\"'`<>()\[\]{}\\,;]*")

_RST = (
    # :cite:`key` becomes the key, :ref:`words <label>` and `words <url>`_ the words
    Rule(":`", re.compile(r":[\w.+-]+:`([^`\n<]*)(?:<[^`\n]*)?`"), r"\1"),
    Rule(">`_", re.compile(r"`([^`\n<]*)<[^`\n]*>`__?"), r"\1"),
    Rule("`_", re.compile(r"`__?(?!\w)"), "`"),
)
_TICKS = re.compile("`+")

_TABLE_ROW = re.compile(r"(?<=\n)[ \t>]*\|[^\n]*")
_BARE_TABLE_ROW = re.compile(r"(?<=\n)[^\n|]*[^\s|] +\|[^\n]*")
_COMMA_AFTER_STOP = re.compile(r"(?<=[.;:!?]),(?= )")
_SEPARATOR_ROW = re.compile(r"\n[ \t>]*(?:\|[ \t]*)?:?-+:?[ \t]*\|[-|: \t]*(?=\n)")

_LINES = (
    # reference definitions: [ref]: url "title"
    Rule(
        "]:",
        re.compile(
            r"\n[ \t>]*\[(?!\^)[^\[\]\n]+\]:[ \t]*(?=[^\s]*[/.#:@])\S+"
            r"(?:[ \t]+[\"'(][^\n]*)?[ \t]*(?=\n)"
        ),
        "\n",
    ),
    Rule("[^", re.compile(r"\n[ \t>]*\[\^[^\[\]\n]+\]:"), "\n"),
    # long blocks of org and rst come as their files have them: keywords, directives, footnotes
    Rule("#+", re.compile(r"\n[ \t]*#\+(?:begin|end|results)[^\n]*", re.IGNORECASE), "\n"),
    Rule(".. ", re.compile(r"\n[ \t]*\.\. +(?:\[[^\]\n]*\]|[\w-]+::)?(?=[^\n])"), "\n"),
    # quotes and callout heads, then bullets, task boxes and headings
    Rule(">", re.compile(r"\n[ \t]*>[ \t>]*(?:\[![\w/| -]+\][-+]?)?"), "\n"),
    # rules, setext underlines, what is left of table borders
    Rule("\n", re.compile(r"\n[-*_=~^|:+# \t]+(?=\n)"), "\n"),
    Rule(
        "\n",
        re.compile(
            r"\n[ \t]*(?:(?:[-+–—•‣◦▪●○]|\*{1,6})[ \t]+)*(?:\d{1,3}[.)][ \t]+(?=\[[ xX/-]\][ \t]))?"
            r"(?:\[[ xX/-]\][ \t]+)?(?:#{1,6}[ \t]+)?"
        ),
        "\n",
    ),
    Rule(" #", re.compile(r" #{1,6} *(?=\n)"), ""),
)


def hide_code(text: str) -> str:
    """Drop fences and ticks, and shield the code between them from later rules."""
    if "```" in text or "~~~" in text:
        text = _hide_fenced(f"\n{text}\n")
    if "`" in text:
        text = _hide_spans(apply_rules(_RST, text))
    return text


def drop_block_marks(text: str) -> str:
    """Drop the marks of headings, items, quotes, rows and rules, and definitions of links."""
    text = f"\n{text}\n"
    if "|" in text:
        text = _say_tables(text.replace("\\|", SHIELDED_PIPE))
    return apply_rules(_LINES, text)


def _hide_fenced(text: str) -> str:
    """Shield the fenced code of a text that begins and ends with a line feed.

    Markdown in a fence is read as Markdown. A last fence without its closing line counts as code
    where it names a language; a bare one may be the closing line of a block that was cut.
    """
    fences = list(FENCE.finditer(text))
    pieces: list[str] = []
    done = 0
    for opening, closing in pair_fences(fences):
        pieces.append(text[done : opening.start() - 1])
        done = opening.end()
        language = next(iter(opening[3].lower().split()), "").strip("{}.")
        if closing or (language and opening is fences[-1]):
            code = text[done : closing.start() - 1 if closing else -1]
            done = closing.end() if closing else len(text) - 1
            if language not in _MARKDOWN_INFO:
                code = _say_code(code, language, is_quoted=">" in opening[1])
            pieces.append(code)
    return "".join((*pieces, text[done:]))


def _say_code(code: str, language: str, *, is_quoted: bool) -> str:
    if is_quoted:
        code = _QUOTE_MARKS.sub("\n", code)
    if language == "math":
        return f"\n{shield(math_to_words(code))}"
    return shield(_URL_IN_CODE.sub("", code))


def _hide_spans(text: str) -> str:
    """Drop the ticks of inline code, paired within a paragraph as CommonMark pairs them."""
    runs = list(_TICKS.finditer(text))
    partners = _pair_runs(runs)
    pieces: list[str] = []
    done, blank, number = 0, -1, 0
    while number < len(runs):
        start = runs[number].end()
        pieces.append(text[done : runs[number].start()])
        done = start
        if blank < start:
            blank = next_blank_line(text, start)
        partner = partners[number]
        if partner is not None and runs[partner].start() < blank:
            done = runs[partner].end()
            code = text[start : runs[partner].start()]
            is_math = pieces[-1].endswith("$") and text.startswith("$", done)
            pieces.append(code if is_math else shield(_URL_IN_CODE.sub("", code)))
            number = partner
        number += 1
    return "".join((*pieces, text[done:]))


def _pair_runs(runs: list[re.Match[str]]) -> list[int | None]:
    """Return for each run of ticks the number of the next run of the same length."""
    partners: list[int | None] = [None] * len(runs)
    next_of_length: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        length = len(runs[number][0])
        partners[number] = next_of_length.get(length)
        next_of_length[length] = number
    return partners


def _say_tables(text: str) -> str:
    """Put commas between the cells of rows; rows without an outer pipe need a separator row."""
    has_border = _SEPARATOR_ROW.search(text)
    text = _TABLE_ROW.sub(_say_row, text)
    return _BARE_TABLE_ROW.sub(_say_row, text) if has_border else text


def _say_row(row: re.Match[str]) -> str:
    stripped = (cell.strip() for cell in row[0].strip(" \t>|").split("|"))
    cells = [cell for cell in stripped if cell.strip("-:")]
    return _COMMA_AFTER_STOP.sub("", ", ".join(cells))
