from __future__ import annotations

import pytest

from notesearch.corpus.facts import Facts, read_facts
from notesearch.corpus.facts.dates import find_date
from notesearch.corpus.facts.tags import unique_tags
from notesearch.corpus.facts.title import Title

UNTITLED = Title("T")


def facts(text: str = "", path: str = "a.md", title: Title = UNTITLED, **options) -> Facts:
    return read_facts(path, options.pop("fields", {}), text.split("\n"), title, **options)


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("Authors: Ada Lee, Bo Chen and Cy Díaz", ("Ada Lee", "Bo Chen", "Cy Díaz")),
        ("* **Author**: Ada Lee", ("Ada Lee",)),
        ("**By Ada Lee: Bo Chen**", ("Bo Chen",)),
        ("Authorship is disputed", ()),
        ("Ada B. Lee, Bo Chen, ArXiv, 2018", ("Ada B. Lee", "Bo Chen")),
        ("Ada Lee et al., Oct 2018 version, Google AI Language", ("Ada Lee et al.",)),
        ("Ada Lee, Bo Chen, Behavioral and Brain Sciences, 2016", ("Ada Lee", "Bo Chen")),
        ("* Ada Lee and Bo Chen. Counting Trees. ACL 2011. https://a.org", ("Ada Lee", "Bo Chen")),
        ("Cy Díaz, Ada Lee and et al. Growing Trees. ACL 2012", ("Cy Díaz", "Ada Lee et al.")),
        ("Authors: Ada Lee (Example, Inc.), Bo Chen (NLP)", ("Ada Lee", "Bo Chen (NLP)")),
        ('Ada Lee "Do Readers Skim?" Review of Reading, 1999', ("Ada Lee",)),
        ("- papers\n  - Ada Lee, Bo Chen, ICLR, 2018", ()),
        ("Ada Lee met Bo Chen", ()),
        ("### Authors:\n<p>\n  Ada Lee, Bo Chen\n</p>", ("Ada Lee", "Bo Chen")),
        ("### Authors:\n\nThere are too many to name here.", ()),
        ("text\n" * 20 + "Authors: Too Late", ()),
    ],
)
def test_authors_of_a_line_in_the_head(text, authors):
    assert facts(text).authors == authors


@pytest.mark.parametrize(
    ("value", "authors"),
    [
        (["Ada Lee,", "Bo Chen"], ("Ada Lee", "Bo Chen")),
        ("Ada Lee and Bo Chen", ("Ada Lee", "Bo Chen")),
        ("Ada Lee; Bo Chen", ("Ada Lee", "Bo Chen")),
        ("Lee, Ada; Chen, Bo", ("Lee, Ada", "Chen, Bo")),
        ("Lee, Ada and Chen, Bo", ("Lee, Ada", "Chen, Bo")),
        ("Ada Lee, Bo Chen and Cy Dee", ("Ada Lee", "Bo Chen", "Cy Dee")),
        ([{"name": "Ada Lee"}, {"name": "Bo Chen"}], ("Ada Lee", "Bo Chen")),
        (None, ()),
        ("", ()),
    ],
)
def test_authors_of_a_field(value, authors):
    assert facts(fields={"authors": value}).authors == authors


@pytest.mark.parametrize(
    ("value", "aliases"),
    [(["DPO", "x"], ("DPO", "x")), ("DPO", ("DPO",)), ("[DPO, x]", ("DPO", "x")), (None, ())],
)
def test_aliases(value, aliases):
    assert facts(fields={"aliases": value}).aliases == aliases


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("https://arxiv.org/abs/1706.03762", "arxiv:1706.03762"),
        ("[Paper](https://arxiv.org/abs/1706.03762) [Code](https://a.org)", "arxiv:1706.03762"),
        ("Paper: https://doi.org/10.1145/3341301", "doi:10.1145/3341301"),
        ("Olsson, Elhage et al. · 2022 · arXiv:2209.11895", "arxiv:2209.11895"),
        ("Ada Lee, Bo van Chen. <https://arxiv.org/abs/2305.14314>", "arxiv:2305.14314"),
        (
            "[T]([https://arxiv.org/pdf/2003.00001](https://arxiv.org/abs/1909.00001))",
            "arxiv:1909.00001",
        ),
        ("As shown in arXiv:2209.11895 this is so", None),
        ("- Olsson et al. 2022, arXiv:2209.11895", None),
        ("- Link to the paper - arXiv:2209.11895 (second version of it)", "arxiv:2209.11895"),
        ("- **PDF link**: arXiv:2209.11895 (a version with the appendix)", "arxiv:2209.11895"),
        ("- Paper [here](https://arxiv.org/abs/2209.11895), code there", "arxiv:2209.11895"),
        ("- Papers like [it](https://arxiv.org/abs/2209.11895) say so too", None),
        ("- Paper-based notes (https://arxiv.org/abs/2209.11895) are older", None),
        ("text\n" * 20 + "https://arxiv.org/abs/1706.03762", None),
    ],
)
def test_paper_of_a_line_in_the_head(text, paper):
    assert facts(text).paper == paper


def test_paper_of_a_field_goes_before_the_titles_link_and_that_before_a_line():
    line, link = "https://arxiv.org/abs/2001.00001", "https://arxiv.org/abs/2001.00002"
    linked = Title("T", link=link)
    assert facts(line, title=linked, fields={"arxiv": "2001.00003"}).paper == "arxiv:2001.00003"
    assert facts(line, title=linked).paper == "arxiv:2001.00002"
    assert facts(line).paper == "arxiv:2001.00001"


def test_the_only_paper_that_a_part_names_is_its_own():
    text = "T\n\nA second look at arXiv:2305.18290, for the argument."
    assert facts(text, is_part=True).paper == "arxiv:2305.18290"
    assert facts(text).paper is None
    assert facts(f"{text} And arXiv:2203.02155.", is_part=True).paper is None


@pytest.mark.parametrize(
    ("text", "fields", "title", "year"),
    [
        ("", {"year": 2017}, Title("T", 2018), 2017),
        ("", {"published": "June 2017"}, Title("T"), 2017),
        ("* **Year**: 2016", {}, Title("T", 2018), 2016),
        ("", {}, Title("T", 2018), 2018),
        ("Ada Lee, Bo Chen, NIPS, 2015", {}, Title("T"), 2015),
        ("https://arxiv.org/abs/1706.03762", {}, Title("T"), 2017),
        ("# Related work\n- Counts and Bonus. (2016)", {}, Title("T"), None),
        ("", {"year": ""}, Title("T"), None),
        ('Ada Lee "Do Readers Skim?" Review of Reading, 1999.', {}, Title("T"), 1999),
        ("K. Ada Lee et al. On Practice. Review. 1993.", {}, Title("T"), 1993),
        ("Ada Lee et al. But is it Good? On Labels. EMNLP 2008.", {}, Title("T"), 2008),
        ("Ada Lee et al. Words in Context. Cognition 112 (2009) 21-54.", {}, Title("T"), 2009),
        ("Ada Lee et al. Words. NIPS 2013 workshop on deep learning.", {}, Title("T"), 2013),
        ("Ada Lee and Bo Chen, who have done it, met in 2008.", {}, Title("T"), None),
    ],
)
def test_year_of_the_paper(text, fields, title, year):
    assert facts(text, fields=fields, title=title).year == year


def test_date_in_the_order_head_name_line_folder():
    path, line = "2014/2015-02-03-x.md", ["Date: 2016-03-04"]
    assert find_date(path, {"date": "2017-04-05"}, line) == "2017-04-05"
    assert find_date(path, {}, line) == "2015-02-03"
    assert find_date("2014/x.md", {}, line) == "2016-03-04"
    assert find_date("2014/x.md", {}) == "2014"
    assert find_date("x.md", {}) is None


def test_tags_come_in_the_order_in_which_they_are_written():
    text = "Tags: c, d\n\n#e #f"
    fields = {"topics": ["a"], "title": "T", "tags": ["b", "C"]}
    assert facts(text, fields=fields).tags == ("a", "b", "C", "d", "e", "f")


def test_tags_in_fences_are_code():
    assert facts("```\nTags: a, b\n#c #d\n```\nTags: e, f").tags == ("e", "f")
    assert facts("```\nwords, and no end\n\nTags: e, f").tags == ("e", "f")


def test_unique_tags_keep_the_first_spelling():
    assert unique_tags(["Offline RL", "offline-rl", "", "#", "x"]) == ("Offline RL", "x")


def test_links_come_once_in_their_order():
    text = "[a](https://a.org) https://b.org\nhttps://a.org."
    assert facts(text, fields={"url": "https://c.org"}).links == (
        "https://c.org",
        "https://a.org",
        "https://b.org",
    )
