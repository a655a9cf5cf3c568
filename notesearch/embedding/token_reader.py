"""Text in, token ids out, counted and cut exactly as the model does: tokenizers alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# For models without a limit of their own: bounds the memory that one text can take.
UNLIMITED_SEQUENCE = 8192

_ODD_SPACE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_WORDS = 500_000  # some 50 MB


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How a model wants its texts: what comes before them and how much it reads."""

    name: str
    max_sequence: int  # tokens in all: prompt, special tokens and text
    query_prompt: str
    passage_prompt: str
    special_tokens: bool  # whether the model wants its special tokens around a text


class TokenReader:
    """A TokenCounter that also makes the ids which the model reads."""

    def __init__(self, tokenizer: Tokenizer, rules: ReadingRules) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._rules = rules
        self._overhead = self._count_whole([rules.passage_prompt])[0]
        self._by_word = WordCounts(tokenizer) if parts_at_spaces(tokenizer) else None
        self.max_tokens = rules.max_sequence - self._overhead
        if self.max_tokens < 1:
            raise ModelError(
                f"model {rules.name}: reads {rules.max_sequence} tokens, and special tokens and "
                f"passage_prompt take {self._overhead}; shorten passage_prompt or name another"
            )

    @classmethod
    def from_file(cls, path: Path, rules: ReadingRules) -> TokenReader:
        """Open a saved tokenizer.json; ModelError where it is damaged."""
        return cls(open_tokenizer(path), rules)

    def save(self, path: Path) -> None:
        """Write tokenizer.json."""
        self._tokenizer.save(str(path), pretty=False)

    def count_tokens(self, text: str) -> int:
        """Tokens of one text, without the passage prompt and special tokens."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, in order."""
        prompt = self._rules.passage_prompt
        if self._by_word is not None and not prompt:
            return self._by_word.count_many([to_valid_text(text) for text in texts])
        counts = self._count_whole([prompt + text for text in texts])
        return [max(0, count - self._overhead) for count in counts]

    def read_passages(self, texts: Sequence[str]) -> list[list[int]]:
        """Give the ids of each text; ModelError for the first one that the model would cut."""
        prompt = self._rules.passage_prompt
        encodings = self._tokenizer.encode_batch_fast(
            [to_valid_text(prompt + text) for text in texts],
            add_special_tokens=self._rules.special_tokens,
        )
        ids = [encoding.ids for encoding in encodings]
        for position, row in enumerate(ids):
            if len(row) > self._rules.max_sequence:
                raise too_long(
                    position, len(row) - self._overhead, self._rules.name, self.max_tokens
                )
        return ids

    def read_query(self, text: str, warn: Callable[[str], None]) -> list[int]:
        """Give the ids of a query, cut at its end to the model's limit, with a warning."""
        rules, tokenizer = self._rules, self._tokenizer
        whole = to_valid_text(rules.query_prompt + text)
        encoding = tokenizer.encode(whole, add_special_tokens=False)
        specials = tokenizer.num_special_tokens_to_add(False) if rules.special_tokens else 0
        if len(encoding.ids) + specials > rules.max_sequence:
            warn(query_cut(len(encoding.ids) + specials, rules.name, rules.max_sequence))
            encoding.truncate(rules.max_sequence - specials)
        encoding = tokenizer.post_process(encoding, add_special_tokens=rules.special_tokens)
        return list(encoding.ids)

    def _count_whole(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with special tokens, as the model reads it."""
        encodings = self._tokenizer.encode_batch_fast(
            [to_valid_text(text) for text in texts],
            add_special_tokens=self._rules.special_tokens,
        )
        return [len(encoding.ids) for encoding in encodings]


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
    """Counts word by word and remembers: 25 times as fast as tokenizing on the words of notes."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, int] = {"": 0}
        # Around a word each of these is a token of its own, where no special token has it.
        special = "".join(token.content for token in tokenizer.get_added_tokens_decoder().values())
        self._loose = "".join(sign for sign in ",.;:!?()\"'" if sign not in special)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        words = [text.split() for text in texts]
        size_of = self._known.__getitem__
        try:
            counts = [sum(map(size_of, some)) for some in words]
        except KeyError:  # rare once a corpus is under way
            self._learn({word for some in words for word in some})
            counts = [sum(map(size_of, some)) for some in words]
        for position, text in enumerate(texts):
            if _ODD_SPACE.search(text):  # Python and the tokenizer part words at other signs
                counts[position] = len(self._tokenizer.encode(text, add_special_tokens=False))
        return counts

    def _learn(self, words: set[str]) -> None:
        if len(self._known) > _MOST_WORDS:
            self._known.clear()
            self._known[""] = 0
        cores = {word: word.strip(self._loose) for word in words if word not in self._known}
        new = [core for core in {*cores.values()} if core not in self._known]
        if new:
            encodings = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
            self._known.update((w, len(e)) for w, e in zip(new, encodings, strict=True))
        for word, core in cores.items():
            self._known[word] = self._known[core] + len(word) - len(core)


def parts_at_spaces(tokenizer: Tokenizer) -> bool:
    """Tell whether no token spans a space, so that the counts of words add up to a text's."""
    return type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"


def to_valid_text(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes, by U+FFFD; join those in pairs."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def too_long(position: int, tokens: int, name: str, max_tokens: int) -> ModelError:
    """Make the error for a passage that would be cut; positions count from 0."""
    return ModelError(
        f"passage {position} of those to embed: {tokens} tokens, {name} reads {max_tokens}; "
        "cut it into passages by count_tokens"
    )


def query_cut(tokens: int, name: str, limit: int) -> str:
    """Word the warning for a query that is cut; both figures include special tokens and prompt."""
    return f"query of {tokens} tokens: {name} reads the first {limit}, the rest is left out"
