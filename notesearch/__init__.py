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
    from notesearch.bibliography.bib_entry import BibEntry as BibEntry
    from notesearch.corpus.named_commit import Commit as Commit
    from notesearch.corpus.reading_rules import ReadingOptions as ReadingOptions
    from notesearch.corpus.reading_rules import ReadingRule as ReadingRule
    from notesearch.embedding import Embedder as Embedder
    from notesearch.embedding import ModelChoice as ModelChoice
    from notesearch.embedding import Precision as Precision
    from notesearch.embedding import Reranker as Reranker
    from notesearch.embedding import RerankerChoice as RerankerChoice
    from notesearch.embedding import load_embedder as load_embedder
    from notesearch.errors import CorpusError as CorpusError
    from notesearch.errors import LockedError as LockedError
    from notesearch.errors import MismatchError as MismatchError
    from notesearch.errors import ModelError as ModelError
    from notesearch.errors import NotesearchError as NotesearchError
    from notesearch.errors import NotesearchWarning as NotesearchWarning
    from notesearch.errors import SettingsError as SettingsError
    from notesearch.errors import UnusableIndexError as UnusableIndexError
    from notesearch.errors import UsageError as UsageError
    from notesearch.index.linked_notes import FoundLink as FoundLink
    from notesearch.index.linked_notes import NoteLinks as NoteLinks
    from notesearch.index.reports import CorpusDrift as CorpusDrift
    from notesearch.index.reports import Counts as Counts
    from notesearch.index.reports import IndexStatus as IndexStatus
    from notesearch.index.reports import Problem as Problem
    from notesearch.index.reports import Progress as Progress
    from notesearch.index.reports import ProgressObserver as ProgressObserver
    from notesearch.index.reports import Stage as Stage
    from notesearch.index.reports import UpdateReport as UpdateReport
    from notesearch.index.snapshot import StoredNote as StoredNote
    from notesearch.index.snapshot import StoredPassage as StoredPassage
    from notesearch.index.snapshot import TagCount as TagCount
    from notesearch.joined_index import JoinedIndex as JoinedIndex
    from notesearch.library import Index as Index
    from notesearch.library import ModeName as ModeName
    from notesearch.library import filter_of as filter_of
    from notesearch.named_steps import StepKind as StepKind
    from notesearch.note_map.kept_map import MapNote as MapNote
    from notesearch.note_map.kept_map import NoteMap as NoteMap
    from notesearch.note_map.map_labels import MapLabel as MapLabel
    from notesearch.papers import Paper as Paper
    from notesearch.past_index import PastIndex as PastIndex
    from notesearch.person_names import PersonName as PersonName
    from notesearch.query.filters import Filter as Filter
    from notesearch.reading_queue import Mention as Mention
    from notesearch.reading_queue import NextStep as NextStep
    from notesearch.reading_queue import ReadingQueue as ReadingQueue
    from notesearch.reading_queue import UnreadPaper as UnreadPaper
    from notesearch.records import AddedNote as AddedNote
    from notesearch.records import Copy as Copy
    from notesearch.records import Finding as Finding
    from notesearch.records import Hit as Hit
    from notesearch.records import LinkKind as LinkKind
    from notesearch.records import NoteKind as NoteKind
    from notesearch.records import Passage as Passage
    from notesearch.records import Role as Role
    from notesearch.search.alike_sentences import AlikeSentence as AlikeSentence
    from notesearch.search.answer import Answer as Answer
    from notesearch.search.answer import Correction as Correction
    from notesearch.search.answer import Mode as Mode
    from notesearch.search.compared_sides import Side as Side
    from notesearch.search.compared_sides import SideKind as SideKind
    from notesearch.search.comparison import AlikePair as AlikePair
    from notesearch.search.comparison import Comparison as Comparison
    from notesearch.search.comparison import Said as Said
    from notesearch.search.link_suggestions import LinkSuggestion as LinkSuggestion
    from notesearch.search.news import NewAnswers as NewAnswers
    from notesearch.search.news import NewPassage as NewPassage
    from notesearch.search.news import News as News
    from notesearch.search.news import NewsOfNote as NewsOfNote
    from notesearch.search.news import UnaskedQuestion as UnaskedQuestion
    from notesearch.search.note_lookup import NoteNameError as NoteNameError
    from notesearch.search.quotes import FoundBy as FoundBy
    from notesearch.search.quotes import Quote as Quote
    from notesearch.search.snippets import Piece as Piece
    from notesearch.search.word_agreement import PieceKind as PieceKind
    from notesearch.search.word_agreement import QuotePiece as QuotePiece
    from notesearch.settings import Settings as Settings
    from notesearch.settings import load_settings as load_settings
    from notesearch.watch import IndexWatch as IndexWatch
    from notesearch.watch import WatchActivity as WatchActivity
    from notesearch.watch import WatchObserver as WatchObserver
    from notesearch.watch import WatchState as WatchState

__version__ = "0.1.0"

_HOMES = {
    "AddedNote": "notesearch.records",
    "AlikePair": "notesearch.search.comparison",
    "AlikeSentence": "notesearch.search.alike_sentences",
    "Answer": "notesearch.search.answer",
    "BibEntry": "notesearch.bibliography.bib_entry",
    "Commit": "notesearch.corpus.named_commit",
    "Comparison": "notesearch.search.comparison",
    "Copy": "notesearch.records",
    "CorpusDrift": "notesearch.index.reports",
    "CorpusError": "notesearch.errors",
    "Correction": "notesearch.search.answer",
    "Counts": "notesearch.index.reports",
    "Embedder": "notesearch.embedding",
    "Filter": "notesearch.query.filters",
    "Finding": "notesearch.records",
    "FoundBy": "notesearch.search.quotes",
    "FoundLink": "notesearch.index.linked_notes",
    "Hit": "notesearch.records",
    "Index": "notesearch.library",
    "IndexStatus": "notesearch.index.reports",
    "IndexWatch": "notesearch.watch",
    "JoinedIndex": "notesearch.joined_index",
    "LinkKind": "notesearch.records",
    "LinkSuggestion": "notesearch.search.link_suggestions",
    "LockedError": "notesearch.errors",
    "MapLabel": "notesearch.note_map.map_labels",
    "MapNote": "notesearch.note_map.kept_map",
    "Mention": "notesearch.reading_queue",
    "MismatchError": "notesearch.errors",
    "Mode": "notesearch.search.answer",
    "ModeName": "notesearch.library",
    "ModelChoice": "notesearch.embedding",
    "ModelError": "notesearch.errors",
    "NewAnswers": "notesearch.search.news",
    "NewPassage": "notesearch.search.news",
    "News": "notesearch.search.news",
    "NewsOfNote": "notesearch.search.news",
    "NextStep": "notesearch.reading_queue",
    "NoteKind": "notesearch.records",
    "NoteLinks": "notesearch.index.linked_notes",
    "NoteMap": "notesearch.note_map.kept_map",
    "NoteNameError": "notesearch.search.note_lookup",
    "NotesearchError": "notesearch.errors",
    "NotesearchWarning": "notesearch.errors",
    "Paper": "notesearch.papers",
    "Passage": "notesearch.records",
    "PersonName": "notesearch.person_names",
    "PastIndex": "notesearch.past_index",
    "Piece": "notesearch.search.snippets",
    "PieceKind": "notesearch.search.word_agreement",
    "Precision": "notesearch.embedding",
    "Problem": "notesearch.index.reports",
    "Progress": "notesearch.index.reports",
    "ProgressObserver": "notesearch.index.reports",
    "Quote": "notesearch.search.quotes",
    "QuotePiece": "notesearch.search.word_agreement",
    "ReadingOptions": "notesearch.corpus.reading_rules",
    "ReadingQueue": "notesearch.reading_queue",
    "ReadingRule": "notesearch.corpus.reading_rules",
    "Reranker": "notesearch.embedding",
    "RerankerChoice": "notesearch.embedding",
    "Role": "notesearch.records",
    "Said": "notesearch.search.comparison",
    "Settings": "notesearch.settings",
    "SettingsError": "notesearch.errors",
    "Side": "notesearch.search.compared_sides",
    "SideKind": "notesearch.search.compared_sides",
    "Stage": "notesearch.index.reports",
    "StepKind": "notesearch.named_steps",
    "StoredNote": "notesearch.index.snapshot",
    "StoredPassage": "notesearch.index.snapshot",
    "TagCount": "notesearch.index.snapshot",
    "UnaskedQuestion": "notesearch.search.news",
    "UnreadPaper": "notesearch.reading_queue",
    "UnusableIndexError": "notesearch.errors",
    "UpdateReport": "notesearch.index.reports",
    "UsageError": "notesearch.errors",
    "WatchActivity": "notesearch.watch",
    "WatchObserver": "notesearch.watch",
    "WatchState": "notesearch.watch",
    "filter_of": "notesearch.library",
    "load_embedder": "notesearch.embedding",
    "load_settings": "notesearch.settings",
}

__all__ = [
    "AddedNote",
    "AlikePair",
    "AlikeSentence",
    "Answer",
    "BibEntry",
    "Commit",
    "Comparison",
    "Copy",
    "CorpusDrift",
    "CorpusError",
    "Correction",
    "Counts",
    "Embedder",
    "Filter",
    "Finding",
    "FoundBy",
    "FoundLink",
    "Hit",
    "Index",
    "IndexStatus",
    "IndexWatch",
    "JoinedIndex",
    "LinkKind",
    "LinkSuggestion",
    "LockedError",
    "MapLabel",
    "MapNote",
    "Mention",
    "MismatchError",
    "Mode",
    "ModeName",
    "ModelChoice",
    "ModelError",
    "NewAnswers",
    "NewPassage",
    "News",
    "NewsOfNote",
    "NextStep",
    "NoteKind",
    "NoteLinks",
    "NoteMap",
    "NoteNameError",
    "NotesearchError",
    "NotesearchWarning",
    "Paper",
    "Passage",
    "PastIndex",
    "PersonName",
    "Piece",
    "PieceKind",
    "Precision",
    "Problem",
    "Progress",
    "ProgressObserver",
    "Quote",
    "QuotePiece",
    "ReadingOptions",
    "ReadingQueue",
    "ReadingRule",
    "Reranker",
    "RerankerChoice",
    "Role",
    "Said",
    "Settings",
    "SettingsError",
    "Side",
    "SideKind",
    "Stage",
    "StepKind",
    "StoredNote",
    "StoredPassage",
    "TagCount",
    "UnaskedQuestion",
    "UnreadPaper",
    "UnusableIndexError",
    "UpdateReport",
    "UsageError",
    "WatchActivity",
    "WatchObserver",
    "WatchState",
    "__version__",
    "filter_of",
    "load_embedder",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Load a public name at its first use: `import notesearch` itself costs nothing."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
