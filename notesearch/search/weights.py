"""What the ranking weighs, and by how much: its one set of constants, each with its reason.

Those of the mix are fitted to questions that people ask. The figures of the others are nDCG@10 on
wild, Cranfield, CISI and the `tune` half of corpus/queries.yaml, each as it was when the constant
was chosen; a difference under 0.01 on one of them is noise.
benchmarks/relevance.py prints what most of them give today.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """How a ranking is made; 0 leaves out what a field stands for, but for `prior`."""

    # The mix: log odds that a passage is the one that was looked for, fitted together to the 400
    # human questions over the 21,135 passages of wild, a little more for the words than these ask
    # for, so that abstracts (Cranfield) lose less. What meaning adds, for each standard deviation
    # of the cosine above the average one:
    dense: float = 1.15
    # It counts by a half at least, and in full from so many words of the question on. MRR@10 of
    # questions of a few keywords rises from 0.822 to 0.848, of all from 0.675 to 0.681.
    enough_words: float = 6.0
    # What the words add, their BM25 and that of the whole note, where it is the greatest of all:
    words: float = 2.45
    # What one passage adds that has all words of the question together; the share it has counts by
    # its square. On the two halves of the questions MRR@10 is 0.610 and 0.746 with it, 0.603 and
    # 0.725 without, and the passage shown is the right one in 0.820 and 0.865, not 0.769 and 0.859.
    covered: float = 3.25
    # What a passage has before anything is known of it is this less ln(passages).
    prior: float = 1.4
    # Which passage of a note is shown: log odds for e times as many tokens, and for a TL;DR, a
    # summary, an abstract or key ideas. It is the right one in 0.81 without these and in 0.84
    # with them.
    longer: float = 0.6
    summary: float = 0.5
    # The words of a text say little where no note has enough of them: chance finds a note with
    # ln(notes) of BM25. The words count in full from so many times that on. Paraphrases on tune
    # rise from 0.262 to 0.348; 0.517 0.584 0.461 0.710 without, 0.516 0.580 0.464 0.726 at 2.5.
    evidence: float = 2.0
    # The whole note's share of the words' part: a note often says the words of a question in
    # several passages, none of which says them all. 0.513 0.580 0.455 0.725 at 0.6 and
    # 0.519 0.584 0.468 0.728 at 0.8; without, wild falls by 0.02.
    note: float = 0.7
    # What a word is worth in a title, against one in the text. BM25 alone on wild: 1: 0.432,
    # 1.5: 0.437, 2: 0.444.
    title: float = 2.0
    # Two words side by side in the question and in a passage, against one word. Words alone
    # rise from 0.478 0.524 0.351 0.636 to 0.488 0.544 0.352 0.650; the mix by 0.007 on
    # Cranfield and within noise elsewhere.
    pairs: float = 0.3
    # A word that is n times in a question counts n ** repeats: long ones repeat their subject.
    # CISI rises from 0.459 to 0.466 (0.469 at 1, where wild loses 0.003).
    repeats: float = 0.5
    # Another form of a word, such as the long one of an acronym, against the word itself. Wild
    # rises from 0.518 to 0.525, tune from 0.741 to 0.744; CISI loses 0.004, within noise.
    rewordings: float = 1.0


DEFAULT_WEIGHTS = Weights()
