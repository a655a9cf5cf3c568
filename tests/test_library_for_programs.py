"""What a program asks of the library beside questions: passages, vectors, answers in a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from notesearch import Hit, Index, MismatchError, UsageError
from notesearch.records import AddedNote
from tests.conftest import make_library
from tests.fakes import WordEmbedder

NAME = "notesearch-encoder"


@pytest.fixture
def index(library: Path) -> Iterator[Index]:
    with Index.open(library / "index", WordEmbedder(name=NAME)) as index:
        yield index


# ------------------------------------------------------------ all passages


def test_all_passages_are_those_of_all_notes(index: Index) -> None:
    found = list(index.passages())
    expected = {
        passage.id: note.note_id
        for note in index.notes()
        for passage in index.show(note.note_id)[1]
    }
    assert {one.passage.id: one.note.note_id for one in found} == expected
    assert all(one.vector is None for one in found)


def test_passages_of_a_filter_alone(index: Index) -> None:
    assert {one.note.path for one in index.passages("tag:alignment")} == {"rl/dpo.md", "rl/ppo.md"}
    assert list(index.passages("tag:alignment -tag:alignment")) == []
    with pytest.raises(UsageError, match="did you mean dpo"):
        index.passages("tag:dpos")


def test_passages_of_a_note_come_in_its_order_across_many_reads(tmp_path: Path) -> None:
    def text(n: int) -> str:
        return "\n\n".join(f"## H{part}\n\n" + f"{n} {part} " * 150 for part in range(6))

    notes = [AddedNote(id=f"n{n}", text=text(n)) for n in range(250)]
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.add_all(notes)
        found = list(index.passages(vectors=True))
        assert len(found) == index.status().counts.passages > 1000
        for note_id in ("n0", "n124", "n249"):
            own = [one.passage for one in found if one.note.note_id == note_id]
            assert own == index.show(note_id)[1]


def test_vector_of_a_passage_gives_the_cosine_of_a_hit(index: Index) -> None:
    question = index.embed("reward model")
    assert question.shape == (9,)
    vectors = {one.passage.id: one.vector for one in index.passages(vectors=True)}
    for hit in index.query("reward model", mode="dense"):
        vector = vectors[hit.passage_id]
        assert vector is not None
        assert hit.cosine == pytest.approx(float(vector @ question), abs=1e-5)


def test_iteration_stays_on_the_state_in_which_it_began(tmp_path: Path) -> None:
    make_library(tmp_path)
    with Index.open(tmp_path / "index", WordEmbedder(name=NAME)) as index:
        before = [one.passage for one in index.passages()]
        found = index.passages(vectors=True)
        first = next(found).passage
        (tmp_path / "corpus/rl/dpo.md").unlink()
        index.update()
        index.add("A robot.", id="later")
        assert [first, *(one.passage for one in found)] == before


def test_iteration_that_is_left_keeps_nobody_from_closing(library: Path) -> None:
    index = Index.open(library / "index", WordEmbedder(name=NAME))
    left = index.passages()
    first = list(islice(left, 2))
    closing = threading.Thread(target=index.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
    assert len(first) + len(list(left)) == 5
    with pytest.raises(UsageError, match="closed"):
        index.passages()


def test_nothing_is_embedded_with_another_model(index: Index, library: Path) -> None:
    with (
        Index.open(library / "index", WordEmbedder(name="other")) as other,
        pytest.raises(MismatchError),
    ):
        other.embed("reward")
    for text, message in ((" ", "nothing to embed"), (7, "the text must be a text")):
        with pytest.raises(UsageError, match=message):
            index.embed(text)  # type: ignore[arg-type]


# ------------------------------------------------------------ answers in an event loop


class HeldBack(Index):
    """Begins a question, and answers it when it may go on."""

    may_go_on: threading.Event
    asked: list[str]
    began: threading.Semaphore

    def query(self, text: str, *options: Any, **more: Any) -> list[Hit]:  # type: ignore[override]
        self.asked.append(text)
        self.began.release()
        assert self.may_go_on.wait(60)
        return super().query(text, *options, **more)


@pytest.fixture
def slow(library: Path) -> Iterator[HeldBack]:
    with HeldBack.open(library / "index", WordEmbedder(name=NAME)) as index:
        index.may_go_on, index.asked = threading.Event(), []
        index.began = threading.Semaphore(0)
        yield index
        index.may_go_on.set()


async def until_begun(index: HeldBack, questions: int) -> None:
    for _ in range(questions):
        assert await asyncio.to_thread(index.began.acquire, timeout=60)


def test_awaited_answer_is_that_of_query(index: Index) -> None:
    async def ask() -> list[Hit]:
        return await index.aquery("reward model", 2, "tag:alignment", mode="lexical", per_note=None)

    assert asyncio.run(ask()) == index.query(
        "reward model", 2, "tag:alignment", mode="lexical", per_note=None
    )


def test_errors_come_to_whoever_awaits(index: Index) -> None:
    with pytest.raises(UsageError, match="the query is empty"):
        asyncio.run(index.aquery(""))


def test_loop_goes_on_while_at_most_four_questions_are_answered(slow: HeldBack) -> None:
    async def ask() -> list[list[Hit]]:
        tasks = [asyncio.create_task(slow.aquery(f"reward {n}")) for n in range(12)]
        await until_begun(slow, 4)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(slow.asked) == 4
        assert not any(task.done() for task in tasks)
        slow.may_go_on.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(ask())
    assert len(slow.asked) == 12
    assert all(answers)


def test_cancelled_question_that_waits_is_never_asked(slow: HeldBack) -> None:
    async def ask() -> None:
        working = [asyncio.create_task(slow.aquery(f"reward {n}")) for n in range(4)]
        await until_begun(slow, 4)
        waiting = asyncio.create_task(slow.aquery("graph"))
        await asyncio.sleep(0)
        for task in (waiting, working[0]):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task  # at once, though all are held back
        slow.may_go_on.set()
        assert all(await asyncio.gather(*working[1:]))

    asyncio.run(ask())
    slow.close()
    assert sorted(slow.asked) == ["reward 0", "reward 1", "reward 2", "reward 3"]


def test_closing_ends_what_waits_with_an_error(slow: HeldBack) -> None:
    async def ask() -> None:
        tasks = [asyncio.create_task(slow.aquery(f"reward {n}")) for n in range(6)]
        await until_begun(slow, 4)
        closing = asyncio.create_task(asyncio.to_thread(slow.close))
        while not slow._is_closed:
            await asyncio.sleep(0)
        slow.may_go_on.set()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert "closed" in str(ended)
        await closing
        with pytest.raises(UsageError, match="closed"):
            await slow.aquery("reward")

    asyncio.run(ask())
