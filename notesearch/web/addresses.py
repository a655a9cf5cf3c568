"""Write the addresses of the page."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def ask_address(line: str = "", **more: object) -> str:
    """Return where a question is answered."""
    return _with_query("/", {"q": line, **more})


def quote_address(text: str) -> str:
    """Return where it is answered who says a sentence: in quotation marks, unless it has some."""
    return _with_query("/", {"quote": text}) if '"' in text else ask_address(f'"{text}"')


def compare_address(a: str, b: str) -> str:
    """Return where two sides stand beside each other, notes as `note:` and their id."""
    return _with_query("/compare", {"a": a, "b": b})


def note_address(note_id: str, lines: str = "", line: str = "") -> str:
    """Return where a note is shown, at some of its lines (`13-18`), as the answer to a question."""
    address = f"/note/{quote(note_id, safe='/', errors='replace')}"
    address = _with_query(address, {"lines": lines, "q": line})
    return f"{address}#asked" if lines else address


def file_address(path: str) -> str:
    """Return where an image of the corpus is."""
    return f"/files/{quote(path, safe='/', errors='replace')}"


def _with_query(address: str, values: dict[str, object]) -> str:
    query = urlencode({name: value for name, value in values.items() if value}, errors="replace")
    return f"{address}?{query}" if query else address
