"""Rewrite the source of a passage by rules into the words by which it is searched.

Each rule takes linear time. A stage shields what is in its final form (code, math, escaped signs)
by moving its punctuation to a private range of Unicode, where no later rule finds it. The last
step moves it back.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

PRIVATE = 0xE000
SHIELDED = {sign: chr(PRIVATE + ord(sign)) for sign in string.punctuation}
_OPEN_SIGN = re.compile(f"[{re.escape(string.punctuation)}]")
_SHIELDED_SIGN = re.compile(f"[{''.join(SHIELDED.values())}]")
SHIELDED_PIPE = SHIELDED["|"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern with its replacement; a text without `sign` is not searched at all.

    No pattern may look at a stretch of text more than a few times. Two shapes keep to that:
    a body that cannot contain the sign the pattern starts with, and a lookbehind that lets
    the pattern start only at the first character of a run. A pattern that begins with a
    plain sign is found several times as fast, so a lookbehind stands after its sign.
    """

    sign: str
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())


def apply_rules(rules: tuple[Rule, ...], text: str) -> str:
    """Apply the rules one after the other, each to the whole text."""
    for rule in rules:
        if rule.sign in text:
            text = rule.pattern.sub(rule.replacement, text)
    return text


def shield(text: str) -> str:
    """Hide the punctuation of a text from the rules that follow."""
    # Not str.translate: on long text with few of the signs it takes several times as long.
    return _OPEN_SIGN.sub(lambda sign: SHIELDED[sign[0]], text)


def unshield(text: str) -> str:
    """Return the text with its hidden punctuation back."""
    if text.isascii():
        return text
    return _SHIELDED_SIGN.sub(lambda sign: chr(ord(sign[0]) - PRIVATE), text)


def replace_between(
    text: str,
    opener: re.Pattern[str],
    closer: str,
    replace: Callable[[str], str],
    *,
    within_paragraph: bool = False,
) -> str:
    """Replace every opener, body and closer by what `replace` returns for the body.

    An opener without a closer stays; with `within_paragraph`, so does one whose closer stands
    in another paragraph. The next closer and the next blank line are each searched once and
    kept: many openers before one far closer cost no more than one.
    """
    pieces: list[str] = []
    done, close, blank = 0, -1, -1
    for found in opener.finditer(text):
        start = found.end()
        if found.start() < done:
            continue
        if close < start:
            close = text.find(closer, start)
            if close < 0:
                break
        if within_paragraph:
            if blank < start:
                blank = next_blank_line(text, start)
            if blank < close:
                continue
        pieces += (text[done : found.start()], replace(text[start:close]))
        done = close + len(closer)
    return "".join((*pieces, text[done:]))


def next_blank_line(text: str, start: int) -> int:
    """Return the offset at which the paragraph around `start` ends."""
    found = text.find("\n\n", start)
    return found if found >= 0 else len(text)
