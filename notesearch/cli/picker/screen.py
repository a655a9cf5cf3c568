"""Run the picker in a terminal: keys change its state, threads answer, and all of it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import (
    BufferControl,
    FormattedTextControl,
    HSplit,
    Layout,
    VSplit,
    Window,
)

from notesearch.cli.picker.newest import Newest
from notesearch.cli.picker.view import Preview, State, screen_rows
from notesearch.errors import NotesearchError
from notesearch.render.terminal import printable

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from notesearch.index.snapshot import TagCount
    from notesearch.library import Index
    from notesearch.records import Hit
    from notesearch.search.answer import Answer

_MOST_HITS = 50
_LONGEST_LINE = 1000  # characters; a text that was pasted by mistake is no question
# After Escape a terminal may send the rest of a key's code: that takes less than this.
_ESCAPE_S = 0.05


class Picker:
    """Asks an index as a person types; opens what is chosen."""

    def __init__(self, open_hit: Callable[[Hit], None], line: str = "", *, which: str = "") -> None:
        """Begin with a question; `which` says which index is asked, where that is not clear."""
        self._index: Index | None = None
        self._open_hit = open_hit  # raises NotesearchError where that fails
        self.state = State(news=(which,) if which else ())
        self._all_tags: tuple[TagCount, ...] = ()
        self._question = line  # while a tag is chosen, the line it will be added to
        self._input = Buffer(
            document=Document(line), multiline=False, on_text_changed=lambda _: self._typed()
        )
        self._app: Application[None] = Application(
            layout=self._layout(), key_bindings=self._keys(), full_screen=True
        )
        self._app.ttimeoutlen = self._app.timeoutlen = _ESCAPE_S
        self._questions = Newest("questions", self._fail)
        self._looks = Newest("previews", self._fail)

    def run(self, index: Index, find_news: Callable[[], str]) -> None:
        """Show the picker until the person leaves it.

        `find_news` is asked once, in a thread, for what there is to say of the index.
        """
        self._index = index

        def look_for_news() -> None:
            if news := find_news():
                self._later(lambda: setattr(self.state, "news", (*self.state.news, news)))

        def begin() -> None:
            self._looks.ask(look_for_news)
            self._typed()

        try:
            self._app.run(pre_run=begin)
        finally:
            self._questions.end()
            self._looks.end()

    def say(self, message: str) -> None:
        """Show a message; it may come from any thread, also before the picker is shown."""
        self._later(partial(self._show, message))

    # ------------------------------------------------------------ what threads answer

    def _later(self, change: Callable[[], None]) -> None:
        """Change the state in the thread of the screen, and draw it."""

        def change_and_draw() -> None:
            change()
            self._app.invalidate()

        loop = self._app.loop
        if loop is None:
            change()
        else:
            loop.call_soon_threadsafe(change_and_draw)

    def _fail(self, error: BaseException) -> None:
        """Leave, and let the error end the command: it is a bug."""
        self._later(lambda: self._app.exit(exception=error))

    def _show(self, message: str) -> None:
        self.state.message = message.partition("\n")[0]

    def _typed(self) -> None:
        """Ask the line as it is now, or narrow the tags."""
        line = self._input.text
        state = self.state
        state.message = ""
        if len(line) > _LONGEST_LINE:
            self._show(f"the line has more than {_LONGEST_LINE:,} characters; shorten it")
        elif state.tags is not None:
            self._narrow_tags(line)
        elif not line.strip():
            state.answer, state.preview, state.is_asking, state.selected = None, None, False, 0
            self._questions.ask(lambda: None)  # in the place of one that waits
        else:
            state.is_asking = True
            self._questions.ask(partial(self._ask, line))

    def _ask(self, line: str) -> None:
        assert self._index is not None
        try:
            answer = self._index.search(line, _MOST_HITS)
        except NotesearchError as error:
            self._later(partial(self._answered, line, None, error.for_shell))
        else:
            self._later(partial(self._answered, line, answer, ""))

    def _answered(self, line: str, answer: Answer | None, message: str) -> None:
        now = self._question if self.state.tags is not None else self._input.text
        if line != now:  # the next answer is on its way
            return
        self.state.is_asking = False
        self._show(message)
        if answer is not None:
            self.state.answer = answer
            if self.state.tags is None:
                self._choose(0)

    def _choose(self, number: int) -> None:
        """Choose a hit or tag by its number, the nearest there is."""
        state = self.state
        offered = state.answer.hits if state.answer else ()
        count = len(state.tags if state.tags is not None else offered)
        state.selected = max(min(number, count - 1), 0)
        if (hit := state.hit) is not None:
            state.scrolled = 0
            self._looks.ask(partial(self._look, hit))

    def _look(self, hit: Hit) -> None:
        assert self._index is not None
        try:
            _, passages = self._index.show(hit.note_id)
        except NotesearchError as error:  # the index has changed since
            self._later(partial(self._show, error.for_shell))
        else:
            preview = Preview(hit, tuple(passages))
            self._later(lambda: setattr(self.state, "preview", preview))

    # ------------------------------------------------------------ a tag is chosen

    def _offer_tags(self) -> None:
        """Offer the tags of the notes that the line's filters let through."""
        self._question = self._input.text
        self._all_tags, self.state.tags = (), ()
        self._input.reset()
        self.state.message = "looking for tags…"
        self._looks.ask(partial(self._count_tags, self._question))

    def _count_tags(self, line: str) -> None:
        from notesearch.query.parser import parse_query

        assert self._index is not None
        try:
            where = parse_query(line).where if line.strip() else None
            tags = self._index.tags(where)
        except NotesearchError as error:
            self._later(partial(self._leave_tags, self._question, error.for_shell))
        else:
            self._later(partial(self._tags_counted, tags))

    def _tags_counted(self, tags: list[TagCount]) -> None:
        """Take over the tags: those of the hits first, then the commonest."""
        if self.state.tags is None:
            return
        hits = self.state.answer.hits if self.state.answer else ()
        near = {tag for hit in hits for tag in hit.tags}
        self._all_tags = tuple(sorted(tags, key=lambda tag: tag.written not in near))
        self._show("")
        self._narrow_tags(self._input.text)

    def _narrow_tags(self, typed: str) -> None:
        words = typed.lower().split()
        found = [
            tag for tag in self._all_tags if all(word in tag.written.lower() for word in words)
        ]
        self.state.tags = tuple(found)
        self.state.selected = 0

    def _leave_tags(self, line: str, message: str = "") -> None:
        """Go back to the hits, with this question."""
        self.state.tags = None
        self.state.selected = 0
        self._input.set_document(Document(line))  # which asks it
        self._show(message)
        self._choose(0)

    # ------------------------------------------------------------ keys and layout

    def _layout(self) -> Layout:
        def name() -> StyleAndTextTuples:
            return [("bold", "Ask: " if self.state.tags is None else "Tag: ")]

        asked = VSplit(
            [
                Window(FormattedTextControl(name), width=5),
                Window(BufferControl(self._input)),
            ],
            height=1,
        )
        return Layout(HSplit([asked, Window(FormattedTextControl(self._draw))]))

    def _draw(self) -> StyleAndTextTuples:
        size = self._app.output.get_size()
        drawn: StyleAndTextTuples = []
        for row in screen_rows(self.state, size.columns, size.rows - 1):
            drawn += [*row, ("", "\n")]
        return drawn[:-1]

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        state = self.state

        def leave(event: KeyPressEvent) -> None:
            event.app.exit()

        def back(event: KeyPressEvent) -> None:
            if state.tags is None:
                event.app.exit()
            else:
                self._leave_tags(self._question)

        def tab(event: KeyPressEvent) -> None:
            if state.tags is None:
                self._offer_tags()
            else:
                self._leave_tags(self._question)

        def move(rows: int, event: KeyPressEvent) -> None:
            self._choose(state.selected + rows)

        def scroll(pages: int, event: KeyPressEvent) -> None:
            if state.tags is None:
                state.scrolled += pages * max(event.app.output.get_size().rows // 3, 1)

        async def take(event: KeyPressEvent) -> None:
            if state.tags is not None:
                if state.tags:
                    tag = printable(state.tags[state.selected].written).replace(" ", "-")
                    self._leave_tags(f"{self._question.rstrip()} tag:{tag} ".lstrip())
            elif (hit := state.hit) is not None:
                await run_in_terminal(partial(self._try_to_open, hit))

        for name in ("c-c", "c-d", "c-q"):
            keys.add(name)(leave)
        keys.add("escape")(back)
        keys.add("tab")(tab)
        keys.add("enter")(take)
        for name, rows in {"up": -1, "c-p": -1, "down": 1, "c-n": 1}.items():
            keys.add(name)(partial(move, rows))
        for name, pages in {"pageup": -1, "pagedown": 1}.items():
            keys.add(name)(partial(scroll, pages))
        return keys

    def _try_to_open(self, hit: Hit) -> None:
        try:
            self._open_hit(hit)
        except NotesearchError as error:
            self._show(error.for_shell)
