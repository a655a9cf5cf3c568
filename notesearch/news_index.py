"""Say what is new in an index, and what newly answers the questions that the person has saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from notesearch.arguments import require_text
from notesearch.query.parser import parse_query
from notesearch.related_index import RelatedIndex

# A query must not wait for what works this out: it is imported where it is used.
if TYPE_CHECKING:
    from notesearch.search.answer import Answer
    from notesearch.search.news import News
    from notesearch.search.snippets import Nearness


class NewsIndex(RelatedIndex):
    """An index that knows which of its texts it has not had before."""

    def news(self, since: str | date = "last") -> News:
        """Find what is new: notes, changed passages, and what newly answers saved questions.

        `since` is `last` for the last `mark_news`, or else since the index was made; `7d`, `2w`; or
        a date. New is a text that the index had not seen before: not one that moved, or whose note
        was renamed.
        """
        from notesearch.saved_questions import questions_file, read_questions
        from notesearch.search.news import find_news

        after_s = self._looked_until(since)
        questions = read_questions(questions_file(self._settings))

        with self._snapshot() as snapshot:
            return find_news(snapshot, after_s, questions, self._ask)

    def mark_news(self) -> None:
        """Remember that the person knows what is in the index: the next `news` begins here."""
        from notesearch.last_look import keep_look

        self._require_open()
        keep_look(self.index_dir, self._updated_s())

    def _looked_until(self, since: str | date) -> Sequence[int]:
        from notesearch.index.first_seen import seconds_of
        from notesearch.last_look import LAST, last_look, read_since

        self._require_open()
        if since != LAST:
            return [read_since(since)]
        looked = last_look(self.index_dir)
        return [seconds_of(self._store.get().read_state().created) if looked is None else looked]

    def _updated_s(self) -> int:
        from notesearch.index.first_seen import seconds_of

        return seconds_of(self._store.get().read_state().updated)

    def saved_questions(self) -> dict[str, str]:
        """Return the saved questions by their names, in their order."""
        from notesearch.saved_questions import questions_file, read_questions

        return read_questions(questions_file(self._settings))

    def save_question(self, name: str, question: str) -> str | None:
        """Save a question under a name, for `news`; return the one that had the name before."""
        from notesearch.saved_questions import questions_file, save_question

        require_text("the name", name)
        require_text("the question", question)
        parse_query(question)
        return save_question(questions_file(self._settings), name, question)

    def remove_question(self, name: str) -> str:
        """Remove a saved question by its name, and return it."""
        from notesearch.saved_questions import questions_file, remove_question

        require_text("the name", name)
        return remove_question(questions_file(self._settings), name)

    def _ask(self, question: str, k: int, per_note: int) -> tuple[Answer, Nearness | None]:
        """Answer a question, and return what says how near sentences are to it."""
        raise NotImplementedError
