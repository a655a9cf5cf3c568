"""Which model embeds, and how: plain values that settings can hold without a heavy import."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Precision(Enum):
    """The numbers a compiled model computes with.

    int8 takes half the processor time or less. It is not the default because one scale serves all
    activations of a batch: a text's vector depends a little on its neighbours there (and on the
    processor), so that an updated index and a rebuilt one are alike, not equal.
    """

    FLOAT32 = "float32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A sentence-transformers model and everything that changes its vectors."""

    name: str = "all-MiniLM-L6-v2"  # the offline default, a folder, or a hub id
    precision: Precision = Precision.FLOAT32
    device: str = "auto"  # "auto", "cpu", "cuda", "cuda:1", "mps"
    dtype: str | None = None  # of the weights on cuda or mps: "float32", "float16", "bfloat16"
    revision: str | None = None  # branch, tag or commit of a hub model
    truncate_dim: int | None = None  # for Matryoshka models: keep the first so many dimensions
    query_prompt: str | None = None  # None: the model's own; "" for none at all
    passage_prompt: str | None = None
    trust_remote_code: bool = False  # runs code that comes with the model
