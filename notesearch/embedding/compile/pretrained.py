"""Have sentence-transformers load a model's files; whatever it raises becomes a ModelError.

Importing this module costs 4 to 7 s and 500 MB, as all that runs torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from notesearch.embedding.private_imports import import_private
from notesearch.embedding.quiet import quiet
from notesearch.embedding.token_reader import UNLIMITED_SEQUENCE
from notesearch.errors import ModelError, NotesearchError

if TYPE_CHECKING:
    from notesearch.embedding.model_choice import AnyChoice
    from notesearch.embedding.model_source import ModelSource


@contextmanager
def faults_of_model(finding: str, remedy: str) -> Iterator[None]:
    """Make a ModelError of one line of whatever a model's files let the libraries raise.

    Damaged files were seen to raise a dozen kinds of errors, and tokenizers a plain Exception.
    """
    try:
        yield
    except NotesearchError:
        raise
    except Exception as error:
        raise ModelError(f"{finding}: {first_line(error)}; {remedy}") from error


def load_from_files(choice: AnyChoice, source: ModelSource, device: str, **options: object) -> Any:  # noqa: ANN401 - a class of the library's
    """Open a model of the choice's kind from this machine; ModelError says what is wrong with it.

    `options` go to the class of sentence-transformers.
    """
    remedy = f"check the folder, or {choice.kind.code_setting} where the model brings its own code"
    finding = f"model {source.folder}: sentence-transformers cannot load it"
    with quiet(), faults_of_model(finding, remedy):
        return _class_of(choice)(
            str(source.folder),
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
        except Exception as error:  # as `faults_of_model`: what comes may be any model
            raise OSError(first_line(error)) from error


def _class_of(choice: AnyChoice) -> Any:  # noqa: ANN401 - a class of the library's
    return getattr(import_private("sentence_transformers"), choice.kind.loader)


def copy_tokenizer(own: object, source: ModelSource) -> Tokenizer:
    """Copy a model's tokenizer, in the form that the library tokenizers runs."""
    backend = own if isinstance(own, Tokenizer) else getattr(own, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(
            f"model {source.name}: its tokenizer {type(own).__name__} cannot count tokens fast; "
            "name a model with a tokenizer.json"
        )
    return Tokenizer.from_str(backend.to_str())


def input_names(tokenizer: object) -> tuple[str, ...]:
    """Name what a tokenizer makes for its model."""
    return tuple(getattr(tokenizer, "model_input_names", ("input_ids", "attention_mask")))


def pad_id_of(tokenizer: object) -> int:
    """Give the id that fills up a row; where there is none any will do, as it is masked."""
    return getattr(tokenizer, "pad_token_id", None) or 0


def bounded(limit: float | None) -> int:
    """Make a length limit a number: some models say infinity, some 1e30, some nothing."""
    return int(min(limit or UNLIMITED_SEQUENCE, UNLIMITED_SEQUENCE))


def running(name: str) -> AbstractContextManager[None]:
    """Make a ModelError of what goes wrong when a model that was loaded is run."""
    return faults_of_model(
        f"model {name}: sentence-transformers cannot run it", "check its files, or name another"
    )


def first_line(error: BaseException) -> str:
    """Keep the first line of a library's message, which may be pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
