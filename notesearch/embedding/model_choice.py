"""Say which models embed and rerank, and how: plain values that import nothing heavy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeAlias

SHIPPED_NAME = "notesearch-encoder"  # the model that comes with the package
# Of a model whose files come with an installed package: nothing is fetched for them.
BUNDLED_NAMES = frozenset({"all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"})
SERVED_PREFIX = "openai:"  # before the name of a model that a server runs
DTYPES = ("float32", "float16", "bfloat16")  # of weights, by the names of torch

_LONGEST_ENDPOINT = 500
_PORTS = range(1, 65_536)
# ASCII alone, and no user: what looks like localhost to a person is localhost.
_ENDPOINT = re.compile(
    r"(?P<server>https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)"
    r"(?P<path>(?:/[a-z0-9_.~%-]*)*)",
    re.IGNORECASE | re.ASCII,
)


def is_hub_id(name: str) -> bool:
    """Whether a name is written like a hub id: `name` or `organisation/name`, not like a path."""
    return re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) is not None and not name.startswith(".")


def read_address(text: str) -> str | None:
    """Return the address of a server's API in one spelling; None for what is none.

    It has no user and no query: neither may be shown, or stored in an index.
    """
    found = _ENDPOINT.fullmatch(text.strip().rstrip("/"))
    if found is None or len(text) > _LONGEST_ENDPOINT or int(found["port"] or 1) not in _PORTS:
        return None
    return f"{found['server'].lower()}{found['path']}"


class Precision(Enum):
    """The numbers a compiled model computes with.

    int8 takes half the processor time or less, and answers as well. It is the form of the model
    that comes with the package. For others it is not the default, because its vectors have a
    cosine of 0.994 to the model's own, where those of float32 are the same on every processor and
    on a GPU, so that an index may move between machines.
    """

    FLOAT32 = "float32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class ModelKind:
    """What a model is for: how it is found, and the words of errors about it."""

    loader: str  # the class of sentence-transformers that opens it
    organisation: str  # of hub ids written without one
    setting: str  # names it
    code_setting: str  # allows code that comes with it
    way_out: str  # where a hub model cannot be fetched


EMBEDDER = ModelKind(
    loader="SentenceTransformer",
    organisation="sentence-transformers",
    setting="model",
    code_setting="trust_remote_code",
    way_out="set model to a folder, or leave it out",
)
RERANKER = ModelKind(
    loader="CrossEncoder",
    organisation="cross-encoder",
    setting="rerank",
    code_setting="rerank_trust_remote_code",
    way_out="set rerank to a folder, or leave it out",
)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model and everything that changes its vectors."""

    kind: ClassVar[ModelKind] = EMBEDDER

    # Or a sentence-transformers model, a folder or a hub id; or openai:NAME, which a server runs.
    name: str = SHIPPED_NAME
    precision: Precision | None = None  # None: int8 for the shipped model, float32 for others
    device: str = "auto"  # "auto", "cpu", "cuda", "cuda:1", "mps"
    dtype: str | None = None  # of the weights on cuda or mps, one of DTYPES
    revision: str | None = None  # branch, tag or commit of a hub model
    truncate_dim: int | None = None  # for Matryoshka models: keep the first so many dimensions
    query_prompt: str | None = None  # None: the model's own; "" for none at all
    passage_prompt: str | None = None
    trust_remote_code: bool = False  # runs code that comes with the model
    endpoint: str | None = None  # the address of a server's embeddings API

    @property
    def is_served(self) -> bool:
        """Whether a server runs the model, so that texts leave this process."""
        return self.name.startswith(SERVED_PREFIX)


@dataclass(frozen=True, slots=True)
class RerankerChoice:
    """A CrossEncoder of sentence-transformers, which reads question and passage together."""

    kind: ClassVar[ModelKind] = RERANKER

    name: str  # a folder, or a hub id
    revision: str | None = None  # branch, tag or commit of a hub model
    trust_remote_code: bool = False  # runs code that comes with the model


AnyChoice: TypeAlias = ModelChoice | RerankerChoice
