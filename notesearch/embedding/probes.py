"""Texts to try a compiled model on: of many lengths, and of the kinds that notes hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

PROBE_QUERIES = ("attention", "why does direct preference optimization need no reward model?")

_PROSE = (
    "The paper asks whether a language model can be aligned without a separate reward model. "
    "It writes the optimal policy of the constrained problem in closed form and turns the "
    "comparison of two answers into a classification loss. Training is stable, needs no "
    "sampling in the loop, and the results match or beat those of reinforcement learning "
    "on summaries and dialogue. What is left open is how far the policy may drift from the "
    "data, and whether noisy labels hurt more than they do elsewhere. "
)
_ODD = (
    "a",
    "",
    "Größe, naïve, œuvre; 注意力机制 and внимание",
    "def f(x: int) -> int:\n    return x ** 2  # \U0001f600",
    "pi_theta(y|x) = 1/Z(x) pi_ref(y|x) exp(r(x, y)/beta), 2305.18290, 0.5634 +- 0.01",
)
_LENGTHS = (4, 12, 30, 64, 120, 200, 400)  # in words


def probe_passages(count_many: Callable[[Sequence[str]], list[int]], max_tokens: int) -> list[str]:
    """Passages from one token to the most that the model reads, none of them over it."""
    words = (_PROSE * 5).split()
    texts = [*(" ".join(words[:length]) for length in _LENGTHS), *_ODD]
    counts = count_many(texts)
    return [text for text, count in zip(texts, counts, strict=True) if 0 < count <= max_tokens]
