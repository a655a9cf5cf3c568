"""Patterns as people write them in, patterns for SQLite's GLOB out.

GLOB has `*`, `?` and `[…]`; letters of both cases stand in a class: `[dD][pP][oO]`. LIKE would
fold the case of English letters alone.
"""

from __future__ import annotations

import re

# A class as shells write it: `[abc]`, `[!a-c]`, `[]]`; any other `[` stands for itself.
_CLASS = re.compile(r"\[(?![!^]\])([!^]?)(\]?[^\]/]+|\])\]")


# What a word does not hold. Latin, Greek, Cyrillic and the like have words between spaces; Chinese
# and Japanese have none, so that a word is found anywhere among theirs.
_EDGE = "[^a-zA-Z0-9\u00c0-\u1fff]"


def path_globs(pattern: str, *, fold_case: bool = False) -> tuple[str, ...]:
    """Build the patterns for the path of a file: itself, or anything below it.

    `**/` is any number of folders, none included.
    """
    is_folder = pattern.endswith("/")
    inner = re.sub(r"^(?:\*\*/)+", "", pattern)
    is_anywhere = "/" not in pattern or inner != pattern
    globs: list[str] = []
    for variant in dict.fromkeys((inner, inner.replace("/**/", "/"))):
        glob = "".join(_path_pieces(variant.rstrip("/"), fold_case))
        for start in (glob, f"*/{glob}") if is_anywhere else (glob,):
            globs.extend((f"{start}/*",) if is_folder else (start, f"{start}/*"))
    return tuple(globs)


def words_glob(words: str) -> str:
    """Build the pattern for a text, with a space before and behind, that holds these words whole.

    The case is left out; `*` stands for any characters.
    """
    core = "".join("*" if char == "*" else _letter(char, fold_case=True) for char in words)
    core = re.sub(r"\*+", "*", core)
    return f"*{_EDGE}{core}{_EDGE}*"


def _path_pieces(pattern: str, fold_case: bool) -> list[str]:
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[" and (match := _CLASS.match(pattern, at)):
            pieces.append(_class(match, fold_case))
            at = match.end()
            continue
        if char != "*" or not pieces or pieces[-1] != "*":
            pieces.append(char if char in "*?" else _letter(char, fold_case=fold_case))
        at += 1
    return pieces


def _class(match: re.Match[str], fold_case: bool) -> str:
    members = match[2]
    if fold_case:
        members += "".join(_cases(char) for char in members if char.isalpha())
    return f"[{'^' if match[1] else ''}{members}]"


def _letter(char: str, *, fold_case: bool) -> str:
    """Write one character so that GLOB takes it for itself, or for both of its cases."""
    both = _cases(char) if fold_case else ""
    if both:
        return f"[{both}]"
    return f"[{char}]" if char in "*?[" else char


def _cases(char: str) -> str:
    """Give both cases of a letter; "" where there is one, or one is several characters long."""
    cases = sorted({case for case in (char, char.lower(), char.upper()) if len(case) == 1})
    return "".join(cases) if len(cases) > 1 else ""
