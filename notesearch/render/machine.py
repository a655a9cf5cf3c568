"""JSON, as programs read it: one object a line, nothing lost, and every sign printable."""

from __future__ import annotations

import json

from notesearch.render.terminal import CONTROL_SIGNS


def to_json(value: object) -> str:
    r"""Write a value as JSON on one line; signs that a terminal acts on are \uXXXX escapes.

    They stand inside of strings alone, where JSON reads the escape back as the sign.
    """
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return CONTROL_SIGNS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
