"""What the vectors of passages take in an engine, and what it finds by them, in each form.

    ENGINE/bin/python -m benchmarks.engine_vectors INDEX [--passages N] [--only FORM …]

`engine_scale.py` says how ENGINE is made, and what INDEX is. Vectors alone are stored: no words,
and nothing that a filter asks. Each form is made in a process of its own, and asked in another;
its memory is what that process has more after the questions than before it opened the vectors.
Bytes are those of one passage, seconds and milliseconds those of the processor.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge
from numpy.typing import NDArray

from benchmarks.engine_asking import Clock, K, KnownQuestions, Row, embed, memory, more
from benchmarks.engine_copies import moved_vectors, read_real
from benchmarks.engine_writing import Figures, parts_of

VECTORS_AT_A_TIME = 2000
ROOT = Path(__file__).parent.parent

_Memory = edge.Memory


def _int8() -> edge.ScalarQuantizationConfig:
    return edge.ScalarQuantizationConfig(edge.ScalarType.Int8, memory=_Memory.Pinned)


def _bits(size: edge.TurboQuantBitSize) -> edge.TurboQuantQuantizationConfig:
    return edge.TurboQuantQuantizationConfig(bits=size, memory=_Memory.Pinned)


# Numbers of the vectors, where these are, what is looked through in their place, how many times as
# many of that are compared again.
FORMS: dict[str, tuple[Any, Any, Any, float | None]] = {
    "float16 in memory": (edge.VectorStorageDatatype.Float16, _Memory.Cached, None, None),
    "int8 in memory, float16 on disk (as made)": (
        edge.VectorStorageDatatype.Float16, _Memory.Cold, _int8, 1.0,
    ),
    "int8 in memory, float16 on disk, 3 times as many": (
        edge.VectorStorageDatatype.Float16, _Memory.Cold, _int8, 3.0,
    ),
    "turbo8 in memory, no originals": (
        edge.VectorStorageDatatype.Turbo8, _Memory.Cached, None, None,
    ),
    "4 bits in memory, float16 on disk, 3 times as many": (
        edge.VectorStorageDatatype.Float16, _Memory.Cold,
        partial(_bits, edge.TurboQuantBitSize.Bits4), 3.0,
    ),
    "1 bit in memory, float16 on disk, 3 times as many": (
        edge.VectorStorageDatatype.Float16, _Memory.Cold,
        partial(_bits, edge.TurboQuantBitSize.Bits1), 3.0,
    ),
}  # fmt: skip


def make(index_dir: Path, folder: Path, form: str, wanted: int) -> Figures:
    """Store the vectors in a form."""
    numbers, place, rounding, _ = FORMS[form]
    vectors = read_real(index_dir).vectors
    config = edge.EdgeConfig(
        vectors={
            "meaning": edge.EdgeVectorParams(
                vectors.shape[1], edge.Distance.Dot, datatype=numbers, memory=place
            )
        },
        quantization_config=rounding and rounding(),
        wal_enabled=False,
    )
    processor = time.process_time()
    shard = edge.EdgeShard.create(str(folder), config)
    numbered = count(1)
    for rows in _rows(vectors, wanted):
        points = [edge.Point(next(numbered), {"meaning": row}) for row in rows.tolist()]
        shard.update(edge.UpdateOperation.upsert_points(points))
    while shard.optimize():
        pass
    shard.close()
    return {"build_s": time.process_time() - processor, "disk": parts_of(folder)}


def ask(folder: Path, form: str, questions: Sequence[Row]) -> Figures:
    """Ask for the nearest vectors, and give which these are and what it takes."""
    *_, rounding, times_as_many = FORMS[form]
    parameters = edge.SearchParams(
        quantization=rounding
        and edge.QuantizationSearchParams(rescore=True, oversampling=times_as_many)
    )
    before = memory()
    shard = edge.EdgeShard.load(str(folder))
    clock, found = Clock(), []
    for row in questions:
        query = edge.Query.Nearest(row.tolist(), using="meaning")
        hits = clock.time(partial(shard.search, edge.SearchRequest(query, K, params=parameters)))
        found.append([hit.id for hit in hits])
    return {"memory": more(memory(), before), "found": found, **clock.figures()}


def _rows(vectors: NDArray[np.float32], wanted: int) -> Iterator[NDArray[np.float32]]:
    """Yield the vectors of so many passages, in parts."""
    left = wanted
    for copy in count():
        rows = moved_vectors(vectors, copy)[:left]
        for start in range(0, len(rows), VECTORS_AT_A_TIME):
            yield rows[start : start + VECTORS_AT_A_TIME]
        left -= len(rows)
        if not left:
            return


def _nearest_of_all(
    vectors: NDArray[np.float32], wanted: int, asked: NDArray[np.float32]
) -> list[set[int]]:
    cosines = np.concatenate([rows @ asked.T for rows in _rows(vectors, wanted)])
    return [set((np.argpartition(-column, K)[:K] + 1).tolist()) for column in cosines.T]


def table(index_dir: Path, forms: Sequence[str], wanted: int) -> Iterator[str]:
    """Write a row for each form."""
    kept = embed(index_dir)
    questions = np.array(list(kept["questions"].values()), np.float32)
    exact = _nearest_of_all(read_real(index_dir).vectors, wanted, questions)
    command = [sys.executable, "-m", "benchmarks.engine_vectors", str(index_dir)]
    yield "| vectors | on disk | graph on disk | in memory | of the first 10 | ms | build, s |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory(prefix="notesearch-vectors-") as work:
        asked = Path(work, "asked.json")
        asked.write_text(json.dumps(kept), encoding="utf-8")
        for form in forms:
            folder = Path(work, "engine")
            own = ["--passages", str(wanted), "--form", form, "--folder", str(folder)]
            made, found = (
                json.loads(
                    subprocess.run(
                        [*command, *own, *step], check=True, stdout=subprocess.PIPE, cwd=ROOT
                    ).stdout
                )
                for step in ([], ["--asked", str(asked)])
            )
            shutil.rmtree(folder)
            pairs = zip(found["found"], exact, strict=True)
            right = [len(one.intersection(hits)) / K for hits, one in pairs]
            bytes_each = [
                made["disk"].get("vector_storage-meaning", 0) / wanted,
                made["disk"].get("vector_index-meaning", 0) / wanted,
                1e6 * sum(found["memory"].values()) / wanted,
            ]
            cells = [form, *(f"{size:,.0f}" for size in bytes_each), f"{np.mean(right):.3f}",
                     f"{found['ms']:.2f}", f"{made['build_s']:,.0f}"]  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the index of real notes, a folder")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", choices=FORMS, default=list(FORMS))
    parser.add_argument("--form", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--asked", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    index_dir = options.index.resolve()
    if options.asked:
        known = KnownQuestions(json.loads(options.asked.read_text(encoding="utf-8")))
        print(json.dumps(ask(options.folder, options.form, list(known.rows.values()))))
    elif options.form:
        options.folder.mkdir()
        print(json.dumps(make(index_dir, options.folder, options.form, options.passages)))
    else:
        for row in table(index_dir, options.only, options.passages):
            print(row, flush=True)


if __name__ == "__main__":
    main()
