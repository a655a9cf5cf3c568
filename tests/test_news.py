"""What is new in an index: which texts, which notes, and what newly answers saved questions."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex, News, Settings
from notesearch.errors import UsageError
from tests.fakes import WORDS, WordEmbedder

DPO = """# Direct Preference

The policy is a reward model itself.

## Limits

The policy drifts. Every proof of it is short.

## Cost

No second model is trained.
"""
PPO = "# Proximal\n\nA policy takes small steps.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "dpo.md").write_text(DPO, encoding="utf-8")
    (folder / "ppo.md").write_text(PPO, encoding="utf-8")
    return folder


@pytest.fixture(params=["folder", "engine"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str | Path:
    """Each of the places that an index may be in."""
    if request.param == "folder":
        return tmp_path / "index"
    pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")
    from tests.index.qdrant.conftest import keep_clients

    keep_clients(monkeypatch)
    return f"qdrant://{tmp_path}/engine/notes"


@pytest.fixture
def index(corpus: Path, tmp_path: Path, place: str | Path) -> Iterator[Index]:
    settings = Settings(file=tmp_path / "notesearch.yaml")
    with Index.open(place, WordEmbedder(), create=True, settings=settings) as index:
        index.update(corpus)
        yield index


def named(news: News) -> list[tuple[str, bool, list[str]]]:
    """The notes of some news: path, whether it is new, and the first words of each passage."""
    return [
        (note.path, note.is_new, [one.text.lstrip("# \n").split("\n")[0] for one in note.passages])
        for note in news.notes
    ]


def test_nothing_is_new_in_an_index_that_has_just_been_made(index: Index) -> None:
    news = index.news()
    assert news.is_none
    assert (news.notes, news.deleted, news.answers) == ((), 0, ())


def test_a_note_that_came_is_new_and_an_edited_one_has_changed(index: Index, corpus: Path) -> None:
    (corpus / "kto.md").write_text("# Kahneman\n\nA reward without pairs.\n", encoding="utf-8")
    edited = DPO.replace("No second model is trained.", "It costs one graph.")
    (corpus / "dpo.md").write_text(edited, encoding="utf-8")
    index.update(corpus)
    news = index.news()
    assert [(note.path, note.is_new) for note in news.notes] == [
        ("dpo.md", False),
        ("kto.md", True),
    ]
    (changed,) = news.notes[0].passages
    assert "It costs one graph." in changed.text
    assert edited.split("\n")[changed.line_start - 1 : changed.line_end] == changed.text.split("\n")
    assert datetime.fromisoformat(changed.first_seen) > datetime.fromisoformat(news.since)


def test_what_is_marked_is_new_no_more_and_looking_marks_nothing(
    index: Index, corpus: Path
) -> None:
    (corpus / "kto.md").write_text("# Kahneman\n\nA reward.\n", encoding="utf-8")
    index.update(corpus)
    assert index.news() == index.news()
    assert not index.news().is_none
    index.mark_news()
    assert index.news().is_none
    (corpus / "ipo.md").write_text("# Identity\n\nA proof.\n", encoding="utf-8")
    index.update(corpus)
    assert named(index.news()) == [("ipo.md", True, ["Identity"])]


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_text_that_moved_is_not_new(index: Index, corpus: Path, rebuild: bool) -> None:
    (corpus / "dpo.md").rename(corpus / "preference.md")
    (corpus / "new").mkdir()
    (corpus / "ppo.md").rename(corpus / "new/ppo.md")
    index.update(corpus, rebuild=rebuild)
    assert index.news().is_none


def test_a_text_that_went_into_another_note_or_another_place_is_not_new(
    index: Index, corpus: Path
) -> None:
    begin, _, rest = DPO.partition("## Limits")
    limits, _, cost = rest.partition("## Cost")
    turned = f"{begin}## Cost{cost}\n## Limits{limits}"
    (corpus / "dpo.md").write_text(turned, encoding="utf-8")
    index.update(corpus)
    assert index.news().is_none
    (corpus / "dpo.md").write_text(DPO.replace(f"## Limits{limits}", ""), encoding="utf-8")
    (corpus / "ppo.md").write_text(f"{PPO}\n## Limits{limits}", encoding="utf-8")
    index.update(corpus)
    assert index.news().is_none


def test_passages_that_are_cut_in_another_way_are_not_new(corpus: Path, place: str | Path) -> None:
    for tokens in (224, 8):  # a section fits no passage any more
        settings = Settings(passage_tokens=tokens)
        with Index.open(place, WordEmbedder(), create=True, settings=settings) as index:
            index.update(corpus)
            passages = len(list(index.passages()))
            assert index.news().is_none
    assert passages > 4


def test_another_model_makes_nothing_new(index: Index, corpus: Path, place: str | Path) -> None:
    (corpus / "kto.md").write_text("# Kahneman\n\nA reward.\n", encoding="utf-8")
    index.update(corpus)
    index.mark_news()
    before = {stored.passage.id for stored in index.passages()}
    index.close()
    os.utime(corpus / "dpo.md")  # the time of a file says nothing here
    with Index.open(place, WordEmbedder((*WORDS, "more"), name="other")) as other:
        other.update(corpus, rebuild=True)
        assert other.news().is_none
        assert {stored.passage.id for stored in other.passages()} == before


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_damaged_catalog_makes_nothing_new(index: Index, corpus: Path, tmp_path: Path) -> None:
    (corpus / "kto.md").write_text("# Kahneman\n\nA reward.\n", encoding="utf-8")
    index.update(corpus)
    index.mark_news()
    index.close()
    os.utime(corpus / "dpo.md")  # the time of a file says nothing here
    catalog = tmp_path / "index/catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[60:64] = (8).to_bytes(4, "big")  # an earlier format
    catalog.write_bytes(content)
    with Index.open(tmp_path / "index", WordEmbedder()) as again:
        again.update(corpus, rebuild=True)
        assert again.news().is_none


def test_an_index_that_is_made_first_goes_by_the_times_of_the_files(
    corpus: Path, place: str | Path
) -> None:
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(corpus / "ppo.md", (long_ago, long_ago))
    with Index.open(place, WordEmbedder(), create=True) as index:
        index.update(corpus)
        assert [path for path, _, _ in named(index.news("7d"))] == ["dpo.md"]
        assert [path for path, _, _ in named(index.news("5w"))] == ["dpo.md", "ppo.md"]
        week_ago = datetime.now(timezone.utc) - timedelta(days=7)
        assert index.news(week_ago).notes == index.news("7d").notes
        assert index.news(week_ago.date()).notes == index.news("7d").notes


def test_notes_that_are_gone_are_counted_and_renamed_ones_are_not(
    index: Index, corpus: Path
) -> None:
    (corpus / "ppo.md").unlink()
    (corpus / "dpo.md").rename(corpus / "renamed.md")
    index.update(corpus)
    assert (index.news().deleted, index.news().notes) == (1, ())
    index.update(corpus, rebuild=True)
    assert index.news().deleted == 1
    index.mark_news()
    assert index.news().deleted == 0


def test_notes_that_programs_add_are_news_too(index: Index) -> None:
    index.add("# Kahneman\n\nA reward without pairs.", id="web/kto")
    assert named(index.news()) == [("web/kto", True, ["Kahneman"])]


def test_a_saved_question_is_newly_answered_by_new_passages_alone(
    index: Index, corpus: Path
) -> None:
    index.save_question("reward", "reward model")
    index.save_question("speech", "speech")
    index.save_question("filters", "path:new/")
    assert index.news().answers == ()
    (corpus / "new").mkdir()
    (corpus / "new/kto.md").write_text(
        "# Kahneman\n\nA reward model without pairs.\n", encoding="utf-8"
    )
    index.update(corpus)
    answers = {one.name: [hit.path for hit in one.hits] for one in index.news().answers}
    assert answers == {"reward": ["new/kto.md"], "filters": ["new/kto.md"]}
    assert all(not hit.weak for one in index.news().answers for hit in one.hits)
    index.mark_news()
    assert index.news().answers == ()


def test_a_question_that_cannot_be_asked_stops_no_news(index: Index, corpus: Path) -> None:
    index.save_question("gone", "reward tag:nothing-has-it")
    (corpus / "kto.md").write_text("# Kahneman\n\nA reward.\n", encoding="utf-8")
    index.update(corpus)
    news = index.news()
    assert [path for path, _, _ in named(news)] == ["kto.md"]
    (unasked,) = news.unasked
    assert (unasked.name, unasked.question) == ("gone", "reward tag:nothing-has-it")
    assert "nothing-has-it" in unasked.reason


@pytest.mark.parametrize("since", ["", "yesterday-ish", "7", "2026-13-01", "0000", "-3d", "9999y"])
def test_what_is_no_time_is_refused_with_what_is_one(index: Index, since: str) -> None:
    with pytest.raises(UsageError, match="is no time to look back to; write last, 7d"):
        index.news(since)


def test_each_of_several_indexes_has_its_own_last_look(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "robot.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    both = {}
    for name, folder in (("work", corpus), ("home", other)):
        both[name] = Index.open(tmp_path / f"index of {name}", WordEmbedder(), create=True)
        both[name].update(folder)
        (folder / "late.md").write_text("# Late\n\nA late graph.\n", encoding="utf-8")
        both[name].update(folder)
    both["work"].mark_news()
    with JoinedIndex(both) as joined:
        assert named(joined.news()) == [("home:late.md", True, ["Late"])]
        joined.mark_news()
        assert joined.news().is_none
        assert {note.path for note in joined.news("1d").notes} > {"work:late.md", "home:late.md"}


def test_news_are_json_with_the_fields_of_hits(index: Index, corpus: Path) -> None:
    from notesearch.render.terminal import to_json

    (corpus / "kto.md").write_text("# Kahneman\n\nA reward.\n", encoding="utf-8")
    index.update(corpus)
    value = json.loads(to_json(index.news()))
    assert {"since", "notes", "deleted", "answers", "unasked"} == value.keys()
    assert {"note_id", "path", "title", "passages"} <= value["notes"][0].keys()
    passage = value["notes"][0]["passages"][0]
    assert {"passage_id", "line_start", "line_end", "section", "text"} <= passage.keys()
