"""Have sentence-transformers load a model's files; whatever it raises becomes a ModelError.

The library is imported at the first use, which costs 4 to 7 s and 500 MB.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from notesearch.embedding.graph_engine import GraphShape
from notesearch.embedding.private_imports import import_private
from notesearch.embedding.token_reader import UNLIMITED_SEQUENCE
from notesearch.errors import ModelError, NotesearchError

if TYPE_CHECKING:
    from notesearch.embedding.model_cache import ModelFiles
    from notesearch.embedding.model_choice import AnyChoice
    from notesearch.embedding.model_files import ModelSource

# "" is the root logger, which onnxruntime's quantisation uses.
_TALKATIVE = ("torch.onnx", "transformers", "sentence_transformers", "")


def load_from_files(files: ModelFiles, device: str, **options: object) -> Any:  # noqa: ANN401 - a class of the library's
    """Open a model of the choice's kind from this machine; ModelError names what is wrong with it.

    `options` go to the class of sentence-transformers.
    """
    choice, folder = files.choice, files.source.folder
    files.require_unchanged()
    remedy = f"check the folder, or {choice.kind.code_setting} where the model brings its own code"
    finding = f"model {folder}: sentence-transformers cannot load it"
    with quiet(), _faults_of_model(finding, remedy):
        return _class_of(choice)(
            str(folder),
            device=device,
            trust_remote_code=choice.trust_remote_code,
            local_files_only=True,
            **options,
        )


def download(choice: AnyChoice) -> None:
    """Fetch a hub model into the hub's cache; OSError where that cannot be."""
    with quiet():
        try:
            _class_of(choice)(
                choice.name,
                device="cpu",
                revision=choice.revision,
                trust_remote_code=choice.trust_remote_code,
            )
        except Exception as error:  # as `_faults_of_model`: what comes may be any model
            raise OSError(first_line(error)) from error


def _class_of(choice: AnyChoice) -> Any:  # noqa: ANN401 - a class of the library's
    return getattr(import_private("sentence_transformers"), choice.kind.loader)


@contextmanager
def running(name: str) -> Iterator[None]:
    """Make a ModelError of what goes wrong when a model that was loaded is run."""
    finding = f"model {name}: sentence-transformers cannot run it"
    with _faults_of_model(finding, "check its files, or name another"):
        yield


@contextmanager
def _faults_of_model(finding: str, remedy: str) -> Iterator[None]:
    """Make a ModelError of one line of whatever a model's files let the libraries raise.

    Damaged files were seen to raise a dozen kinds of errors, and tokenizers a plain Exception.
    """
    try:
        yield
    except NotesearchError:
        raise
    except Exception as error:
        raise ModelError(f"{finding}: {first_line(error)}; {remedy}") from error


def first_line(error: BaseException) -> str:
    """Return the first line of a library's message, which may be pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence progress bars, warnings and advice of the model libraries for a while.

    They are meant for developers, and would reach the user's terminal.
    """
    transformers_logging = import_private("transformers.utils.logging")
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    with_bar = transformers_logging.is_progress_bar_enabled()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if with_bar:
            transformers_logging.enable_progress_bar()


def copy_tokenizer(own: object, source: ModelSource) -> Tokenizer:
    """Copy a model's tokenizer, in the form that the library tokenizers runs."""
    backend = own if isinstance(own, Tokenizer) else getattr(own, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(
            f"model {source.name}: its tokenizer {type(own).__name__} cannot count tokens fast; "
            "name a model with a tokenizer.json"
        )
    return Tokenizer.from_str(backend.to_str())


def shape_for(tokenizer: object, dimension: int) -> GraphShape:
    """Describe the graph of a model by what its tokenizer makes for it."""
    return GraphShape(
        inputs=tuple(getattr(tokenizer, "model_input_names", ("input_ids", "attention_mask"))),
        # Where there is no such id any will do, as it is masked.
        pad_id=getattr(tokenizer, "pad_token_id", None) or 0,
        dimension=dimension,
    )


def bounded(limit: float | None) -> int:
    """Return a model's length limit in tokens: some models say infinity, 1e30, or nothing."""
    return int(min(limit or UNLIMITED_SEQUENCE, UNLIMITED_SEQUENCE))
