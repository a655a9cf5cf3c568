"""Turn a question with each passage into token ids, cut where the passage ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.token_reader import ReadingRules, open_tokenizer, query_cut, to_valid_text
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


_LEAST_ROOM = 16  # tokens: a question of a few words and half a sentence


@dataclass(frozen=True, slots=True)
class PairIds:
    """A pair as the model reads it: of each token its id, and which of the texts it is from."""

    ids: list[int]
    types: list[int]


class PairReader:
    """Reads pairs for one cross-encoder.

    What is too long is cut at the passage's end. The question stays whole, unless it would leave
    a passage less than a quarter of what the model reads: then it is cut too, with a warning.
    """

    def __init__(self, tokenizer: Tokenizer, rules: ReadingRules) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._name = rules.name
        # Tokens of both texts together.
        self._room = rules.max_sequence - tokenizer.num_special_tokens_to_add(True)
        self.max_question = self._room - self._room // 4
        if self._room < _LEAST_ROOM:
            raise ModelError(
                f"model {rules.name}: reads {rules.max_sequence} tokens of a pair, which is too "
                "few; set rerank to another"
            )

    @classmethod
    def from_file(cls, path: Path, rules: ReadingRules) -> PairReader:
        """Open a saved tokenizer.json; ModelError where it is damaged."""
        return cls(open_tokenizer(path), rules)

    def save(self, path: Path) -> None:
        """Write tokenizer.json."""
        self._tokenizer.save(str(path), pretty=False)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text alone, in order."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def room_beside(self, question: str) -> int:
        """Tokens that a passage may have beside a question."""
        return self._room - min(self.count_many([question])[0], self.max_question)

    def read_pairs(
        self, question: str, passages: Sequence[str], warn: Callable[[str], None]
    ) -> list[PairIds]:
        """Give the ids of the question with each passage, in the order of the passages."""
        first = self._encode_question(question, warn)
        room = self._room - len(first.ids)
        pairs = []
        for second in self._encode(passages):
            second.truncate(room)
            whole = self._tokenizer.post_process(first, second, add_special_tokens=True)
            pairs.append(PairIds(whole.ids, whole.type_ids))
        return pairs

    def cut_texts(
        self, question: str, passages: Sequence[str], warn: Callable[[str], None]
    ) -> list[tuple[str, str]]:
        """Give the texts of the pairs, cut where `read_pairs` cuts their ids."""
        first = self._encode_question(question, warn)
        room = self._room - len(first.ids)
        valid = to_valid_text(question)
        is_full = len(first.ids) == self.max_question  # what follows was cut, or is white space
        kept = valid[: first.offsets[-1][1]] if is_full else valid
        return [(kept, self._cut(to_valid_text(passage), room)) for passage in passages]

    def _cut(self, passage: str, room: int) -> str:
        encoding = self._tokenizer.encode(passage, add_special_tokens=False)
        return passage if len(encoding.ids) <= room else passage[: encoding.offsets[room - 1][1]]

    def _encode_question(self, question: str, warn: Callable[[str], None]) -> Encoding:
        encoding = self._tokenizer.encode(to_valid_text(question), add_special_tokens=False)
        if len(encoding.ids) > self.max_question:
            warn(query_cut(len(encoding.ids), self._name, self.max_question))
            encoding.truncate(self.max_question)
        return encoding

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Without special tokens and without offsets, on all cores."""
        return self._tokenizer.encode_batch_fast(
            [to_valid_text(text) for text in texts], add_special_tokens=False
        )
