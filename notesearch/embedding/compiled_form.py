"""Open the compiled form of a model, a folder, and check of it what is read.

manifest.json    what the graph takes and gives, sizes and checksums of the others
model.onnx       token ids -> vectors of length 1, or a cross-encoder's scores
model.weights    of the graph
tokenizer.json   read by the library tokenizers

The model that comes with the package is such a folder, and so is each that the cache keeps.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xxhash import xxh3_64_hexdigest

from notesearch.embedding.graph_engine import (
    TOKEN_IDS,
    Engine,
    GraphShape,
    UnusableGraphError,
    open_engine,
)
from notesearch.embedding.token_reader import ReadingRules, open_tokenizer
from notesearch.file_sums import CheckedFile, DamagedFileError, FileSums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from notesearch.embedding.graph_engine import GraphInputs

MANIFEST, GRAPH, WEIGHTS = "manifest.json", "model.onnx", "model.weights"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class TokenTable:
    """The vectors of the tokens among the weights, of which a text reads a row for each token.

    It is half of the 90 MB of all-MiniLM-L6-v2 in float32, and more of one for many languages.
    """

    offset: int  # in bytes, as the others
    row_bytes: int
    rows: int

    @property
    def end(self) -> int:
        """The first byte after the table."""
        return self.offset + self.row_bytes * self.rows


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a compiled model is, beside its graph and tokenizer."""

    fingerprint: str
    rules: ReadingRules
    shape: GraphShape
    warning: str | None = None  # why torch is used, or another precision than asked for
    table: TokenTable | None = None  # among the weights; None where every text reads them all
    # By name; no model.onnx where torch is used.
    files: dict[str, FileSums] = field(default_factory=dict)


def open_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a compiled form; None where there is none, or a damaged one.

    The tokenizer is checked here; graph and weights are checked when they are opened.
    """
    try:
        manifest = _read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
        _open_checked(folder, manifest, TOKENIZER).verify()
    except (OSError, ValueError, TypeError, KeyError, DamagedFileError):
        return None
    return manifest


def _read_manifest(text: str) -> Manifest:
    values = json.loads(text)
    checksum = values.pop("checksum")
    if _checksum_of(values) != checksum:
        raise ValueError("the manifest is not what was written")
    shape = GraphShape(**values["shape"] | {"inputs": tuple(values["shape"]["inputs"])})
    files = {
        name: FileSums(sums["size"], bytes.fromhex(sums["sums"]))
        for name, sums in values["files"].items()
    }
    table = TokenTable(**values["table"]) if values["table"] else None
    own = {"rules": ReadingRules(**values["rules"]), "shape": shape, "table": table, "files": files}
    return Manifest(**values | own)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a compiled model."""
    values = json.loads(json.dumps(asdict(manifest), default=bytes.hex))  # as it will be read
    values["checksum"] = _checksum_of(values)
    (folder / MANIFEST).write_text(json.dumps(values, indent=1), encoding="utf-8")


def _checksum_of(values: dict[str, object]) -> str:
    return xxh3_64_hexdigest(json.dumps(values, sort_keys=True).encode())


def _open_checked(folder: Path, manifest: Manifest, name: str) -> CheckedFile:
    return CheckedFile(folder / name, manifest.files[name], mapped=True)


class CompiledForm:
    """A model's compiled form: nothing of it is used that has not been checked."""

    def __init__(
        self, folder: Path, manifest: Manifest, mend: Callable[[Exception], Manifest]
    ) -> None:
        """Take what `open_manifest` gave for the folder.

        `mend` is called with the damage that is found later. It makes the form anew in the same
        folder and returns its manifest, or raises ModelError.
        """
        self._folder = folder
        self._mend = mend
        self.manifest = manifest

    @property
    def has_graph(self) -> bool:
        """Whether there is a graph to open; else torch has to run the model."""
        return GRAPH in self.manifest.files

    def open_tokenizer(self) -> Tokenizer:
        """Open the tokenizer, which was checked with the manifest."""
        return open_tokenizer(self._folder / TOKENIZER)

    def open_engine(self, *, at_once: bool = False) -> Engine:
        """Open the graph.

        The table of tokens is checked at each run as far as that reads it. `at_once` as in
        `graph_engine.open_engine`.
        """
        try:
            opened = self._open(at_once)
        except (OSError, DamagedFileError, UnusableGraphError) as damage:
            self.manifest = self._mend(damage)
            opened = self._open(at_once)
        guard = threading.Lock()

        def run(inputs: GraphInputs) -> NDArray[np.float32]:
            nonlocal opened
            engine = opened
            try:
                return engine.run(inputs)
            except DamagedFileError as damage:
                with guard:
                    if opened is engine:  # else another thread has replaced it
                        self.manifest = self._mend(damage)
                        opened = self._open(at_once)
                return opened.run(inputs)

        return replace(opened, run=run)

    def _open(self, at_once: bool) -> Engine:
        """Open the graph after checking it with its weights, but for the table of tokens.

        The rows of the table are checked before each run: to check all 90 MB of
        all-MiniLM-L6-v2 in float32 takes twice as long.
        """
        folder, manifest, table = self._folder, self.manifest, self.manifest.table
        # A small graph holds its weights itself.
        names = [name for name in (GRAPH, WEIGHTS) if name in manifest.files]
        files = [_open_checked(folder, manifest, name) for name in names]
        if table is None:
            for file in files:
                file.verify()
            return open_engine(folder / GRAPH, at_once=at_once)
        graph, weights = files
        graph.verify()
        weights.verify(0, table.offset)
        weights.verify(table.end)
        engine = open_engine(folder / GRAPH, at_once=at_once)

        def run(inputs: GraphInputs) -> NDArray[np.float32]:
            weights.verify_rows(table.offset, table.row_bytes, inputs[TOKEN_IDS])
            return engine.run(inputs)

        return replace(engine, run=run)
