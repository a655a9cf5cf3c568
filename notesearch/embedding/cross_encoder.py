"""Score passages against a question with a compiled cross-encoder, which reads both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from notesearch.embedding.graph_engine import Engine, GraphShape, pad_rows
from notesearch.embedding.token_reader import ReadingRules, describe_cut, to_valid_text
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

    from notesearch.embedding.graph_engine import GraphInputs

_LEAST_ROOM = 16  # tokens: a question of a few words and half a sentence


class PairReader:
    """Turns a question with each passage into token ids, for one cross-encoder.

    What is too long is cut at the passage's end. The question stays whole, unless it would leave
    a passage less than a quarter of what the model reads: then it is cut too, with a warning.
    """

    def __init__(self, tokenizer: Tokenizer, rules: ReadingRules) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.rules = rules
        # Tokens of both texts together.
        self._room = rules.max_sequence - tokenizer.num_special_tokens_to_add(True)
        self.max_question = self._room - self._room // 4
        if self._room < _LEAST_ROOM:
            raise ModelError(
                f"model {rules.name}: reads {rules.max_sequence} tokens of a pair, which is too "
                "few; set rerank to another"
            )

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text alone, in order."""
        return [len(encoding) for encoding in self._encode(texts)]

    def room_beside(self, question: str) -> int:
        """Return the tokens that a passage may have beside a question."""
        return self._room - min(self.count_many([question])[0], self.max_question)

    def read_pairs(
        self, question: str, passages: Sequence[str], warn: Callable[[str], None]
    ) -> list[Encoding]:
        """Return the question with each passage, as the model reads them, in their order."""
        first = self._encode_question(question, warn)
        room = self._room - len(first.ids)
        pairs = []
        for second in self._encode(passages):
            second.truncate(room)
            pairs.append(self.tokenizer.post_process(first, second, add_special_tokens=True))
        return pairs

    def cut_texts(
        self, question: str, passages: Sequence[str], warn: Callable[[str], None]
    ) -> list[tuple[str, str]]:
        """Return the texts of the pairs, cut where `read_pairs` cuts their ids."""
        first = self._encode_question(question, warn)
        room = self._room - len(first.ids)
        kept = to_valid_text(question)
        if len(first.ids) == self.max_question:  # what follows was cut, or is white space
            kept = kept[: first.offsets[-1][1]]
        return [(kept, self._cut(to_valid_text(passage), room)) for passage in passages]

    def _cut(self, passage: str, room: int) -> str:
        encoding = self.tokenizer.encode(passage, add_special_tokens=False)
        return passage if len(encoding.ids) <= room else passage[: encoding.offsets[room - 1][1]]

    def _encode_question(self, question: str, warn: Callable[[str], None]) -> Encoding:
        encoding = self.tokenizer.encode(to_valid_text(question), add_special_tokens=False)
        if len(encoding.ids) > self.max_question:
            warn(describe_cut(len(encoding.ids), self.rules.name, self.max_question))
            encoding.truncate(self.max_question)
        return encoding

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Return each text without special tokens and without offsets, on all cores."""
        return self.tokenizer.encode_batch_fast(
            [to_valid_text(text) for text in texts], add_special_tokens=False
        )


@dataclass(frozen=True, slots=True)
class GraphReranker:
    """A Reranker over a model's graph; one may be used by several threads at once."""

    engine: Engine
    reader: PairReader
    shape: GraphShape
    warn: Callable[[str], None]

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """Return (passages,) float64 from 0 to 1, in the order of the passages."""
        return to_probabilities(self.read_logits(question, passages))

    def read_logits(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return (passages,) float32: what the model gives before it is made a probability."""
        pairs = self.reader.read_pairs(question, passages, self.warn)

        def make_inputs(batch: list[int]) -> GraphInputs:
            chosen = [pairs[position] for position in batch]
            types = [pair.type_ids for pair in chosen]
            return pad_rows([pair.ids for pair in chosen], self.shape, types)

        logits = np.zeros((len(pairs), 1), dtype=np.float32)
        return self.engine.run_all([len(pair.ids) for pair in pairs], make_inputs, logits)[:, 0]


def to_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bring logits to 0..1 by the logistic function, which keeps their order.

    Models differ in whether they do that themselves: here it is always done, once.
    """
    # By tanh, which overflows nowhere.
    probabilities: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))
    return probabilities
