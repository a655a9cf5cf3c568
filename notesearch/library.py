"""The library as a program uses it: open an index, bring it in step with its notes, ask it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from notesearch.arguments import as_notes_say, require_count, require_seconds, require_text
from notesearch.errors import UsageError
from notesearch.index.reports import ProgressObserver, ignore_progress
from notesearch.index.snapshot import StoredNote, StoredPassage, TagCount
from notesearch.news_index import NewsIndex
from notesearch.query.filters import Filter, all_of
from notesearch.query.parser import Query, parse_query, read_value
from notesearch.records import Hit, Passage
from notesearch.search.answer import Answer, Mode
from notesearch.search.checked_filter import read_filter
from notesearch.search.note_lookup import complete_name, find_newest, find_note
from notesearch.search.snippets import Nearness, Piece, cut_snippets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.note_map.kept_map import NoteMap
    from notesearch.past_index import PastIndex
    from notesearch.search.quotes import Quote

_ALL = 1_000_000_000
_PASSAGES_PER_READ = 1000  # of an iteration: some 5 MB of texts and vectors

ModeName = Literal["hybrid", "dense", "lexical"]


def filter_of(field: str, value: str) -> Filter:
    """Make a filter of one field as the query line names them: `filter_of("tag", "dpo")`."""
    return read_value(field, value)


class Index(NewsIndex):
    """An index on disk: brought in step with a corpus by `update`, asked by `query`.

    Safe to search from several threads. Close it, or use it as a context manager. How it is
    opened and closed stands in `held_index.py`, what changes it in `kept_index.py`, and how its
    notes hang together in `related_index.py`, and what is new in them in `news_index.py`.
    """

    def query(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: ModeName | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """Return the k best passages for a query line, at most `per_note` of each note.

        `where` filters as the query line does: `tag:dpo -tag:survey`, or a filter object. When
        nothing relevant is found, the nearest few hits come with `weak` set. Filters without
        words give the newest notes. `rerank` says whether a cross-encoder has the last word:
        by default where the settings name one.
        """
        return list(self.search(text, k, where, mode=mode, per_note=per_note, rerank=rerank).hits)

    async def aquery(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: ModeName | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """Answer as `query` does, in a thread, while the event loop goes on.

        Four questions are answered at a time, and more wait. One that is cancelled while it waits
        is never asked; one at work is answered to its end, and its answer dropped.
        """
        from asyncio import wrap_future

        ask = partial(self.query, text, k, where, mode=mode, per_note=per_note, rerank=rerank)
        return await wrap_future(self._in_a_thread(ask))

    def search(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: ModeName | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
        literally: bool = False,
    ) -> Answer:
        """Answer as `query` does, with what explains the hits.

        `literally` takes the text as plain words, whatever in it looks like a filter.
        """
        require_text("the question", text)
        _require_counts(k, per_note)
        ranked_by = Mode.named(mode)
        reranking = self._models.reranking(rerank)
        if literally or (not text.strip() and where is not None):
            query = Query(text, text)
        else:
            query = parse_query(text)
        query = replace(
            query,
            text=as_notes_say(query.text),
            phrases=tuple(map(as_notes_say, query.phrases)),
        )
        both = all_of([part for part in (read_filter(where), query.where) if part is not None])
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, both, query)
            if only is not None and not (query.text.strip() or query.phrases):
                answer = Answer(find_newest(snapshot, only, k, per_note), ranked_by)
            else:
                answer = self._searcher.get().search(
                    snapshot,
                    query.text,
                    query.phrases,
                    only,
                    k=k,
                    mode=ranked_by,
                    per_note=per_note,
                    reranking=reranking,
                )
        return self._answered(replace(answer, where=str(both)) if both is not None else answer)

    def similar(
        self,
        note: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        per_note: int | None = 1,
        unlinked: bool = False,
        other_folder: bool = False,
    ) -> Answer:
        """Find notes like one that is named as `show` takes it.

        The note itself stays out, with `unlinked` those too that it has a link with, in either
        direction, and with `other_folder` those in its folder. `Answer.same_paper` names the notes
        on the same paper.
        """
        require_text("the note", note)
        _require_counts(k, per_note)
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
            number, _ = find_note(snapshot, note, self._paths_in_corpus)
            beside: set[int] = set()
            if unlinked or other_folder:
                beside = self._notes_beside(
                    snapshot, number, linked=unlinked, same_folder=other_folder
                )
            found = self._searcher.get().similar(
                snapshot, [number], only, k=k, per_note=per_note, without=beside
            )
        return self._answered(found)

    def quote(self, text: str, k: int = 5, where: str | Filter | None = None) -> list[Quote]:
        """Find the passages that say a sentence which is half remembered, and where they do.

        Those that say it word for word come first. Where there is none, those follow that say it
        nearly, with words missing, changed or in another order, and then those that mean it;
        where nothing is relevant, their hits are `weak`. The text is taken as it stands: `where`
        filters.
        """
        require_text("the quote", text)
        _require_counts(k, None)
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
            searched = as_notes_say(text)
            return self._searcher.get().quote(snapshot, text, searched, only, k=k)

    def at(
        self,
        commit: str,
        *,
        progress: ProgressObserver | None = None,
        lock_timeout_s: float = 10.0,
    ) -> PastIndex:
        """Open the notes as they were, for a corpus in a git repository; close it, or use `with`.

        `commit` is any name that git knows (`HEAD~10`, a tag, a branch, a hash), or a day:
        `2024-05-01` and `3 weeks ago` mean the last commit up to its end. What this index or
        another commit's has is not embedded again. It is made once and kept in the user's cache,
        with those that were asked last.
        """
        from notesearch.past_index import open_past

        require_text("the commit", commit)
        require_seconds("lock_timeout_s", lock_timeout_s)
        self._require_open()
        return open_past(
            self, commit, progress=progress or ignore_progress, lock_timeout_s=lock_timeout_s
        )

    def _ask(self, question: str, k: int, per_note: int) -> tuple[Answer, Nearness | None]:
        answer = self.search(question, k, per_note=per_note)
        return answer, self._searcher.get().nearness(answer)

    def notes(
        self, where: str | Filter | None = None, limit: int | None = None
    ) -> list[StoredNote]:
        """List the notes that a filter lets through, the newest first."""
        if limit is not None:
            require_count("limit", limit, _ALL)
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
            return snapshot.list_notes(only, _ALL if limit is None else limit)

    def count_notes(self) -> int:
        """Count the notes that have any text, in a fraction of the time of listing them."""
        with self._snapshot() as snapshot:
            return snapshot.note_count

    def tags(self, where: str | Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; of the notes that a filter lets by."""
        with self._snapshot() as snapshot:
            return snapshot.tags(self._checked(snapshot, where))

    def map(self) -> NoteMap:
        """Return all notes as points of a map by their meaning, with labels for its regions.

        The first call works it out, which takes 3 s for 5,000 notes, and keeps it in the index
        folder. Later, notes stay where they are, and new ones are put beside those they are like.
        """
        return self._kept_map.get().get(self._snapshot)

    def show(self, name: str) -> tuple[StoredNote, list[Passage]]:
        """Return the note that a name means, with its passages in order.

        The name is a note id, the id of a passage, a path in the corpus or on the disk (a line may
        follow: `dpo.md:13`), a title, an alias or a file's name, or a beginning or words of them.
        NoteNameError, which holds the candidates, when there is none, or when it means several.
        """
        require_text("the note", name)
        with self._snapshot() as snapshot:
            number, note = find_note(snapshot, name, self._paths_in_corpus)
            return note, [stored.passage for stored in snapshot.passages_of_note(number)]

    @property
    def stamp(self) -> str:
        """A name of what the index holds now; another one after every change."""
        with self._snapshot() as snapshot:
            return snapshot.stamp

    def complete(self, beginning: str) -> list[tuple[str, str]]:
        """Return how the name of a note that begins so may go on, with titles: for a shell."""
        with self._snapshot() as snapshot:
            return complete_name(snapshot, beginning)

    def passages(
        self, where: str | Filter | None = None, *, vectors: bool = False
    ) -> Iterator[StoredPassage]:
        """Iterate over all passages that a filter lets through, those of a note in its order.

        With `vectors`, each comes with its own. They are of one state of the index, whatever an
        update does meanwhile.
        """
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
        return self._each_passage(only, vectors)

    def _answered(self, answer: Answer) -> Answer:
        """Return an answer as it is given out."""
        return answer

    def _each_passage(self, where: Filter | None, vectors: bool) -> Iterator[StoredPassage]:
        # Not `_snapshot`: closing waits for that, and nobody may ever read on here.
        with self._generation() as snapshot:
            ids = snapshot.table.passage_ids if where is None else snapshot.passage_ids(where)
            for start in range(0, len(ids), _PASSAGES_PER_READ):
                part = ids[start : start + _PASSAGES_PER_READ].tolist()
                stored = snapshot.passages(part)
                if not vectors:
                    yield from stored
                    continue
                for one, vector in zip(stored, snapshot.vectors_of(part), strict=True):
                    yield replace(one, vector=vector)

    def embed(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a question: (dimension,) float32 of length 1.

        Its product with the vector of a passage is their cosine. MismatchError where the index
        holds the vectors of another model.
        """
        require_text("the text", text)
        if not text.strip():
            raise UsageError("there is nothing to embed: give some words")
        embedder = self._models.embedder.get()
        with self._snapshot() as snapshot:
            snapshot.require_embedder(embedder.fingerprint)
        return embedder.embed_query(text)

    def snippets(
        self, answer: Answer, max_chars: int = 400, *, raw: bool = False
    ) -> list[tuple[Piece, ...]]:
        """Return of each hit the sentences that answer the question, with its words marked.

        Formulas, tables and links are written as a reader sees them; with `raw`, as the notes have
        them.

        The model of the question reads those of the first few hits, where an answer has a
        `vector`; the others are chosen by the question's words.
        """
        self._require_open()
        require_count("max_chars", max_chars, _ALL)
        return cut_snippets(
            [hit.text for hit in answer.hits],
            answer.words,
            max_chars=max_chars,
            nearness=self._searcher.get().nearness(answer),
            raw=raw,
        )

    def passage_text(self, hit: Hit, around: int = 0) -> str:
        """Return a hit's text with so many passages of its note before and after it."""
        if not around:
            return hit.text
        with self._snapshot() as snapshot:
            for number in snapshot.find_notes(hit.note_id):
                passages = [stored.passage for stored in snapshot.passages_of_note(number)]
                at = next((n for n, p in enumerate(passages) if p.id == hit.passage_id), None)
                if at is not None:
                    near = passages[max(at - around, 0) : at + around + 1]
                    return "\n\n".join(passage.text for passage in near)
        return hit.text


def _require_counts(k: object, per_note: object) -> None:
    require_count("k", k)
    if per_note is not None:
        require_count("per_note", per_note)
