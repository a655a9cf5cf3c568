"""Put an encoder into the package: compiled, in int8, checked against its float32 vectors.

    python -m training.ship FOLDER

FOLDER is what `SentenceTransformer.save` wrote. Its int8 form takes the place of the one in
notesearch/embedding/shipped/encoder, and vectors of a few texts that of tests/embedding/
shipped_vectors.json. The same folder and notes give the same files on the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from notesearch.corpus.folder import CorpusFolder
from notesearch.embedding import ModelChoice
from notesearch.embedding.compile.onnx_graph import find_token_table, move_weights_out
from notesearch.embedding.compiled_form import (
    GRAPH,
    TOKENIZER,
    Manifest,
    open_manifest,
    write_manifest,
)
from notesearch.embedding.graph_engine import Engine, GraphShape, open_engine, pad_rows
from notesearch.embedding.model_cache import find_files, open_compiled
from notesearch.embedding.model_choice import SHIPPED_NAME
from notesearch.embedding.shipped_model import ENCODER
from notesearch.embedding.token_reader import TokenReader, open_tokenizer
from notesearch.errors import say_nothing
from notesearch.evaluation.judged import read_queries
from notesearch.file_sums import sum_file
from notesearch.settings import Settings
from training.int8_graph import write_int8

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests" / "embedding" / "shipped_vectors.json"
REFERENCE_TEXTS = (
    "why DPO avoids reward model",
    "a",
    "Größe, naïve, œuvre; 注意力机制 and внимание",
    "pi_theta(y|x) = 1/Z(x) pi_ref(y|x) exp(r(x, y)/beta), 2305.18290, 0.5634 +- 0.01",
    "The paper asks whether a language model can be aligned without a separate reward model. It "
    "writes the optimal policy of the constrained problem in closed form and turns the comparison "
    "of two answers into a classification loss. Training is stable, needs no sampling in the loop, "
    "and the results match or beat those of reinforcement learning on summaries and dialogue.",
)
LEAST_MEAN_COSINE = 0.99
_DIGITS = 5  # of the numbers of a reference vector


@dataclass(frozen=True, slots=True)
class Comparison:
    """How near the int8 form is to float32, and how much quicker, on texts it was not fitted to."""

    texts: int
    mean_cosine: float
    least_cosine: float
    times_as_fast: float


def main() -> None:
    """Read the command line, and print what was made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a sentence-transformers model in float32")
    parser.add_argument("--to", type=Path, default=ENCODER, help="the folder that is replaced")
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    given = parser.parse_args()
    comparison = ship(given.folder, given.to, given.reference)
    size = sum(path.stat().st_size for path in given.to.iterdir())
    print(f"{given.to}: {size / 1e6:.1f} MB")
    print(
        f"{comparison.texts} texts: cosine to float32 {comparison.mean_cosine:.4f} in the mean, "
        f"{comparison.least_cosine:.4f} at least; {comparison.times_as_fast:.1f} times as fast"
    )


def ship(folder: Path, target: Path, reference: Path) -> Comparison:
    """Write the shipped form of a model into `target`, and its reference vectors.

    SystemExit where the model does not compile, or its int8 form is too far from float32.
    """
    with tempfile.TemporaryDirectory() as scratch:
        choice = ModelChoice(str(folder.absolute()), device="cpu")
        files = find_files(choice, Path(scratch, "cache"), print)
        form = open_compiled(files, print)
        if not form.has_graph:
            raise SystemExit(f"{folder}: cannot be shipped, as it does not compile")
        made = Path(scratch, "made")
        made.mkdir()
        shutil.copy(files.folder / TOKENIZER, made)
        shape, reader = form.manifest.shape, TokenReader(form.open_tokenizer(), form.manifest.rules)
        rows = read_corpus(reader)
        fitted, measured = rows[::2], rows[1::2]
        samples = (pad_rows([row], shape) for row in fitted)
        write_int8(files.folder / GRAPH, made / GRAPH, samples)
        move_weights_out(made / GRAPH)
        _write_manifest(made, form.manifest)
        engines = open_engine(files.folder / GRAPH), open_engine(made / GRAPH)
        comparison = compare(*engines, shape, measured)
        if comparison.mean_cosine < LEAST_MEAN_COSINE:
            raise SystemExit(f"{folder}: in int8 its vectors differ too much: {comparison}")
        for path in made.iterdir():
            path.chmod(0o644)  # what the cache keeps is for its owner alone
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    write_reference(target, reference)
    return comparison


def read_corpus(reader: TokenReader) -> list[list[int]]:
    """Return the token ids of the passages of corpus/, and of the questions about it."""
    folder = CorpusFolder(ROOT / "corpus", Settings().reading_options, lambda: reader)
    paths = [file.path for file in folder.listing.files]
    texts = [
        passage.search_text
        for file in folder.read_files(paths)
        for passages in file.passages
        for passage in passages
    ]
    questions = [query.text for query in read_queries(ROOT / "corpus" / "queries.yaml")]
    return [*reader.read_passages(texts), *read_questions(reader, questions)]


def read_questions(reader: TokenReader, texts: Iterable[str]) -> list[list[int]]:
    """Return the token ids of questions, cut to what the model reads."""
    return [reader.read_query(text, say_nothing) for text in texts]


def compare(
    float32: Engine, int8: Engine, shape: GraphShape, rows: Sequence[list[int]]
) -> Comparison:
    """Run both over rows of token ids, each row by one and the other in turn."""
    cosines: list[float] = []
    seconds = np.zeros(2)
    for row in rows:
        inputs = pad_rows([row], shape)
        vectors: list[NDArray[np.float32]] = []
        for number, engine in enumerate((float32, int8)):
            began = time.process_time()
            vectors.append(engine.run(inputs)[0])
            seconds[number] += time.process_time() - began
        cosines.append(float(vectors[0] @ vectors[1]))
    mean = float(np.mean(cosines))
    return Comparison(len(cosines), mean, min(cosines), float(seconds[0] / seconds[1]))


def _write_manifest(folder: Path, float32: Manifest) -> None:
    rules = replace(float32.rules, name=SHIPPED_NAME)
    sums = {path.name: sum_file(path) for path in sorted(folder.iterdir())}
    parts = [asdict(rules), asdict(float32.shape), {name: s.digest for name, s in sums.items()}]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    table = find_token_table(folder / GRAPH)
    fingerprint = f"{SHIPPED_NAME} int8 {digest[:8]}"
    write_manifest(folder, Manifest(fingerprint, rules, float32.shape, table=table, files=sums))


def write_reference(folder: Path, reference: Path) -> None:
    """Write the vectors of a few texts, that other machines are compared with."""
    manifest = open_manifest(folder)
    assert manifest is not None
    reader = TokenReader(open_tokenizer(folder / TOKENIZER), manifest.rules)
    rows = read_questions(reader, REFERENCE_TEXTS)
    vectors = open_engine(folder / GRAPH).run_all(rows, manifest.shape)
    entries = [
        {"text": text, "vector": [round(float(number), _DIGITS) for number in vector]}
        for text, vector in zip(REFERENCE_TEXTS, vectors, strict=True)
    ]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    reference.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
