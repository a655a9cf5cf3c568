"""Measures the embedding stage against sentence-transformers, in one run on this machine.

    python benchmarks/embedding.py [--data DIR] [--passages N] [--only cold|speed|quality|gpu]

Prints the tables that stand in benchmarks/README.md. Needs the judged collections and notes under
DIR (cranfield/, cisi/, wild/notes/); ../shared/data beside the repository is looked at first.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_file
from notesearch.corpus.walk import list_files
from notesearch.embedding import ModelChoice, Precision, load_counter, load_embedder
from notesearch.embedding.graph_engine import count_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

REPOSITORY = Path(__file__).resolve().parents[1]
WORDS_PER_PASSAGE = 150
MAX_TOKENS = 224
NAME = "all-MiniLM-L6-v2"
QUERY = "why DPO avoids reward model"

PLAIN_QUERY = f"""
from notesearch.embedding.model_files import find_source
from notesearch.embedding import ModelChoice
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(str(find_source(ModelChoice({NAME!r})).folder), device="cpu")
model.encode([{QUERY!r}], normalize_embeddings=True)
"""
COMPILED_QUERY = f"""
from notesearch.embedding import ModelChoice, Precision, load_embedder
load_embedder(ModelChoice({NAME!r}, Precision("PRECISION"))).embed_query({QUERY!r})
"""
# Linux hands the parent's peak on through getrusage; /proc starts anew with the program.
REPORT_MEMORY = """
import pathlib, resource, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3)
else:
    unit = 1 if sys.platform == "darwin" else 1024
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)
"""


@dataclass(frozen=True, slots=True)
class ColdRun:
    """A fresh process that embeds one query."""

    seconds: float
    peak_megabytes: float


def main() -> None:
    """Run the parts asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=_default_data())
    parser.add_argument("--passages", type=int, default=1024)
    parser.add_argument("--only", choices=["cold", "speed", "quality"])
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "cold": measure_cold,
        "speed": lambda: measure_speed(cut_notes(arguments.data, arguments.passages)),
        "quality": lambda: measure_quality(arguments.data),
    }
    for precision in Precision:  # compiled beforehand: that is paid once, not here
        load_embedder(ModelChoice(NAME, precision))
    for name, part in parts.items():
        if arguments.only in {None, name}:
            part()


def _default_data() -> Path:
    named = os.environ.get("NOTESEARCH_DATA")
    return Path(named) if named else REPOSITORY.parent / "shared" / "data"


def measure_cold(runs: int = 7) -> None:
    """Time fresh processes that embed one query, in turn."""
    codes = {"sentence-transformers": PLAIN_QUERY}
    for precision in Precision:
        codes[f"compiled {precision.value}"] = COMPILED_QUERY.replace("PRECISION", precision.value)
    found: dict[str, list[ColdRun]] = {name: [] for name in codes}
    for _ in range(runs):  # in turn, so that a busy minute of the machine hits all of them
        for name, code in codes.items():
            found[name].append(_run_cold(code))
    medians = {
        name: sorted(r.seconds for r in results)[runs // 2] for name, results in found.items()
    }
    print("\n| one query, cold process | median s | best s | times as fast | peak MB |")
    print("|---|---|---|---|---|")
    for name, results in found.items():
        ratio = medians["sentence-transformers"] / medians[name]
        best = min(run.seconds for run in results)
        peak = max(run.peak_megabytes for run in results)
        print(f"| {name} | {medians[name]:.3f} | {best:.3f} | {ratio:.1f} | {peak:.0f} |")


def _run_cold(code: str) -> ColdRun:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT_MEMORY],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    return ColdRun(time.perf_counter() - start, float(done.stdout.split()[-1]))


def cut_notes(data: Path, limit: int) -> list[str]:
    """Real notes as passages of about 150 words, a fixed random choice of them."""
    passages: list[str] = []
    for path in sorted((data / "wild" / "notes").rglob("*.md")):
        words = path.read_text(encoding="utf-8", errors="replace").split()
        starts = range(0, len(words), WORDS_PER_PASSAGE)
        passages.extend(" ".join(words[start : start + WORDS_PER_PASSAGE]) for start in starts)
    random.Random(0).shuffle(passages)
    return cut_to_fit(passages[:limit])


def measure_speed(texts: Sequence[str], slices: int = 4) -> None:
    """Passages per second, all engines in turn on slices of the same texts."""
    plain = load_plain()
    engines: dict[str, Callable[[list[str]], NDArray[np.float32]]] = {
        "sentence-transformers": lambda part: plain.encode(part, batch_size=32)
    }
    for precision in Precision:
        embedder = load_embedder(ModelChoice(NAME, precision))
        engines[f"compiled {precision.value}"] = embedder.embed_passages
    seconds = dict.fromkeys(engines, 0.0)
    work = dict.fromkeys(engines, 0.0)  # processor seconds: steadier where others use the machine
    vectors: dict[str, list[NDArray[np.float32]]] = {name: [] for name in engines}
    size = math.ceil(len(texts) / slices)
    for start in range(0, len(texts), size):
        for name, embed in engines.items():
            began, worked = time.perf_counter(), time.process_time()
            vectors[name].append(embed(list(texts[start : start + size])))
            seconds[name] += time.perf_counter() - began
            work[name] += time.process_time() - worked
    print(f"\n| {len(texts)} passages of notes | passages/s | times as fast ", end="")
    print("| by processor time | mean cosine | lowest |\n|---|---|---|---|---|---|")
    base = np.concatenate(vectors["sentence-transformers"])
    for name, taken in seconds.items():
        cosines = (np.concatenate(vectors[name]) * base).sum(axis=1)
        ratio = seconds["sentence-transformers"] / taken
        by_work = work["sentence-transformers"] / work[name]
        print(
            f"| {name} | {len(texts) / taken:.1f} | {ratio:.2f} | {by_work:.2f} "
            f"| {cosines.mean():.6f} | {cosines.min():.4f} |"
        )

    bound = len(texts) / products_seconds(texts)
    ratio = bound * seconds["sentence-transformers"] / len(texts)
    print(f"| float32 products alone, a bound | {bound:.1f} | {ratio:.2f} | | | |")


def products_seconds(texts: Sequence[str]) -> float:
    """Seconds for the products with the model's weights in float32, were there nothing else.

    At the rate of onnxruntime's largest one, 256 tokens by 384 by 1,536, on every core at once.
    """
    import onnx
    import onnxruntime
    from onnx.helper import make_graph, make_model, make_node, make_tensor_value_info

    rows, inner, columns = 256, 384, 1536
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((inner, columns), dtype=np.float32)
    graph = make_graph(
        [make_node("MatMul", ["a", "w"], ["y"])],
        "product",
        [make_tensor_value_info("a", onnx.TensorProto.FLOAT, [rows, inner])],
        [make_tensor_value_info("y", onnx.TensorProto.FLOAT, [rows, columns])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    feed = {"a": generator.standard_normal((rows, inner), dtype=np.float32)}

    def multiply(times: int) -> None:
        for _ in range(times):
            session.run(None, feed)

    times, cores = 300, count_cores()
    rates = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(5):
            began = time.perf_counter()
            list(pool.map(multiply, [times] * cores))
            taken = time.perf_counter() - began
            rates.append(2 * rows * inner * columns * times * cores / taken)
    tokens = sum(count + 2 for count in load_counter().count_many(texts))  # [CLS] and [SEP]
    hidden, layers = inner, 6
    for_a_token = 2 * layers * (4 * hidden * hidden + 2 * hidden * columns)
    return tokens * for_a_token / sorted(rates)[len(rates) // 2]


def load_plain() -> SentenceTransformer:
    """Load the default model as a plain script would."""
    from sentence_transformers import SentenceTransformer

    from notesearch.embedding.model_files import find_source

    source = find_source(ModelChoice(NAME))
    assert source is not None
    return SentenceTransformer(str(source.folder), device="cpu")


def measure_quality(data: Path) -> None:
    """nDCG@10 of dense search alone, the whole collection ranked by cosine."""
    plain = load_plain()
    engines: dict[str, Callable[[list[str]], NDArray[np.float32]]] = {
        "sentence-transformers": lambda part: plain.encode(part, normalize_embeddings=True)
    }
    for precision in Precision:
        embedder = load_embedder(ModelChoice(NAME, precision))
        engines[f"compiled {precision.value}"] = embedder.embed_passages
    collections = [read_collection(data / name) for name in ("cranfield", "cisi")]
    collections.append(read_notes_collection(data / "wild"))
    print("\n| nDCG@10, dense alone | Cranfield | CISI | wild |\n|---|---|---|---|")
    for name, embed in engines.items():
        scores = [mean_ndcg(collection, embed) for collection in collections]
        print(f"| {name} | {' | '.join(f'{score:.4f}' for score in scores)} |", flush=True)


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents and judged queries, both cut to what the model reads."""

    ids: list[str]  # of each text; several texts may be of one document
    texts: list[str]
    queries: dict[str, str]
    relevant: dict[str, dict[str, int]]  # query -> document -> gain


def read_collection(folder: Path) -> Collection:
    """Read corpus.jsonl, queries.jsonl and qrels/test.tsv."""
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    judged = {query["_id"]: query["text"] for query in queries if query["_id"] in relevant}
    return Collection(
        ids=[document["_id"] for document in documents],
        texts=cut_to_fit(f"{document['title']}\n{document['text']}" for document in documents),
        queries=dict(zip(judged, cut_to_fit(judged.values()), strict=True)),
        relevant=relevant,
    )


def read_notes_collection(folder: Path, others: int = 200) -> Collection:
    """Cut the notes that answer a query, and some others, into passages; a file is a document."""
    rows = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    queries = {str(number): row["text"] for number, row in enumerate(rows)}
    relevant = {str(number): dict.fromkeys(row["relevant"], 1) for number, row in enumerate(rows)}
    wanted = {path for documents in relevant.values() for path in documents}
    paths = [file.path for file in list_files(folder / "notes").files]
    rest = [path for path in paths if path not in wanted]
    ids, texts = [], []
    for path in [*sorted(wanted), *rest[:: max(1, len(rest) // others)]]:
        for passage in cut_file(folder / "notes", path):
            ids.append(path)
            texts.append(passage)
    return Collection(
        ids, texts, dict(zip(queries, cut_to_fit(queries.values()), strict=True)), relevant
    )


def cut_file(folder: Path, path: str) -> list[str]:
    """Give the search texts of a note file's passages."""
    counter = load_counter()
    return [
        passage.search_text
        for note in read_file(folder, path).notes
        for passage in chunk_note(note, max_tokens=MAX_TOKENS, count=counter.count_many)
    ]


def cut_to_fit(texts: Iterable[str]) -> list[str]:
    """Keep the first words of each text that the model reads whole, the same for every engine."""
    counter = load_embedder()
    fitting = []
    for text in texts:
        words = text.split()
        while (tokens := counter.count_tokens(" ".join(words))) > counter.max_tokens:
            words = words[: min(len(words) - 1, len(words) * counter.max_tokens // tokens)]
        fitting.append(" ".join(words))
    return fitting


def mean_ndcg(
    collection: Collection, embed: Callable[[list[str]], NDArray[np.float32]], k: int = 10
) -> float:
    """Average DCG@k, divided by the best that could be had, over the judged queries."""
    cosines = embed(list(collection.queries.values())) @ embed(collection.texts).T
    scores = []
    for query, row in zip(collection.queries, cosines, strict=True):
        gains = collection.relevant[query]
        ranked = dict.fromkeys(collection.ids[number] for number in np.argsort(-row))
        found = [gains.get(document, 0) for document in islice(ranked, k)]
        best = sorted(gains.values(), reverse=True)[:k]
        scores.append(_dcg(found) / _dcg(best))
    return float(np.mean(scores))


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


if __name__ == "__main__":
    main()
