"""A model's files in, the object that sentence-transformers makes of them out, or a ModelError.

Importing this module costs 4 to 7 s and 500 MB, as all that runs torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from tokenizers import Tokenizer

from notesearch.embedding.private_imports import import_private
from notesearch.embedding.quiet import quiet
from notesearch.embedding.tokens import UNLIMITED_SEQUENCE
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.choice import AnyChoice
    from notesearch.embedding.source import ModelSource

_LOADING_ERRORS = (  # what files that are no model, or damaged, were seen to raise
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
)


def load_from_files(choice: AnyChoice, source: ModelSource, device: str, **options: object) -> Any:  # noqa: ANN401 - a class of the library's
    """Open a model of the choice's kind from this machine; ModelError says what is wrong with it.

    `options` go to the class of sentence-transformers.
    """
    kind = choice.kind
    with quiet():
        try:
            return _class_of(choice)(
                str(source.folder),
                device=device,
                trust_remote_code=choice.trust_remote_code,
                local_files_only=True,
                **options,
            )
        except _LOADING_ERRORS as error:
            raise ModelError(
                f"model {source.folder}: sentence-transformers cannot load it: "
                f"{first_line(error)}; check the folder, or {kind.code_setting} where the model "
                "brings its own code"
            ) from error


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
        except _LOADING_ERRORS as error:
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


def first_line(error: BaseException) -> str:
    """Keep the first line of a library's message, which may be pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
