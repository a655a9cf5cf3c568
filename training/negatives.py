"""Find passages that look like the answer to a question and are not: what training learns from.

They are found by meaning, with the model that training starts from, and by words. One that is
nearly as near to the question as its answer may be another answer, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

# Of what each way finds, so many are kept for a question.
BY_MEANING, BY_WORDS = 12, 6
# A negative may have at most this part of the cosine that the answer has.
LIKE_ANSWER = 0.95
_ROWS = 512


def mine(
    model: SentenceTransformer,
    questions: Sequence[tuple[int, str]],
    texts: Sequence[str],
    titles: Sequence[str],
) -> list[list[int]]:
    """Return the negatives of each question as places in `texts`, the most like it first.

    A question comes with the place of its answer. Texts under the answer's title are left out.
    """
    vectors = encode(model, texts)
    asked = encode(model, [question for _, question in questions])
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float32)
    words = vectorizer.fit_transform(texts)
    asked_words = vectorizer.transform([question for _, question in questions])
    names = np.unique([title.casefold() for title in titles], return_inverse=True)[1]
    found = []
    for start in range(0, len(questions), _ROWS):
        chunk = slice(start, start + _ROWS)
        cosines = asked[chunk] @ vectors.T
        shared = (asked_words[chunk] @ words.T).toarray()
        for row, (answer, _) in enumerate(questions[chunk]):
            barred = (cosines[row] > LIKE_ANSWER * cosines[row, answer]) | (names == names[answer])
            near = _best(np.where(barred, -1, cosines[row]), BY_MEANING)
            alike = _best(np.where(barred, 0, shared[row]), BY_WORDS)
            found.append(list(dict.fromkeys([*near, *alike])))
    return found


def _best(scores: NDArray[np.float32], count: int) -> list[int]:
    """Return the places of the greatest scores above 0, at most so many."""
    places = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
    places = places[np.argsort(-scores[places], kind="stable")]
    return [int(place) for place in places if scores[place] > 0]


def encode(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return (texts, dimension) float32, rows of length 1."""
    with torch.autocast(model.device.type, torch.bfloat16):  # three times as fast, and near enough
        return model.encode(
            list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
        ).astype(np.float32)
