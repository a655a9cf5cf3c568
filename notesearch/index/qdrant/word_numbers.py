"""Number the words of an index in an engine, and count who has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from qdrant_client import models

from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_value
from notesearch.index.qdrant.word_coding import record_of_word

_WORDS_PER_REQUEST = 2000


class WordNumbers:
    """The numbers of words in one change of an index, and by how much their counts change.

    A count is kept for the generation in force and for the next one, so that readers of either find
    theirs. What a writer left that was cut short counts for nothing.
    """

    def __init__(self, engine: Engine, in_force: int, take: Callable[[int], int]) -> None:
        """Take the generation in force, and what gives so many new numbers in a row."""
        self._engine = engine
        self._in_force = in_force
        self._take = take
        self._numbers: dict[str, int] = {}
        self._new: dict[int, str] = {}
        self._changes: dict[int, list[int]] = {}  # passages, notes
        self._is_anew = False

    def number(self, words: Iterable[str]) -> dict[str, int]:
        """Return the numbers of words; new ones get the next."""
        wanted = set(words)
        missing = sorted(wanted - self._numbers.keys())
        for start in range(0, len(missing), _WORDS_PER_REQUEST):
            part = missing[start : start + _WORDS_PER_REQUEST]
            of_record = {record_of_word(word): word for word in part}
            found = self._engine.read(self._engine.names.records, list(of_record), ["number"])
            for record, payload in found.items():
                self._numbers[of_record[str(record)]] = payload["number"]
        new = [word for word in missing if word not in self._numbers]
        if new:
            first = self._take(len(new))
            self._numbers.update(zip(new, range(first, first + len(new)), strict=True))
            self._new.update((self._numbers[word], word) for word in new)
        return self._numbers

    def count(self, words: Iterable[int], *, passages: int = 0, notes: int = 0) -> None:
        """Count passages and notes that have words more, or less."""
        for number in words:
            change = self._changes.setdefault(number, [0, 0])
            change[0] += passages
            change[1] += notes

    def begin_anew(self) -> None:
        """Count from nothing, whatever was counted before."""
        self._is_anew = True

    def write(self, generation: int) -> None:
        """Store the changed counts, as they are from a generation on."""
        if self._is_anew:
            words = all_of(is_value("kind", "word"))
            for record in self._engine.scroll(self._engine.names.records, words, ["number"]):
                self.count([(record.payload or {})["number"]])
        changed = [n for n, change in self._changes.items() if any(change) or self._is_anew]
        for start in range(0, len(changed), _WORDS_PER_REQUEST):
            part = changed[start : start + _WORDS_PER_REQUEST]
            self._engine.put(self._engine.names.records, list(self._points(part, generation)))

    def _points(self, numbers: Sequence[int], generation: int) -> Iterator[models.PointStruct]:
        known = [number for number in numbers if number not in self._new]
        where = all_of(is_value("kind", "word"), is_any("number", known))
        records = self._engine.scroll(self._engine.names.records, where) if known else ()
        found = {payload["number"]: payload for record in records if (payload := record.payload)}
        for number in numbers:
            before: Payload = found.get(number, {"word": self._new.get(number), "is": [0, 0]})
            base = before["is"]
            if before.get("since", 0) > self._in_force:  # by a writer that was cut short
                base = before["was"]
            passages, notes = self._changes[number]
            after = [0, 0] if self._is_anew else base
            payload = {
                "kind": "word",
                "word": before["word"],
                "number": number,
                "since": generation,
                "was": base,
                "is": [after[0] + passages, after[1] + notes],
            }
            yield models.PointStruct(id=record_of_word(before["word"]), vector={}, payload=payload)
