"""Draw what `notesearch query` answers in a terminal, as the README's picture.

python docs/draw_answer.py [--index DIR] > docs/answer.svg

It loads no font: each piece of text is stretched to the columns that it takes in a terminal, in
whatever monospaced font the reader has.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from notesearch.cells import cells

_ROOT = Path(__file__).parents[1]
_COMMAND = 'notesearch query "why DPO avoids reward model" -k 3'
_COLUMNS = 100
_CELL, _LINE, _MARGIN = 8, 18, 16  # pixels
# As `Style` in notesearch/render/terminal.py marks a text.
_MARK = re.compile(r"\x1b\[([\d;]*)m")
_CLASSES = {"0": "", "1": "title", "2": "faint", "35": "place", "1;31": "match"}
_CSS = """
text { font: 13.3px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328 }
rect { fill: #f6f8fa; stroke: #d1d9e0 }
.title, .match { font-weight: bold }
.faint { fill: #59636e }
.place { fill: #8250df }
.match { fill: #cf222e }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  rect { fill: #161b22; stroke: #3d444d }
  .faint { fill: #9198a1 }
  .place { fill: #bc8cff }
  .match { fill: #ff7b72 }
}
"""


def answer_in_colour(options: list[str]) -> str:
    """Return what the command writes to a terminal of so many columns."""
    asked = subprocess.run(
        [sys.executable, "-m", "notesearch", *shlex.split(_COMMAND)[1:], *options],
        cwd=_ROOT,
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return asked.stdout


def draw(text: str) -> str:
    """Return lines with the marks of a terminal as a picture in SVG."""
    lines = text.rstrip("\n").split("\n")
    width, height = _COLUMNS * _CELL + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    pieces = [piece for row, line in enumerate(lines, start=1) for piece in _pieces(line, row)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            f"<style>{_CSS}</style>",
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>',
            *pieces,
            "</svg>\n",
        ]
    )


def _pieces(line: str, row: int) -> Iterator[str]:
    """Draw what is marked alike in a line, without the spaces around it."""
    column, style = 0, ""
    for place, part in enumerate(_MARK.split(line)):
        if place % 2:  # between two texts stands the number of a mark
            style = _CLASSES[part]
            continue
        if text := part.strip():
            x = _MARGIN + (column + len(part) - len(part.lstrip())) * _CELL
            y = _MARGIN + row * _LINE - 5
            marked = f' class="{style}"' if style else ""
            yield (
                f'<text x="{x}" y="{y}" textLength="{cells(text) * _CELL}"{marked}>'
                f"{escape(text, quote=False)}</text>"
            )
        column += cells(part)


if __name__ == "__main__":
    sys.stdout.write(draw(f"$ {_COMMAND}\n{answer_in_colour(sys.argv[1:])}"))
