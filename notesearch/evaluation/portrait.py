"""A note in, what could be asked about it out: its title, the line that sums it up, a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

from notesearch.evaluation.hold_out import passages_without, pattern_of
from notesearch.records import Block, Note, Passage, Role

# In words. Shorter ones name nothing, longer ones nobody types.
_TITLE_WORDS = range(3, 21)
_SENTENCE_WORDS = range(7, 36)
# A note is asked for by a line only if so many other words are left to find it by.
_WORDS_LEFT = 30
_SUMMING_UP = (Role.TLDR, Role.SUMMARY, Role.ABSTRACT)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^a-z\s])")
_TLDR_MARK = re.compile(r"^tl;?dr\b[\s.:;-]*", re.IGNORECASE)

ToWords = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Portrait:
    """What could be asked about a note, each None where the note has no such thing."""

    note_id: str
    paper: str | None
    title: str | None
    summary: str | None
    sentence: str | None

    @property
    def in_brief(self) -> str | None:
        """What the note says of its paper, as short as it can be had."""
        return self.summary or self.sentence


class SentenceCounts:
    """Counts in how many notes a sentence stands: one of several notes names none of them."""

    def __init__(self) -> None:
        self._notes_with: Counter[bytes] = Counter()

    def add_note(self, sentences: Sequence[str]) -> None:
        """Count each sentence of a note, and its title, once."""
        self._notes_with.update({_key(sentence) for sentence in sentences})

    def is_of_one_note(self, sentence: str) -> bool:
        """Tell whether no other note has the sentence."""
        return self._notes_with[_key(sentence)] <= 1


def draw_portrait(
    note: Note, passages: Sequence[Passage], *, to_words: ToWords, counts: SentenceCounts
) -> Portrait:
    """Find what could be asked about a note, and count its sentences."""
    title = " ".join(to_words(note.title).split()).rstrip(" .…")
    by_section = [list(_sentences(note, section.blocks, to_words)) for section in note.sections]
    counts.add_note([title, *chain.from_iterable(by_section)])
    summaries = [
        (_SUMMING_UP.index(section.role), sentences[0])
        for section, sentences in zip(note.sections, by_section, strict=True)
        if section.role in _SUMMING_UP and sentences
    ]
    summary = min(summaries, key=lambda found: found[0])[1] if summaries else None
    if summary and len(title.split()) in _TITLE_WORDS and _contains(summary, title):
        summary = None  # a note named by its summary: with the line its name would go
    asked = [one for one in chain.from_iterable(by_section) if one != summary and _quotable(one)]
    return Portrait(
        note_id=note.id,
        paper=note.paper,
        title=title if len(title.split()) in _TITLE_WORDS and _spare(title, passages) else None,
        summary=summary if summary and _askable(summary) and _spare(summary, passages) else None,
        sentence=min(asked, key=_key, default=None),
    )


def _sentences(note: Note, blocks: Sequence[Block], to_words: ToWords) -> Iterator[str]:
    """Yield the sentences of the prose in some blocks, as plain words on one line."""
    for block in _prose(blocks):
        words = to_words("\n".join(note.markup[block.start : block.end]))
        text = _TLDR_MARK.sub("", " ".join(words.split()))
        yield from (sentence for sentence in _SENTENCE_END.split(text) if sentence)


def _prose(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield paragraphs, those in lists and quotes as well; no code, table, formula, heading."""
    for block in blocks:
        if block.kind == "paragraph":
            yield block
        elif block.kind in ("list", "item", "quote"):
            yield from _prose(block.children)


def _askable(sentence: str) -> bool:
    return len(sentence.split()) in _SENTENCE_WORDS


def _quotable(sentence: str) -> bool:
    """Tell whole sentences of prose from bits of lists and from formulas."""
    letters = sum(sign.isalpha() or sign.isspace() for sign in sentence)
    whole = sentence[0].isupper() and sentence[-1] in ".!?"
    return whole and _askable(sentence) and letters >= 0.9 * len(sentence)


def _spare(text: str, passages: Sequence[Passage]) -> bool:
    """Tell whether a text can be found in passages, and taken out with enough left."""
    pattern = pattern_of(text)
    if not any(pattern.search(passage.search_text) for passage in passages):
        return False
    left = passages_without(passages, text)
    return sum(len(passage.search_text.split()) for passage in left) >= _WORDS_LEFT


def _contains(text: str, part: str) -> bool:
    return pattern_of(part).search(text) is not None


def _key(sentence: str) -> bytes:
    return blake2b(sentence.casefold().encode("utf-8", "replace"), digest_size=8).digest()
