"""Libraries that speak to their developers, kept off a user's terminal while they work."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from notesearch.embedding.private_imports import import_private

# "" is the root logger, which onnxruntime's quantisation uses.
_TALKATIVE = ("torch.onnx", "sentence_transformers", "")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence progress bars, warnings and advice of the model libraries, and give them back."""
    transformers_logging = import_private("transformers.utils.logging")
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    verbosity = transformers_logging.get_verbosity()
    with_bar = transformers_logging.is_progress_bar_enabled()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        transformers_logging.set_verbosity(verbosity)
        if with_bar:
            transformers_logging.enable_progress_bar()
