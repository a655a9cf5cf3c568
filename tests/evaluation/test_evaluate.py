"""What a search found, judged by note id or path."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.evaluation.evaluate import Evaluation, Found, Outcome, evaluate
from notesearch.evaluation.judged import JudgedPassage, JudgedQuery
from notesearch.evaluation.metrics import Measure


def hit(
    note: str, passage: str = "p", *, lines: tuple[int, int] = (1, 1), weak: bool = False
) -> Found:
    return Found(note, note.partition("#")[0], passage, lines, weak)


def outcome(query: JudgedQuery, *hits: Found) -> Outcome:
    (only,) = evaluate([query], lambda _: hits).outcomes
    return only


def test_search_is_handed_each_query_in_turn() -> None:
    queries = [JudgedQuery("1", "a", {"a.md": 1}), JudgedQuery("2", "b", {}, where="tag:x")]
    asked = []

    def search(query: JudgedQuery) -> Sequence[Found]:
        asked.append(query)
        return [hit("a.md")]

    evaluation = evaluate(queries, search)
    assert asked == queries
    assert [one.query for one in evaluation.answerable] == queries[:1]
    assert [one.query for one in evaluation.unanswerable] == queries[1:]


def test_note_is_judged_by_its_id_or_by_its_path() -> None:
    by_id = outcome(JudgedQuery("1", "", {"d.md#two": 1}), hit("d.md#one"), hit("d.md#two"))
    assert by_id.grades == (0, 1)
    by_path = outcome(JudgedQuery("1", "", {"d.md": 2}), hit("x.md"), hit("d.md#one"))
    assert by_path.grades == (0, 2)


def test_two_notes_of_a_judged_file_are_one_answer() -> None:
    found = outcome(
        JudgedQuery("1", "", {"d.md": 1, "e.md": 1}), hit("d.md#a"), hit("d.md#b"), hit("e.md")
    )
    assert [one.id for one in found.found] == ["d.md#a", "e.md"]
    assert found.scores[Measure.NDCG_10] == 1


def test_id_goes_before_the_path_of_its_file() -> None:
    query = JudgedQuery("1", "", {"d.md": 1, "d.md#a": 2})
    assert outcome(query, hit("d.md#a"), hit("d.md#b")).grades == (2, 1)


def test_passages_of_one_note_count_where_the_first_stands() -> None:
    found = outcome(JudgedQuery("1", "", {"b": 1}), hit("a", "1"), hit("a", "2"), hit("b", "3"))
    assert found.first_relevant == 2
    assert found.scores[Measure.MRR_10] == 1 / 2


def test_query_is_called_weak_when_all_of_its_hits_are_or_none_came() -> None:
    query = JudgedQuery("1", "", {})
    assert outcome(query).scores == {Measure.NOT_CALLED_WEAK: 0}
    assert outcome(query, hit("a", weak=True)).scores == {Measure.NOT_CALLED_WEAK: 0}
    assert outcome(query, hit("a", weak=True), hit("b")).scores == {Measure.NOT_CALLED_WEAK: 1}
    assert outcome(query).first_relevant is None


def test_passage_of_the_right_note_is_right_where_it_overlaps_lines_that_answer() -> None:
    query = JudgedQuery("1", "", {"a.md": 1}, lines=((3, 4), (9, 9)))

    def score(*hits: Found) -> float | None:
        return outcome(query, *hits).scores.get(Measure.RIGHT_PASSAGE)

    assert score(hit("b.md", lines=(3, 4)), hit("a.md", lines=(4, 8))) == 1
    assert score(hit("a.md", lines=(9, 20))) == 1
    assert score(hit("b.md", lines=(3, 4)), hit("a.md", lines=(5, 8))) == 0
    # The right note is not among the first ten.
    assert score() is None
    assert score(*(hit(f"x{n}.md") for n in range(10)), hit("a.md", lines=(3, 4))) is None


def test_passages_have_the_grade_of_those_that_they_overlap() -> None:
    graded = (
        JudgedPassage("b.md", (1, 5), 0),
        JudgedPassage("b.md", (6, 9), 3),
        JudgedPassage("c.md#two", (1, 9), 1),
    )
    query = JudgedQuery("1", "", {"a.md": 1}, passages=graded)
    shown = hit("c.md#one", lines=(1, 9)), hit("c.md#two", lines=(9, 12)), hit("b.md", lines=(5, 6))
    scores = outcome(query, *shown).scores
    assert scores[Measure.ANSWER_MRR_10] == 1 / 3  # by the higher grade of two
    assert scores[Measure.UNJUDGED_10] == 1 / 3


def test_lines_that_answer_have_the_highest_grade_without_being_graded() -> None:
    graded = (JudgedPassage("b.md", (1, 5), 2), JudgedPassage("a.md", (1, 2), 1))
    query = JudgedQuery("1", "", {"a.md": 1}, lines=((3, 4),), passages=graded)
    scores = outcome(query, hit("a.md", lines=(3, 9)), hit("b.md", lines=(2, 2))).scores
    assert scores[Measure.PASSAGE_NDCG_10] == scores[Measure.ANSWER_1] == 1
    assert scores[Measure.UNJUDGED_10] == 0


def test_a_note_that_is_named_by_its_id_and_by_its_path_counts_once() -> None:
    graded = (
        JudgedPassage("d.md", (1, 5), 3),
        JudgedPassage("d.md#two", (1, 5), 3),
        JudgedPassage("e.md", (1, 5), 1),
    )
    query = JudgedQuery("1", "", {"d.md#two": 1}, lines=((1, 5),), passages=graded)
    hits = hit("d.md#two", lines=(1, 5)), hit("e.md", lines=(1, 5))
    assert outcome(query, *hits).scores[Measure.PASSAGE_NDCG_10] == 1


def test_a_file_that_is_graded_by_its_path_counts_where_its_first_note_stands() -> None:
    graded = JudgedPassage("d.md", (1, 5), 3), JudgedPassage("d.md", (10, 15), 3)
    query = JudgedQuery("1", "", {"e.md#one": 1}, passages=graded)
    hits = hit("d.md#one", lines=(1, 5)), hit("d.md#two", lines=(10, 15)), hit("x.md")
    scores = outcome(query, *hits).scores
    assert scores[Measure.PASSAGE_NDCG_10] == 1
    assert scores[Measure.UNJUDGED_10] == 1 / 2


def test_nothing_to_ask_gives_nothing() -> None:
    assert evaluate([], lambda _: []) == Evaluation(())
