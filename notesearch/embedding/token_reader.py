"""Count the tokens of texts, and turn texts or pairs of them into ids, exactly as a model does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

# For models without a limit of their own: bounds the memory that one text can take.
UNLIMITED_SEQUENCE = 8192

_ODD_SPACE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_WORDS = 500_000  # some 50 MB
_LEAST_ROOM = 16  # tokens: a question of a few words and half a sentence


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How a model wants its texts: what comes before them and how much it reads."""

    name: str
    max_sequence: int  # tokens in all: prompt, special tokens and text
    query_prompt: str = ""
    passage_prompt: str = ""
    special_tokens: bool = True  # whether the model wants its special tokens around a text


class TokenReader:
    """Counts tokens and makes the ids that a model reads.

    Counts leave out special tokens and the passage prompt, as `Embedder.count_tokens` does.
    """

    def __init__(self, tokenizer: Tokenizer, rules: ReadingRules) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.rules = rules
        self._overhead = len(self._encode([rules.passage_prompt])[0])
        self._by_word = WordCounts(tokenizer) if parts_at_spaces(tokenizer) else None
        self.max_tokens = rules.max_sequence - self._overhead
        if self.max_tokens < 1:
            raise ModelError(
                f"model {rules.name}: reads {rules.max_sequence} tokens, and special tokens and "
                f"passage_prompt take {self._overhead}; shorten passage_prompt or name another"
            )

    def count_tokens(self, text: str) -> int:
        """Return the tokens of one text."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, in order."""
        prompt = self.rules.passage_prompt
        if self._by_word is not None and not prompt:
            return self._by_word.count_many([to_valid_text(text) for text in texts])
        encoded = self._encode([prompt + text for text in texts])
        return [max(0, len(encoding) - self._overhead) for encoding in encoded]

    def read_passages(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text; ModelError for the first one that the model would cut."""
        rules = self.rules
        ids = [encoding.ids for encoding in self._encode([rules.passage_prompt + t for t in texts])]
        for position, row in enumerate(ids):
            if len(row) > rules.max_sequence:
                raise ModelError(
                    f"passage {position} of those to embed: {len(row) - self._overhead} tokens, "
                    f"{rules.name} reads {self.max_tokens}; cut it into passages by count_tokens"
                )
        return ids

    def read_query(self, text: str, warn: Callable[[str], None]) -> list[int]:
        """Return the ids of a query, cut at its end to the model's limit, with a warning."""
        rules, tokenizer = self.rules, self.tokenizer
        whole = to_valid_text(rules.query_prompt + text)
        encoding = tokenizer.encode(whole, add_special_tokens=False)
        specials = tokenizer.num_special_tokens_to_add(False) if rules.special_tokens else 0
        if len(encoding.ids) + specials > rules.max_sequence:
            warn(describe_cut(len(encoding.ids) + specials, rules.name, rules.max_sequence))
            encoding.truncate(rules.max_sequence - specials)
        encoding = tokenizer.post_process(encoding, add_special_tokens=rules.special_tokens)
        return list(encoding.ids)

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Return each text with the special tokens that the model wants."""
        return _encode_all(self.tokenizer, texts, special_tokens=self.rules.special_tokens)


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
        encodings = _encode_all(self.tokenizer, texts, special_tokens=False)
        return [len(encoding) for encoding in encodings]

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
        for second in _encode_all(self.tokenizer, passages, special_tokens=False):
            second.truncate(room)
            pairs.append(self.tokenizer.post_process(first, second, add_special_tokens=True))
        return pairs

    def cut_texts(
        self, question: str, passages: Sequence[str], warn: Callable[[str], None]
    ) -> list[tuple[str, str]]:
        """Return the texts of the pairs, cut where `read_pairs` cuts their ids."""
        room = self._room - len(self._encode_question(question, warn).ids)
        kept = self._cut(question, self.max_question)
        return [(kept, self._cut(passage, room)) for passage in passages]

    def _cut(self, text: str, most: int) -> str:
        """Return a text up to the end of its `most`th token."""
        valid = to_valid_text(text)
        encoding = self.tokenizer.encode(valid, add_special_tokens=False)
        return valid if len(encoding.ids) <= most else valid[: encoding.offsets[most - 1][1]]

    def _encode_question(self, question: str, warn: Callable[[str], None]) -> Encoding:
        encoding = self.tokenizer.encode(to_valid_text(question), add_special_tokens=False)
        if len(encoding.ids) > self.max_question:
            warn(describe_cut(len(encoding.ids), self.rules.name, self.max_question))
            encoding.truncate(self.max_question)
        return encoding


def _encode_all(
    tokenizer: Tokenizer, texts: Sequence[str], *, special_tokens: bool
) -> list[Encoding]:
    """Return the tokens of each text without their offsets, on all cores."""
    valid = [to_valid_text(text) for text in texts]
    return tokenizer.encode_batch_fast(valid, add_special_tokens=special_tokens)


def open_tokenizer(path: Path) -> Tokenizer:
    """Open a saved tokenizer.json; ModelError where it is damaged."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers has no kind of its own
        raise ModelError(
            f"{path}: no tokenizer: {error}; reinstall or save its model again"
        ) from error


class WordCounts:
    """Counts and remembers word by word: on notes 25 times as fast as tokenizing whole texts."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, int] = {"": 0}
        # Around a word each of these is a token of its own, where no special token has it.
        special = "".join(token.content for token in tokenizer.get_added_tokens_decoder().values())
        self._loose = "".join(sign for sign in ",.;:!?()\"'" if sign not in special)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, without special tokens."""
        words = [text.split() for text in texts]
        try:
            counts = _add_up(words, self._known)
        except KeyError:  # rare once a corpus is under way
            counts = _add_up(words, self._learn({word for some in words for word in some}))
        for position, text in enumerate(texts):
            if _ODD_SPACE.search(text):  # where Python and the tokenizer part words unlike
                counts[position] = len(self._tokenizer.encode(text, add_special_tokens=False))
        return counts

    def _learn(self, words: set[str]) -> dict[str, int]:
        """Return the tokens of these words, and of others."""
        # Too large, it is replaced and not emptied: another thread may be counting with it.
        known = self._known if len(self._known) <= _MOST_WORDS else {"": 0}
        cores = {word: word.strip(self._loose) for word in words if word not in known}
        new = [core for core in {*cores.values()} if core not in known]
        if new:
            encodings = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
            known.update((w, len(e)) for w, e in zip(new, encodings, strict=True))
        for word, core in cores.items():
            known[word] = known[core] + len(word) - len(core)
        self._known = known
        return known


def _add_up(texts: Sequence[Sequence[str]], known: dict[str, int]) -> list[int]:
    return [sum(map(known.__getitem__, words)) for words in texts]


def parts_at_spaces(tokenizer: Tokenizer) -> bool:
    """Return whether each token lies within a word, so that the counts of words add up."""
    return type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"


def to_valid_text(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes, by U+FFFD; join those in pairs."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def describe_cut(tokens: int, name: str, limit: int) -> str:
    """Return the warning for a query that is cut; the figures include special tokens and prompt."""
    return f"query of {tokens} tokens: {name} reads the first {limit}, the rest is left out"
