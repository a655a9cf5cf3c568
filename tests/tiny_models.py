"""Random models small enough to be made on the spot: embedders and cross-encoders."""

from __future__ import annotations

from pathlib import Path

DIMENSION = 16
TINY_LIMIT = 32  # tokens, special ones included
SIZES = {
    "hidden_size": DIMENSION,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "initializer_range": 1.0,  # far apart vectors, so that a token missed would show
}
PROMPTS = {"query": "query: ", "document": "passage: "}
TINY_MODELS = ("mean", "cls", "dense", "prompts", "static", "causal")


def save_model(kind: str, folder: Path) -> None:
    """Save a model of the kind named; the same one at each call."""
    from notesearch.embedding.compile.pretrained import quiet

    with quiet():
        _save(kind, folder)


def _save(kind: str, folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    torch.manual_seed(0)
    tokenizer = _make_tokenizer()
    if "pairs" in kind or kind == "two labels":
        _save_cross_encoder(kind, tokenizer, folder)
        return
    prompts = PROMPTS if kind in {"prompts", "left out", "static prompts"} else None
    if kind.startswith("static"):
        parts = [modules.StaticEmbedding(tokenizer, embedding_dim=DIMENSION)]
        model = SentenceTransformer(modules=parts, device="cpu", prompts=prompts)
        model.save_pretrained(str(folder))
        return
    base = folder.with_name(f"{folder.name}-base")
    if kind == "causal":
        _save_qwen(tokenizer, base)
    else:
        _save_bert(tokenizer, base)
    transformer = modules.Transformer(str(base))
    if kind == "outliers":
        _add_outlier(transformer)
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


def _add_outlier(transformer: object) -> None:
    """Let one number inside the feed-forward layer be far greater than the others."""
    layer = transformer.model.encoder.layer[0]
    layer.intermediate.dense.bias.data[0] = 10_000.0
    layer.output.dense.weight.data[:, 0] = 0.0


def _save_cross_encoder(kind: str, tokenizer: object, folder: Path) -> None:
    """`pairs` as sentence-transformers saves it, `plain pairs` as transformers does."""
    from sentence_transformers import CrossEncoder

    base = folder if kind == "plain pairs" else folder.with_name(f"{folder.name}-base")
    labels = 2 if kind == "two labels" else 1
    _save_bert(tokenizer, base, labels=labels, model_max_length=TINY_LIMIT)
    if base != folder:
        prompts = {"query": "query "} if kind == "prompted pairs" else {}
        name = "query" if prompts else None
        model = CrossEncoder(str(base), device="cpu", prompts=prompts, default_prompt_name=name)
        model.save_pretrained(str(folder))


def _save_bert(tokenizer: object, folder: Path, *, labels: int = 0, **limits: int) -> None:
    """Save a transformer, with a head where there are labels, and its tokenizer."""
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        BertModel,
    )

    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), num_labels=labels or 2, **SIZES)
    (BertForSequenceClassification if labels else BertModel)(config).save_pretrained(folder)
    names = ["input_ids", "token_type_ids", "attention_mask"]
    _save_tokenizer(tokenizer, folder, model_input_names=names, **limits)


def _save_qwen(tokenizer: object, folder: Path) -> None:
    """Save a transformer whose tokens see only those before them, two heads sharing their keys."""
    from transformers import Qwen3Config, Qwen3Model

    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        num_key_value_heads=1,
        head_dim=DIMENSION // 2,
        pad_token_id=0,
        **SIZES,
    )
    Qwen3Model(config).save_pretrained(folder)
    _save_tokenizer(tokenizer, folder, model_input_names=["input_ids", "attention_mask"])


def _save_tokenizer(tokenizer: object, folder: Path, **how: object) -> None:
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        **how,
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
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer
