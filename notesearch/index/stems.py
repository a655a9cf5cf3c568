"""Take a text apart into words as an index keeps them: their stems, without case and accents."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import cast

import apsw
import numpy as np
import xxhash
from numpy.typing import NDArray

# Of ASCII, letters and digits are in words, and all else parts them.
_IN_WORDS = bytes(
    sign if sign >= 128 else ord(chr(sign).lower()) if chr(sign).isalnum() else ord(" ")
    for sign in range(256)
)


class Stemmer:
    """SQLite's Porter stemmer over words of letters and digits; threads take turns."""

    def __init__(self, connection: apsw.Connection | None = None) -> None:
        """Take a connection that is open for as long, where there is one: another takes 3 ms."""
        self._turn = threading.Lock()
        # The tokenizer lives as long as the connection does.
        self._connection = connection or apsw.Connection(":memory:")
        self._tokenizer = self._connection.fts5_tokenizer("porter", ["unicode61"])

    def stems_of(self, text: str) -> list[str]:
        """Return the stems of a text's words, in order."""
        encoded = _encode(text)
        with self._turn:
            stems = self._tokenizer(
                encoded,
                apsw.FTS5_TOKENIZE_DOCUMENT,
                None,
                include_offsets=False,
                include_colocated=False,
            )
        return cast(list[str], stems)


def words_of(text: str) -> list[bytes]:
    """Return what lies between signs of ASCII that part words, in order and in small letters.

    The stems of a text are those of each of these in turn: one, or any number where it has other
    signs than those of ASCII. It takes half of the time, and most words come again and again.
    """
    return _encode(text).translate(_IN_WORDS).split()


def _encode(text: str) -> bytes:
    # SQLite takes half of a pair of surrogates as it comes; UTF-8 has no place for one.
    return text.encode("utf-8", "replace")


def keys_of(stems: Sequence[str]) -> NDArray[np.uint64]:
    """Return a number for each stem: of a million, two have the same once in 30 million indexes."""
    return np.array([xxhash.xxh3_64_intdigest(stem.encode()) for stem in stems], dtype=np.uint64)
