"""Open the models that the settings choose.

One comes with the package. Others are compiled at first use, and come from the cache ever after;
or a server runs them, and nothing is loaded here.

Each function takes `cache_dir` for another cache folder than the user's, and two functions of one
line of text: `warn` is called with what a person should know, `announce` with what takes long.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.embedding.compiled_form import TOKENIZER, CompiledForm, open_manifest
from notesearch.embedding.graph_engine import (
    BULK_PASSAGES,
    Engine,
    GraphEmbedder,
    GraphReranker,
    PassageEngine,
)
from notesearch.embedding.model_choice import (
    DTYPES,
    SERVED_PREFIX,
    SHIPPED_NAME,
    ModelChoice,
    Precision,
    RerankerChoice,
)
from notesearch.embedding.shipped_model import open_shipped
from notesearch.embedding.token_reader import (
    PairReader,
    ReadingRules,
    TokenReader,
    open_tokenizer,
)
from notesearch.errors import ModelError, say_nothing, warn_in_python
from notesearch.lazy import Lazy

# What finds and compiles other models than the shipped one is imported where it is used.
if TYPE_CHECKING:
    from notesearch.embedding.model_cache import ModelFiles
    from notesearch.embedding.protocol import Embedder, Reranker
    from notesearch.embedding.served_model import TokenEstimate

DEFAULT_CHOICE = ModelChoice()
# What the architectures of cross-encoders end in: with a head, or asked for yes or no.
_HEADS = ("ForSequenceClassification", "ForCausalLM")


def fingerprint_of(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> str:
    """Return the fingerprint of the embedder that `load_embedder` opens; nothing is loaded."""
    if choice.is_served:
        from notesearch.embedding.served_model import fingerprint_served

        return fingerprint_served(choice)
    _require_no_endpoint(choice)
    if choice.name == SHIPPED_NAME:
        return open_shipped(choice).manifest.fingerprint
    from notesearch.embedding.model_cache import find_files

    return find_files(choice, cache_dir, warn).fingerprint


def load_counter(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> TokenReader | TokenEstimate:
    """Open the chosen model's tokenizer alone: no graph, and no torch once it is compiled.

    That of all-MiniLM-L6-v2 is opened as it came, so that counting never waits for a compiler.
    Of a model that a server runs there is none, and tokens are estimated.
    """
    if choice.is_served:
        from notesearch.embedding.served_model import TokenEstimate

        return TokenEstimate(choice)
    if choice.name == SHIPPED_NAME:
        return _open_reader(open_shipped(choice))
    from notesearch.embedding.model_cache import find_files, open_compiled

    files = find_files(choice, cache_dir, warn)
    source = files.source
    if open_manifest(files.folder) is None and source.max_sequence is not None:
        prompts = choice.query_prompt or "", choice.passage_prompt or ""
        rules = ReadingRules(source.name, source.max_sequence, *prompts)
        return TokenReader(open_tokenizer(source.folder / TOKENIZER), rules)
    return _open_reader(open_compiled(files, announce))


def _open_reader(form: CompiledForm) -> TokenReader:
    return TokenReader(form.open_tokenizer(), form.manifest.rules)


def load_embedder(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> Embedder:
    """Open the chosen model; another than the shipped one is compiled first, once.

    Raises ModelError for a model that is not there or cannot be loaded, and for a device that this
    machine lacks.
    """
    _check_choice(choice)
    if choice.is_served:
        from notesearch.embedding.served_model import ServedEmbedder

        return ServedEmbedder(choice, warn, announce)
    if choice.name == SHIPPED_NAME:
        form = open_shipped(choice)
        return _graph_embedder(form, PassageEngine(Lazy(form.open_engine)), warn)
    if choice.device not in {"auto", "cpu"} and not may_have_accelerator(choice.device):
        raise ModelError(f"device {choice.device}: there is none here; set device to auto or cpu")
    from notesearch.embedding.model_cache import find_files, open_compiled

    files = find_files(choice, cache_dir, warn)
    form = open_compiled(files, announce, warn)
    if not form.has_graph:
        from notesearch.embedding.compile import torch_models

        device = torch_models.pick_device(choice.device)
        model = torch_models.load_model(choice, files, device)
        return torch_models.TorchEmbedder(model, files.fingerprint, warn)
    return _graph_embedder(form, _passage_engine(choice, files, form), warn)


def _require_no_endpoint(choice: ModelChoice) -> None:
    if choice.endpoint is not None:
        raise ModelError(
            f"endpoint: the model {choice.name} runs here, and asks no server; "
            f"set model to {SERVED_PREFIX}NAME, or leave endpoint out"
        )


def _graph_embedder(
    form: CompiledForm, for_passages: PassageEngine, warn: Callable[[str], None]
) -> GraphEmbedder:
    # Neither holds the lock of Python: the 0.02 s of the tokenizer pass beside the engine's.
    with ThreadPoolExecutor(1, "tokenizer") as beside:
        reader = beside.submit(_open_reader, form)
        engine = form.open_engine(at_once=True)
    manifest = form.manifest
    return GraphEmbedder(
        engine, reader.result(), manifest.shape, manifest.fingerprint, warn, for_passages
    )


def _check_choice(choice: ModelChoice) -> None:
    if choice.truncate_dim is not None and choice.truncate_dim < 1:
        raise ModelError(
            f"truncate_dim {choice.truncate_dim}: no number of dimensions; set it to 1 or more"
        )
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", choice.device):
        raise ModelError(f"device {choice.device}: not known; use auto, cpu, cuda, cuda:N or mps")
    if choice.dtype not in (None, *DTYPES):
        raise ModelError(f"dtype {choice.dtype}: not known; use one of {', '.join(DTYPES)}")
    if choice.precision is Precision.INT8 and choice.device not in {"auto", "cpu"}:
        raise ModelError(
            f"device {choice.device}: {choice.precision.value} runs on the CPU; "
            "set device to cpu, or another precision"
        )


def _passage_engine(choice: ModelChoice, files: ModelFiles, form: CompiledForm) -> PassageEngine:
    """Return what runs passages: the GPU for many, where the choice and the machine have one."""
    wanted, ready = choice.device, Lazy(form.open_engine)
    is_float32 = choice.precision is not Precision.INT8
    if wanted == "cpu" or (wanted == "auto" and not (is_float32 and may_have_accelerator())):
        return PassageEngine(ready)

    def open_bulk() -> Engine:
        from notesearch.embedding.compile import torch_models

        device = torch_models.pick_device(wanted)
        if device == "cpu":
            return ready.get()
        return torch_models.open_torch_engine(torch_models.load_model(choice, files, device))

    return PassageEngine(ready, Lazy(open_bulk), BULK_PASSAGES if wanted == "auto" else 1)


# What drivers make in /dev: NVIDIA's, those of its small boards, AMD's, and Windows' for WSL. A
# container may lack nvidia0 and have another number; nvidiactl stands beside each.
_NODES = ("nvidiactl", "nvidia0", "nvhost-gpu", "nvgpu", "kfd", "dxg")


def may_have_accelerator(device: str = "auto") -> bool:
    """Whether a GPU is likely here, found without importing torch, which is asked later."""
    if sys.platform == "darwin":
        return not device.startswith("cuda")
    if device == "mps":
        return False
    import shutil

    nodes = (Path("/dev", name) for name in _NODES)
    return shutil.which("nvidia-smi") is not None or any(node.exists() for node in nodes)


def load_reranker(
    choice: RerankerChoice,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> Reranker:
    """Open the chosen cross-encoder, compiling it first where that has not been done.

    Raises ModelError for a model that is not there, cannot be loaded, or is no CrossEncoder with
    one label.
    """
    from notesearch.embedding.model_cache import find_files, open_compiled

    files = find_files(choice, cache_dir, warn)
    _require_cross_encoder(files.source.folder)
    form = open_compiled(files, announce, warn)
    if not form.has_graph:
        from notesearch.embedding.compile import torch_models

        return torch_models.TorchReranker(torch_models.load_cross_encoder(files), warn)
    reader = PairReader(form.open_tokenizer(), form.manifest.rules)
    return GraphReranker(form.open_engine(), reader, form.manifest.shape, warn)


def _require_cross_encoder(folder: Path) -> None:
    """Refuse another kind of model: sentence-transformers gives it a head of random numbers.

    A folder that names its kind is believed; else its architecture decides.
    """
    if (folder / "modules.json").is_file():
        config = _read_json(folder / "config_sentence_transformers.json")
        kind = str(config.get("model_type", "SentenceTransformer"))
        fits = kind == "CrossEncoder"
    else:
        architectures = _read_json(folder / "config.json").get("architectures")
        named = architectures if isinstance(architectures, list) else []
        kind = str(named[0]) if named else "of unknown architecture"
        fits = kind.endswith(_HEADS)
    if not fits:
        raise ModelError(
            f"model {folder}: not a CrossEncoder but {kind}; "
            "set rerank to a CrossEncoder of sentence-transformers"
        )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
