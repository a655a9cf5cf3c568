"""What stands beside a note on its page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import pytest

from notesearch import Index
from notesearch.render.citations import bibtex_lines
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


MANY = {
    "alignment/dpo.md": "# Direct Preference\n\nA reward.\n",
    "rl/ppo.md": "# PPO\n\nA policy.\n",
    "rl/old/ppo.md": "# Clipping\n\nA policy.\n",
    "web/README.md": "# A\n\nA robot.\n",
    "nets/README.md": "# B\n\nA robot.\n",
    "Llama 3.1.md": "# Llama\n\nA robot.\n",
    "digest.md": (
        "# March\n\n## [Attention](https://arxiv.org/abs/1706.03762)\n\nA proof.\n\n"
        "## [Flash](https://arxiv.org/abs/2205.14135)\n\nA proof.\n"
    ),
    "roam/kto.org": ":PROPERTIES:\n:ID: 5a1d-77\n:END:\n#+title: KTO\n\nA reward.\n",
}
OF_MARKDOWN = (
    "[x](../alignment/dpo.md)", "[x](../alignment/dpo)", "[x](/alignment/dpo.md#reward)",
    "[x](alignment/dpo.md)", "[x](dpo.md)", "[x](ppo.md)", "[x](./old/ppo.md?plain=1)",
    "[x](../Llama%203.1.md)", "[x](<../Llama 3.1.md>)", "[x](README.md)", "[x](../web/README.md)",
    "[x](../digest.md#flash)", "[x](digest#Attention)", "[x](../../../dpo.md)", "[x](old\\ppo.md)",
    "[x](Direct%20Preference)", "[x](old/)", "[x](..)", "[x](gone.md)", "[x](../roam/kto.org)",
    "[x](dpo.pdf)", "[x](id:5a1d-77)", "[[dpo]]", "[[ppo|x]]", "[[old/ppo]]", "[[/rl/ppo]]",
    "[[../Llama 3.1]]", "[[Direct Preference#reward|x]]", "[[digest#Flash]]", "[[README]]",
    "[[gone]]", "[[1706.03762]]", "![[dpo]]",
)  # fmt: skip
OF_ORG = (
    "[[id:5a1d-77][x]]", "[[id:5A1D-77]]", "[[id:none][x]]", "[[file:../roam/kto.org::*Top][x]]",
    "[[file:../alignment/dpo.md]]", "[[../rl/ppo.md][x]]", "[[dpo][x]]", "[[Direct Preference]]",
    "[x](ppo.md)", "[x](ppo)", "[x](ppo.md#a)",
)  # fmt: skip


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("many")
    links = {f"rl/m{at}.md": f"Words.\n\nA {link} end.\n" for at, link in enumerate(OF_MARKDOWN)}
    links |= {f"rl/o{at}.org": f"Words.\n\nA {link} end.\n" for at, link in enumerate(OF_ORG)}
    for path, text in {**MANY, **links}.items():
        (folder / "corpus" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "corpus" / path).write_text(text, encoding="utf-8")
    with Index.open(folder / "index", WordEmbedder(), create=True) as index:
        index.update(folder / "corpus")
        with running(index) as server:
            yield server


@pytest.mark.parametrize(
    ("link", "path"),
    [
        *((link, f"rl/m{at}.md") for at, link in enumerate(OF_MARKDOWN)),
        *((link, f"rl/o{at}.org") for at, link in enumerate(OF_ORG)),
    ],
)
def test_page_and_command_agree_on_what_a_link_means(many: Running, link: str, path: str) -> None:
    text = many.get(f"/note/{path}").text.partition('class="text"')[2].partition("</article>")[0]
    shown = [unquote(one).partition("#h-")[0] for one in re.findall('<a href="/note/(.+?)"', text)]
    assert shown == [one.to_note_id for one in many.index.links(path).links if one.to_note_id]


def test_table_of_links_has_some_of_each(many: Running) -> None:
    found = [one.to_note_id for one in many.index.all_links()]
    assert found.count(None) >= 5
    assert len(set(found)) >= 8


def test_links_of_the_text_lead_where_the_library_says(page: Running) -> None:
    text = page.get("/note/rl/ppo.md").text.partition('class="text"')[2].partition("</article>")[0]
    for link in page.index.links("rl/ppo.md").links:
        assert f'<a href="/note/{link.to_note_id}">' in text
    assert [link.to_note_id for link in page.index.links("rl/ppo.md").links] == [
        "dpo.md",
        "rl/kl.md",
        "kl.md",
    ]


NOTE = "---\ntitle: Direct Preference\narxiv: 2305.18290\nauthors: [Ada Lee]\n---\n\nA reward.\n"
PAPERS = {
    "dpo.md": NOTE,
    "copy.md": NOTE,
    "again.md": "---\ntitle: Read again\ndoi: 10.1234/dpo\n---\n\nA policy.\n",
    "refs.bib": """@inproceedings{lee<b>&23,
  title = {Direct {{Preference}} \\& <b>Co</b>},
  author = {Lee, Ada},
  eprint = {2305.18290},
  doi = {10.1234/dpo},
  year = 2023
}
""",
}


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "corpus").mkdir()
    for path, text in PAPERS.items():
        (tmp_path / "corpus" / path).write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        with running(index) as server:
            yield server


def test_notes_on_the_same_paper_are_those_that_the_library_gathers(papers: Running) -> None:
    (paper,) = papers.index.papers()
    shown = papers.get("/note/again.md").text.partition('id="same"')[2].partition("</section>")[0]
    assert len(paper.notes) == 3
    assert '<a href="/note/copy.md">Direct Preference</a>' in shown
    assert '<a href="/note/dpo.md">' in shown
    assert shown.count("(the same text)") == len(paper.copies) == 1
    assert "again.md" not in shown


def test_paper_of_a_note_is_copied_as_the_command_cites_it(papers: Running) -> None:
    page = papers.get("/note/again.md").text
    copied = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', page)]
    assert "\n".join(bibtex_lines(papers.index.papers())) in copied
    assert any(text.startswith("Ada Lee (2023). Direct Preference & <b>Co</b>.") for text in copied)
    assert "<b>" not in page.partition("<article")[2].partition("</article>")[0]


def test_note_on_no_paper_has_no_reference_to_copy(page: Running) -> None:
    text = page.get("/note/dpo.md").text
    assert "Copy place" in text
    assert "Copy BibTeX" not in text


def test_papers_with_several_notes_stand_on_the_page_to_browse(papers: Running) -> None:
    shown = papers.get("/browse").text.partition('id="papers"')[2].partition("</section>")[0]
    assert ">Direct Preference &amp; &lt;b&gt;Co&lt;/b&gt; (2023)</a>" in shown
    assert shown.count('href="/note/') == 3
    line = re.search(r'href="/\?q=([^"]*)"', shown)
    assert line
    found = papers.index.notes(unquote_plus(html.unescape(line[1])))
    assert len(found) == 3
