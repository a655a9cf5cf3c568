"""What stands beside a note on its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Index
from tests.fakes import WordEmbedder
from tests.web.running import Running, running

NOTES = {
    "dpo.md": "# Direct Preference\n\nNo reward model.\n",
    "rl/ppo.md": "# PPO\n\nA policy. Simpler is [[dpo]], see [KL](kl.md), [top](../kl.md).\n",
    "rl/kl.md": "# KL beside\n\nSee [[ppo]].\n",
    "kl.md": "# KL at the top\n\nA robot. [[kl]]\n",
    "bad.md": "# <b>Bad</b> & co\n\nThis <script>alert(1)</script> is [[dpo]] & 'so'.\n",
}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Running]:
    for path, text in NOTES.items():
        (tmp_path / "corpus" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "corpus" / path).write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        with running(index) as server:
            yield server


def linked_from(page: Running, note: str) -> str:
    return page.get(f"/note/{note}").text.partition('id="linked"')[2].partition("</section>")[0]


def test_notes_that_link_to_it_stand_beside_a_note_with_their_sentence(page: Running) -> None:
    shown = linked_from(page, "dpo.md")
    assert '<a href="/note/rl/ppo.md?lines=3#asked">PPO</a>' in shown
    assert '<span class="sentence">Simpler is dpo, see KL, top.</span>' in shown
    assert linked_from(page, "bad.md") == ""


def test_words_of_a_note_that_links_are_text(page: Running) -> None:
    shown = linked_from(page, "dpo.md")
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "&amp;" in shown


def test_links_of_the_text_lead_where_the_library_says(page: Running) -> None:
    text = page.get("/note/rl/ppo.md").text.partition('class="text"')[2].partition("</article>")[0]
    for link in page.index.links("rl/ppo.md").links:
        assert f'<a href="/note/{link.to_note_id}">' in text
    assert [link.to_note_id for link in page.index.links("rl/ppo.md").links] == [
        "dpo.md",
        "rl/kl.md",
        "kl.md",
    ]
