"""Notes of random words, with tags, dates, sections and links, and questions about them."""

from __future__ import annotations

import random
from pathlib import Path

from tests.index.qdrant.conftest import VOCABULARY

_STARTS = ("bal", "cor", "dim", "fen", "gul", "hax", "jor", "kel")
_ENDS = ("amid", "etor", "ivant", "oxin", "unex", "arbo", "elli", "omat")
_RARE = tuple(f"{start}{end}" for start in _STARTS for end in _ENDS)
_TAGS = ("rl", "rl/offline", "nlp", "nlp/agents", "vision", "theory", "survey")
_HEADINGS = ("Summary", "Method", "Results", "Limitations", "Thoughts")
FILTERS = (
    *("tag:rl", "tag:rl/offline", "-tag:survey", "since:2024", "until:2023-06", "year:2022..2024"),
    *(
        "section:limitations",
        "-section:method tag:nlp",
        "path:a/*",
        "path:b/c/",
        "path:a/n-3.md",
    ),
    *("author:Kim", "title:fenomat*", "tag:rl OR tag:vision", "since:2025-03 -path:b"),
)


def write_notes(folder: Path, notes: int, *, seed: int = 7) -> None:
    chosen = random.Random(seed)
    for number in range(notes):
        path = folder / chosen.choice(("a", "b", "b/c", ".")) / f"n-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_note(chosen), encoding="utf-8")


def _note(chosen: random.Random) -> str:
    date = f"{chosen.randint(2021, 2026)}-{chosen.randint(1, 12):02}-{chosen.randint(1, 28):02}"
    tags = ", ".join(chosen.sample(_TAGS, chosen.randint(1, 3)))
    title = f"{chosen.choice(_RARE)} {chosen.choice(VOCABULARY)} {chosen.choice(VOCABULARY)}"
    author = chosen.choice(("Ada Kim", "Bo Lund", "Cy Mora"))
    date = date[: chosen.choice((4, 7, 10))]
    lines = ["---", f"title: {title}", f"tags: [{tags}]", f"date: {date}",
             f"authors: [{author}]", f"year: {chosen.randint(2020, 2025)}", "---", ""]  # fmt: skip
    for heading in chosen.sample(_HEADINGS, chosen.randint(1, 4)):
        lines += [f"## {heading}", "", _prose(chosen), ""]
    return "\n".join(lines)


def _prose(chosen: random.Random) -> str:
    sentences = []
    for _ in range(chosen.randint(2, 6)):
        words = [chosen.choice(VOCABULARY if chosen.random() < 0.6 else _RARE)
                 for _ in range(chosen.randint(6, 14))]  # fmt: skip
        sentences.append(" ".join(words).capitalize() + ".")
    return " ".join(sentences)


def make_questions(count: int, *, seed: int = 11) -> list[str]:
    chosen = random.Random(seed)
    questions = []
    for number in range(count):
        words = [chosen.choice(VOCABULARY if chosen.random() < 0.7 else _RARE)
                 for _ in range(chosen.randint(1, 7))]  # fmt: skip
        text = " ".join(words)
        if number % 10 == 9:
            text = f'"{words[0]} {words[-1]}" {text}'
        questions.append(text)
    return questions
