"""Open the model that comes with the package: compiled, checked, never written to."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from notesearch.embedding.compiled_form import CompiledForm, open_manifest
from notesearch.embedding.model_choice import SHIPPED_NAME, ModelChoice, Precision
from notesearch.errors import ModelError

ENCODER = Path(__file__).parent / "shipped" / "encoder"
# What a choice may say of a model that is compiled here, and not of one that comes compiled.
_FOR_OTHERS = ("dtype", "revision", "truncate_dim", "query_prompt", "passage_prompt")


def open_shipped(choice: ModelChoice, folder: Path = ENCODER) -> CompiledForm:
    """Open the encoder; ModelError where it is damaged, or the choice asks for another form."""
    _require_own_form(choice)
    manifest = open_manifest(folder)
    if manifest is None:
        raise _reinstall(f"{folder}: the model is missing or damaged")

    def refuse(damage: Exception) -> NoReturn:
        raise _reinstall(str(damage)) from damage

    return CompiledForm(folder, manifest, refuse)


def _require_own_form(choice: ModelChoice) -> None:
    asked = {key: value for key in _FOR_OTHERS if (value := getattr(choice, key)) is not None}
    if choice.precision is Precision.FLOAT32:
        asked["precision"] = choice.precision.value
    if choice.device not in {"auto", "cpu"}:
        asked["device"] = choice.device
    for key, value in asked.items():
        raise ModelError(
            f"{key} {value}: {SHIPPED_NAME} comes compiled, in int8 for the CPU; "
            f"leave {key} out, or set model to another"
        )


def _reinstall(finding: str) -> ModelError:
    return ModelError(f"{finding}; reinstall notesearch, which it came with")
