"""notesearch: makes a folder of research notes answer questions.

    from notesearch import Index

    with Index.open("index", create=True) as index:
        index.update("corpus")
        for hit in index.query("why DPO avoids reward model", k=5, where="tag:dpo"):
            print(hit.score, hit.title, hit.path, hit.line_start)

The public names below are loaded when they are first used. Nothing is imported before: with
`python -m notesearch` the working folder, whoever filled it, is still where imports are looked for.
"""

TYPE_CHECKING = False  # as in `typing`; type checkers take it for true
if TYPE_CHECKING:
    from notesearch.embedding import Embedder as Embedder
    from notesearch.embedding import ModelChoice as ModelChoice
    from notesearch.embedding import Reranker as Reranker
    from notesearch.embedding import RerankerChoice as RerankerChoice
    from notesearch.embedding import load_embedder as load_embedder
    from notesearch.errors import NotesearchError as NotesearchError
    from notesearch.index.reports import UpdateReport as UpdateReport
    from notesearch.library import Index as Index
    from notesearch.records import Copy as Copy
    from notesearch.records import Hit as Hit
    from notesearch.search.answer import Answer as Answer
    from notesearch.search.answer import Correction as Correction
    from notesearch.search.answer import Mode as Mode
    from notesearch.search.snippets import Piece as Piece
    from notesearch.settings import Settings as Settings
    from notesearch.settings import load_settings as load_settings

__version__ = "0.1.0"

_HOMES = {
    "Answer": "notesearch.search.answer",
    "Copy": "notesearch.records",
    "Correction": "notesearch.search.answer",
    "Embedder": "notesearch.embedding",
    "Hit": "notesearch.records",
    "Index": "notesearch.library",
    "Mode": "notesearch.search.answer",
    "ModelChoice": "notesearch.embedding",
    "NotesearchError": "notesearch.errors",
    "Piece": "notesearch.search.snippets",
    "Reranker": "notesearch.embedding",
    "RerankerChoice": "notesearch.embedding",
    "Settings": "notesearch.settings",
    "UpdateReport": "notesearch.index.reports",
    "load_embedder": "notesearch.embedding",
    "load_settings": "notesearch.settings",
}

__all__ = [
    "Answer",
    "Copy",
    "Correction",
    "Embedder",
    "Hit",
    "Index",
    "Mode",
    "ModelChoice",
    "NotesearchError",
    "Piece",
    "Reranker",
    "RerankerChoice",
    "Settings",
    "UpdateReport",
    "__version__",
    "load_embedder",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Load a public name at its first use: `import notesearch` itself costs nothing."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
