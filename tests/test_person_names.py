"""Names of authors: taken apart where they say how, and left whole where they do not."""

from __future__ import annotations

import pytest

from notesearch.person_names import PersonName, split_name, without_et_al


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Rafael Rafailov", PersonName("Rafailov", "Rafael")),
        ("Rafailov, Rafael", PersonName("Rafailov", "Rafael")),
        ("Christopher D. Manning", PersonName("Manning", "Christopher D.")),
        ("Y. LeCun", PersonName("LeCun", "Y.")),
        ("David G.T. Barrett", PersonName("Barrett", "David G.T.")),
        ("Yun-Hsuan Sung", PersonName("Sung", "Yun-Hsuan")),
        ("Ran El-Yaniv", PersonName("El-Yaniv", "Ran")),
        ("Francesco D'Angelo", PersonName("D'Angelo", "Francesco")),
        ("Aäron van den Oord", PersonName("Oord", "Aäron", "van den")),
        ("van den Oord, Aäron", PersonName("Oord", "Aäron", "van den")),
        ("Benjamin Van Roy", PersonName("Van Roy", "Benjamin")),
        ("Quoc Le", PersonName("Le", "Quoc")),
        ("Qingyao Ai", PersonName("Ai", "Qingyao")),
        ("Martin Luther King Jr.", PersonName("King", "Martin Luther", suffix="Jr.")),
        ("King, Jr., Martin Luther", PersonName("King", "Martin Luther", suffix="Jr.")),
    ],
)
def test_name_is_taken_apart(name, parts):
    assert split_name(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        "OpenAI", "DeepSeek-AI", "The Vicuna Team", "Google Research", "Microsoft, Inc.",
        "Smith J", "Smith JA", "antirez (Salvatore Sanfilippo)", "Inc.", "ada lee", "Ada lee",
        "Lee, Jr.", "A, B, C, D", "Ada and Bo", "孙悟空", "Ada {Lee}", "{", "\\input{x}", "Ada 7",
    ],
)  # fmt: skip
def test_name_that_may_be_read_in_several_ways_stays_whole(name):
    assert split_name(name) == PersonName(name)


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("Ada Lee", "et al"), (("Ada Lee",), True)),
        (("Ada Lee", "et al."), (("Ada Lee",), True)),
        (("Ada Lee et al.",), (("Ada Lee",), True)),
        (("Ada Lee", "and others"), (("Ada Lee",), True)),
        (("Ada Lee", "Bo Etal"), (("Ada Lee", "Bo Etal"), False)),
        (("et al.",), ((), True)),
        ((), ((), False)),
    ],
)
def test_et_al_is_no_name(names, kept):
    assert without_et_al(names) == kept
