"""How many examples the laws are tried on: by default, and by those that take long.

`pytest -m "slow or hypothesis" --hypothesis-profile=thorough` tries eight times as many.
"""

from __future__ import annotations

from hypothesis import settings

USUAL, THOROUGH = "usual", "thorough"  # names of profiles
_EXAMPLES = 50

# No deadline: a busy machine breaks no law. Other examples in every run, in CI too, where
# Hypothesis by itself would try the same ones for ever.
settings.register_profile(
    USUAL, deadline=None, derandomize=False, print_blob=True, max_examples=_EXAMPLES
)
settings.register_profile(THOROUGH, settings.get_profile(USUAL), max_examples=8 * _EXAMPLES)


def examples(usual: int, **more: object) -> settings:
    """Return the settings of a law that is tried on `usual` examples, or on more in a thorough run.

    For a law of which a single example takes long, or one that few examples do not break.
    """
    return settings(max_examples=usual * settings.default.max_examples // _EXAMPLES, **more)
