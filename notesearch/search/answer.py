"""The answer to a question: its hits, and what explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from notesearch.errors import UsageError
from notesearch.records import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Mode(Enum):
    """What the hits are ranked by."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"

    @classmethod
    def named(cls, name: str | Mode) -> Mode:
        """Return the mode of a name; UsageError when there is none."""
        try:
            return cls(name)
        except ValueError:
            known = ", ".join(mode.value for mode in cls)
            raise UsageError(f"{name!r} is no mode; there are {known}") from None


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a question that no note has, and the one that was asked for in its place."""

    typed: str
    taken: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits, best first, and what explains them."""

    hits: tuple[Hit, ...]
    mode: Mode
    question: str = ""  # the words and phrases that were asked, corrected, without the filters
    weak: bool = False  # nothing relevant: the hits are the nearest of what there is
    # How likely it is that something found answers the question, from 0 to 1; None in lexical mode.
    relevance: float | None = None
    where: str = ""  # the filters that let the hits through, as a query line writes them
    corrections: tuple[Correction, ...] = ()  # of words that no note has
    terms: tuple[str, ...] = ()  # the words that were looked for
    pairs: tuple[str, ...] = ()  # words that count more where they stand side by side
    rewordings: tuple[str, ...] = ()  # other ways to say words, such as the long form of an acronym
    # From 0 to 1: how far the words counted beside the meaning; None where nothing was mixed.
    evidence: float | None = None
    # By passage id: the score before a cross-encoder gave the hit its own.
    fused: Mapping[str, float] = field(default_factory=dict)
    # The ids of notes on the very paper that was asked about; `similar` alone fills it.
    same_paper: frozenset[str] = frozenset()
    # The question as the model sees it, (dimension,) of length 1; None where no model was asked.
    vector: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    @property
    def words(self) -> str:
        """What was looked for, to be marked in the hits.

        Of the other ways to say it those in one word: a long form would outweigh the question.
        """
        others = [other for other in self.rewordings if " " not in other]
        return " ".join([*self.terms, *others]) or self.question
