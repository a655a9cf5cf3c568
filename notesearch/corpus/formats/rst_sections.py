"""Lines of reStructuredText in, its section titles out: which line is a heading of which level."""

from __future__ import annotations

from collections.abc import Container, Sequence

_DEEPEST = 6
_SIGNS = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def find_sections(lines: Sequence[str], head: Container[int]) -> dict[int, str]:
    """Give the Markdown for each line of a section title, its rules blank.

    The level of a style (the sign, with or without a rule above) is the place in the order
    in which the styles appear.
    """
    markup: dict[int, str] = {}
    styles: list[tuple[str, bool]] = []
    for number in range(1, len(lines)):
        sign = _rule_sign(lines[number])
        title = lines[number - 1].strip()
        if not sign or not title or number - 1 in markup or number - 1 in head:
            continue
        over = _is_overline(lines, number, sign)
        if not over and not _may_be_title(lines, number, markup):
            continue
        style = (sign, over)
        if style not in styles:
            styles.append(style)
        level = min(styles.index(style) + 1, _DEEPEST)
        if over:
            markup[number - 2] = ""
        markup[number - 1] = f"{'#' * level} {title}"
        markup[number] = ""
    return markup


def _rule_sign(line: str) -> str:
    """Give the sign that a line repeats, or nothing."""
    text = line.rstrip()
    if len(text) < 2 or text[0] not in _SIGNS or text in ("..", "::") or text.strip(text[0]):
        return ""
    return text[0]


def _is_overline(lines: Sequence[str], number: int, sign: str) -> bool:
    """Tell whether the title above the rule `number` has an equal rule above it."""
    above = lines[number - 2] if number >= 2 else ""
    return _rule_sign(above) == sign and len(above.rstrip()) == len(lines[number].rstrip())


def _may_be_title(lines: Sequence[str], number: int, markup: Container[int]) -> bool:
    """Tell whether one line of text, not indented, stands above a rule long enough."""
    title = lines[number - 1]
    alone = number < 2 or not lines[number - 2].strip() or number - 2 in markup
    rule = len(lines[number].rstrip())
    return (
        alone
        and not title[0].isspace()
        and not _rule_sign(title)
        and not title.startswith(".. ")
        and rule >= min(4, len(title.rstrip()))
    )
