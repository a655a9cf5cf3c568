"""What the models are trained on: passages with the questions that they answer, and abstracts.

`passages.jsonl` has `{"i", "title", "text"}` a line and `questions.jsonl` `{"i", "kind", "q"}`;
`papers.jsonl.gz` has papers with title, abstract and, where known, a summary of one sentence.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared" / "data")) / "training"
OWN = Path(__file__).parent / "data"  # what was written for the project beside it

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")
# The ranges in data/papers.jsonl count sentences that end so, "e.g." among them.
_ANY_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
# Shorter abstracts are no more than their title says.
_LEAST_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text under a title, and the questions that it answers."""

    title: str
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper, of which pairs are made and negatives are taken."""

    title: str
    sentences: tuple[str, ...]  # of the abstract
    summary: str  # of one sentence; mostly empty


def read_passages(folder: Path = DATA, own: Path = OWN) -> list[Passage]:
    """Read all passages that have questions, in the order of their files.

    Beside those of the data folder there are questions in `own`: with the notes that were written
    for them, and for some sentences of an abstract, which the data folder holds.
    """
    questions: dict[int, list[str]] = defaultdict(list)
    for row in _read_lines(folder / "questions.jsonl"):
        questions[row["i"]].append(row["q"])
    passages = [
        Passage(row["title"], row["text"], tuple(questions[row["i"]]))
        for row in _read_lines(folder / "passages.jsonl")
    ]
    passages += [
        Passage(row["title"], row["text"], _asked(row)) for row in _read_lines(own / "notes.jsonl")
    ]
    abstracts = {row["title"]: row["abstract"] for row in _read_lines(folder / "papers.jsonl.gz")}
    for row in _read_lines(own / "papers.jsonl"):
        sentences = _ANY_SENTENCE_END.split(abstracts[row["title"]])
        text = " ".join(sentences[slice(*row["sentences"])])
        passages.append(Passage(row["title"], text, _asked(row)))
    return [passage for passage in passages if passage.questions]


def _asked(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(question["q"] for question in row["q"])


def read_papers(folder: Path = DATA) -> list[Paper]:
    """Read the papers whose abstract has some sentences."""
    papers = []
    for row in _read_lines(folder / "papers.jsonl.gz"):
        sentences = tuple(_SENTENCE_END.split(" ".join(row["abstract"].split())))
        if len(sentences) >= _LEAST_SENTENCES:
            summary = (row["tldr"] or "").strip()  # one with "…" was cut off
            papers.append(
                Paper(row["title"].strip(), sentences, summary if "…" not in summary else "")
            )
    return papers


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


# ---------------------------------------------------------------- texts as a note has them


def render(title: str, text: str, chance: random.Random) -> str:
    """Give a passage one of the forms that passages have in notes.

    The index puts a note's title before each passage. Often that is the paper's title, sometimes
    a part or a name of one's own; the text is whole sentences or a list of points.
    """
    sentences = _SENTENCE_END.split(text)
    if len(sentences) > 1 and chance.random() < 0.3:
        text = "\n".join(sentence.rstrip(".") for sentence in sentences)
    fate = chance.random()
    if fate < 0.25:
        return text
    if fate < 0.4 and ":" in title:
        title = title.partition(":")[0]
    return f"{title}\n{text}"


def abstract_pair(paper: Paper, chance: random.Random) -> tuple[str, str]:
    """Make a question of one part of a paper, and a passage of another."""
    sentences = list(paper.sentences)
    fate = chance.random()
    if paper.summary and fate < 0.5:
        return paper.summary, " ".join(sentences[:5])
    if fate < 0.6:
        start = chance.randrange(len(sentences) - 1)
        return paper.title, " ".join(sentences[start : start + chance.randint(2, 4)])
    asked = sentences.pop(chance.randrange(len(sentences)))
    start = chance.randrange(max(1, len(sentences) - 2))
    return asked, render(paper.title, " ".join(sentences[start : start + 4]), chance)


def negative_text(paper: Paper, chance: random.Random) -> str:
    """Make a passage of a paper that is the answer to no question."""
    start = chance.randrange(max(1, len(paper.sentences) - 2))
    return " ".join(paper.sentences[start : start + chance.randint(2, 5)])


def take(papers: Sequence[Paper], count: int, chance: random.Random) -> list[Paper]:
    """Choose papers by chance, each at most once."""
    return chance.sample(papers, min(count, len(papers)))
