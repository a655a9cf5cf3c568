"""Compute a model's fingerprint from its files and the choice, without loading it.

The hashes of the files are remembered with size and modification time, so that asking again
costs a few stat calls where hashing costs 0.1 s for 90 MB.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.durable import write_whole
from notesearch.embedding.model_choice import Precision, RerankerChoice
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notesearch.embedding.model_choice import AnyChoice
    from notesearch.embedding.model_source import ModelSource

WEIGHTS = "model.safetensors"
_PIECE_BYTES = 1 << 20
QUANTISER_VERSION = 2  # raised when models are quantised in another way (see INT8_ATTEMPTS)
# Parts of a choice that change no vector, or are seen in the files.
_NO_OPTIONS = frozenset({"name", "device", "revision"})
# Other forms of the same weights, and files for people: none of them changes a vector.
_IGNORED_FOLDERS = frozenset({"onnx", "openvino", "coreml", "images", "__pycache__"})
_IGNORED_SUFFIXES = frozenset({".md", ".onnx", ".h5", ".msgpack", ".ot", ".gguf", ".png", ".jpg"})
_IGNORED_NAMES = frozenset({"LICENSE", "train_script.py", "data_config.json", "rust_model.ot"})


def compute_fingerprint(
    choice: AnyChoice, source: ModelSource, cache_dir: Path, *, anew: bool = False
) -> str:
    """Return one short line, "all-MiniLM-L6-v2 float32 1a2b3c4d"; `anew` hashes every file.

    It covers the model's files (weights, length limit, pooling, normalisation, own prompts) and
    what the choice adds. The engine is left out: compiled, torch and a GPU agree to 0.9999.
    """
    label, options = _options_of(choice)
    parts = {"files": hash_files(source, cache_dir, anew=anew), **options}
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{source.name} {label} {digest[:8]}"


def _options_of(choice: AnyChoice) -> tuple[str, dict[str, object]]:
    """Return the word for the fingerprint, and what changes results beside the model's files."""
    options = {key: value for key, value in asdict(choice).items() if key not in _NO_OPTIONS}
    if isinstance(choice, RerankerChoice):
        return "reranker", options
    options["precision"] = choice.precision.value
    if choice.precision is Precision.INT8:
        options["quantised"] = QUANTISER_VERSION
    return choice.precision.value, options


def hash_files(source: ModelSource, cache_dir: Path, *, anew: bool = False) -> dict[str, str]:
    """Return the sha256 of each file that may change a vector, by its path in the model's folder.

    Raises ModelError where the weights' hash is known beforehand and is another.
    """
    memory = cache_dir / "sources" / f"{_name_of(source.folder)}.json"
    known = _read_memory(memory)
    stamps: dict[str, list[object]] = {}
    for path in _list_files(source.folder):
        name = path.relative_to(source.folder).as_posix()
        stat = path.stat()
        stamp = known.get(name)
        if anew or stamp is None or stamp[:2] != [stat.st_size, stat.st_mtime_ns]:
            stamp = [stat.st_size, stat.st_mtime_ns, sha256_of(path)]
        stamps[name] = stamp
    hashes = {name: str(stamp[2]) for name, stamp in stamps.items()}
    _check_weights(source, hashes.get(WEIGHTS))
    if stamps != known:
        with suppress(OSError):  # a full disk: they are hashed again the next time
            write_whole(memory, json.dumps(stamps))
    return hashes


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hex, read piece by piece."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:  # of reading it, which names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    return digest.hexdigest()


def _check_weights(source: ModelSource, found: str | None) -> None:
    expected = source.weights_sha256
    if expected is not None and found != expected:
        raise ModelError(
            f"{source.folder / WEIGHTS}: not the published weights of {source.name}, "
            f"its sha256 is {str(found)[:12]}…, not {expected[:12]}…; "
            "reinstall the package it came with"
        )


def _list_files(folder: Path) -> Iterator[Path]:
    """Yield files in a stable order; links are followed, as a hub cache is made of them."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        ignored = path.suffix in _IGNORED_SUFFIXES or path.name in _IGNORED_NAMES
        if hidden or ignored or _IGNORED_FOLDERS.intersection(parts) or path.is_dir():
            continue
        if path.exists() and not path.is_file():  # a pipe: reading it would never end
            raise ModelError(f"model {folder}: {path.name} is no regular file; remove it")
        if path.is_file():
            yield path


def _name_of(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _read_memory(memory: Path) -> dict[str, list[object]]:
    """Return size, time and hash of files hashed before; nothing where the memory is damaged."""
    try:
        stamps = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stamps, dict):
        return {}
    return {
        name: stamp for name, stamp in stamps.items() if isinstance(stamp, list) and len(stamp) == 3
    }
