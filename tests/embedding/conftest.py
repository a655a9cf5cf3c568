"""The real default model, and tiny random ones made on the spot, compiled once for all tests."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from notesearch.embedding import Embedder, ModelChoice, load_embedder
from notesearch.embedding.quiet import quiet

DIMENSION = 16
TINY_LIMIT = 32  # tokens, special ones included
PROMPTS = {"query": "query: ", "document": "passage: "}
TINY_MODELS = ("mean", "cls", "dense", "prompts", "static")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def default_embedder(cache_dir: Path) -> Embedder:
    """The offline default, found, compiled and opened with the network forbidden."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return load_embedder(cache_dir=cache_dir)


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with a random model of the kind named; the same folder when asked again."""
    folders: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = tmp_path_factory.mktemp("tiny") / f"tiny-{kind}"
            with quiet():
                _save_model(kind, folders[kind])
        return folders[kind]

    return make


@pytest.fixture(scope="session")
def open_tiny(make_model: Callable[[str], Path], cache_dir: Path) -> Callable[[str], Embedder]:
    def open_model(kind: str) -> Embedder:
        choice = ModelChoice(name=str(make_model(kind)))
        return load_embedder(choice, cache_dir=cache_dir, warn=lambda _: None)

    return open_model


def _save_model(kind: str, folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    torch.manual_seed(0)
    tokenizer = _make_tokenizer()
    prompts = PROMPTS if kind in {"prompts", "left out", "static prompts"} else None
    if kind.startswith("static"):
        parts = [modules.StaticEmbedding(tokenizer, embedding_dim=DIMENSION)]
        model = SentenceTransformer(modules=parts, device="cpu", prompts=prompts)
        model.save_pretrained(str(folder))
        return
    base = folder.with_name(f"{folder.name}-base")
    _save_bert(tokenizer, base)
    transformer = modules.Transformer(str(base))
    pooling = modules.Pooling(
        DIMENSION,
        pooling_mode="cls" if kind == "cls" else "mean",
        include_prompt=kind != "left out",
    )
    parts = [transformer, pooling]
    if kind == "dense":
        parts.append(modules.Dense(DIMENSION, 8))
    model = SentenceTransformer(modules=parts, device="cpu", prompts=prompts)
    model.max_seq_length = TINY_LIMIT
    model.save_pretrained(str(folder))


def _save_bert(tokenizer: object, folder: Path) -> None:
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=DIMENSION,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,  # far apart vectors, so that a lost mask would show
    )
    BertModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)


def _make_tokenizer() -> object:
    """One token a word for a few words, one a letter for all others."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:?!'-"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", "passage", "model", "reward"]
    pieces += [*letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer
