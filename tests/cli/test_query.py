"""`notesearch query`: answers, forms, filters, and what it says beside them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.records import Hit
from tests.conftest import write_notes
from tests.word_model import load_embedder

PPO_FIRST = """\
 1  Proximal Policy Optimization                                                                1.00
    rl/ppo.md:7
    2025-11-02 · #ppo #alignment
    A policy takes small steps, and a reward model scores them.
"""


def paths(out: str) -> list[str]:
    return out.splitlines()


def test_answer_for_a_person_in_whole(here, run):
    ended = run("query", "reward model", "-k", "1")
    assert (ended.code, ended.out, ended.err) == (ExitCode.OK, PPO_FIRST, "")


def test_words_need_no_quotes(here, run):
    assert run("query", "reward", "model", "-k", "1").out == PPO_FIRST


@pytest.mark.parametrize(
    "words",
    [
        ('-"Direct Preference" reward model',),
        ("-preference reward model",),
        ("reward", "model", "-preference"),
        ("-preference", "reward", "model", "-k5"),
        ("-k", "5", "-preference", "reward model"),
        ("reward model －preference",),
    ],
)
def test_minus_leaves_out_wherever_it_stands(here, run, words):
    assert "rl/dpo.md" in run("query", "reward model", "--paths").out.splitlines()
    found = run("query", *words, "--paths").out.splitlines()
    assert found[0] == "rl/ppo.md"
    assert "rl/dpo.md" not in found


def test_minus_before_a_number_is_text_and_one_before_an_option_is_said(here, run):
    assert "rl/ppo.md" in run("query", "-3 dB of a reward", "--paths").out.splitlines()
    assert "no such option: -j" in run("query", "reward", "-json").err


def test_wide_signs_and_tex_are_read_as_in_notes(here, run):
    asked = run("query", "ｒｅｗａｒｄ ﹣ model tag：ppo", "--paths")
    assert (asked.code, asked.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert run("query", r"$\text{reward}$ model", "-k", "1").out == PPO_FIRST


def test_what_was_meant_by_a_mistyped_word_is_answered_and_said(here, run):
    ended = run("query", "rewrad modle", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, PPO_FIRST)
    assert ended.err == (
        "asked for reward, model, as no note says rewrad or modle (quotes keep a word as it is)\n"
    )
    assert run("query", "rewrad modle", "-k", "1", "--json").err == ended.err
    quoted = run("query", '"rewrad" model')
    assert (quoted.code, quoted.err) == (ExitCode.NOTHING_RELEVANT, "nothing found\n")


def test_batch_says_which_words_it_took_for_others(here, run):
    out = run("query", "--batch", "-", "-k", "1", stdin="rewrad\nreward\n").out.splitlines()
    assert [json.loads(line)["corrections"] for line in out] == [{"rewrad": "reward"}, {}]


# ------------------------------------------------------------ the index behind it


def test_first_query_makes_the_index_and_answers(here, run):
    shutil.rmtree("index")
    ended = run("query", "reward model", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, PPO_FIRST)
    said = ended.err.splitlines()
    assert said[0] == "no index in index yet: making one of corpus"
    assert said[1].startswith("files: 5 added; passages: 5 in 5 notes, 5 embedded, 0 reused; ")
    assert len(said) == 2
    assert run("query", "reward model").err == ""


def test_first_query_names_the_files_that_it_leaves_out(here, run):
    shutil.rmtree("index")
    Path("corpus/scan.md").write_bytes(b"%PDF-1.7")
    ended = run("query", "reward model", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, PPO_FIRST)
    assert "scan.md: left out: not text but a PDF" in ended.err.splitlines()


def test_query_that_cannot_be_read_makes_no_index(here, run):
    shutil.rmtree("index")
    assert run("query", "").code == ExitCode.USAGE
    assert run("query", "policy", "-k", "0").code == ExitCode.USAGE
    ended = run("query", 'policy "unclosed')
    assert ended.code == ExitCode.USAGE
    assert ended.err.startswith("notesearch: these quotes are not closed")
    assert not Path("index").exists()


def test_index_behind_its_corpus_is_one_line_beside_the_answer(here, run):
    Path("corpus/new.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    Path("corpus/rl/ppo.md").unlink()
    ended = run("query", "robot", "--paths", "-k", "1")
    assert ended.err == "the index is behind: 1 added, 1 removed; run: notesearch index\n"
    assert paths(ended.out) != ["new.md"]


def test_update_comes_first_where_it_is_asked_for(here, run):
    Path("corpus/new.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    ended = run("query", "robot", "--paths", "-k", "1", "--update")
    assert paths(ended.out) == ["new.md"]
    assert ended.err.startswith("files: 1 added, 5 unchanged; ")
    assert run("query", "robot", "--update", "--paths", "-k", "1").err == ""


def test_index_answers_without_its_corpus(here, run):
    shutil.rmtree("corpus")
    ended = run("query", "reward model", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, PPO_FIRST)
    assert ended.err == f"corpus {here}/corpus is not there; answered from the index as it is\n"


# ------------------------------------------------------------ filters


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--tag", "dpo"], ["rl/dpo.md"]),
        (["--tag", "alignment", "--not-tag", "dpo"], ["rl/ppo.md"]),
        (["--any-tag", "dpo", "--any-tag", "vision"], ["rl/dpo.md", "vision/vit.md", "vision/su"]),
        (["--tag", "Vision/Transformers"], ["vision/vit.md"]),
        (["--since", "2026-02"], ["rl/dpo.md"]),
        (["--until", "2025"], ["rl/ppo.md"]),
        (["--path", "speech/"], ["speech/survey.md"]),
        (["--paper", "2305.18290"], ["rl/dpo.md"]),
        (["--section", "limitations"], ["rl/dpo.md"]),
        (["--kind", "digest-part"], []),
        (["tag:alignment", "since:2026"], ["rl/dpo.md"]),
    ],
)
def test_filters_alone_list_the_newest_first(here, run, options, found):
    ended = run("query", "--paths", *options)
    assert [path[: len(want)] for path, want in zip(paths(ended.out), found, strict=True)] == found
    assert ended.code == (ExitCode.OK if found else ExitCode.NOTHING_RELEVANT)


def test_hit_without_a_question_has_no_score_to_show(here, run):
    ended = run("query", "--tag", "dpo")
    assert ended.out == (
        " 1  Direct Preference Optimization\n"
        "    rl/dpo.md:8-12  Limitations\n"
        "    2026-03-14 · arxiv:2305.18290 (2023) · #dpo #alignment\n"
        "    The reward model is implied by the policy.\n"
        "\n"
        "    Limitations\n"
        "\n"
        "    The policy drifts where a proof is missing.\n"
    )
    (hit,) = json.loads(run("query", "--tag", "dpo", "--json").out)
    assert (hit["score"], hit["cosine"], hit["bm25"], hit["weak"]) == (0.0, None, None, False)


def test_filter_options_and_those_of_the_line_must_both_hold(here, run):
    ended = run("query", "policy tag:alignment", "--not-tag", "ppo", "--paths")
    assert paths(ended.out) == ["rl/dpo.md"]


def test_value_of_an_option_means_what_it_says(here, run):
    Path("corpus/comma.md").write_text("---\ntags: ['a, \"b\"']\n---\n\nWords.\n", encoding="utf-8")
    run("index")
    assert paths(run("query", "--tag", 'a, "b"', "--paths").out) == ["comma.md"]


def test_explanation_names_measures_filters_and_words(here, run):
    ended = run("query", "policy tag:dpo", "--explain", "--mode", "lexical")
    measures, *rest = ended.out.splitlines()[-3:]
    assert re.fullmatch(r"    bm25 \d\.\d{3} · score 1\.000", measures)
    assert rest == ["    let through by: tag:dpo", "    words: policy"]


def test_explanation_of_a_mix_names_pairs_and_how_far_the_words_counted(here, run):
    ended = run("query", "reward model nobody", "--explain")
    assert re.fullmatch(
        r"    words: reward model nobody · side by side: reward model · evidence 0\.\d\d",
        ended.out.splitlines()[-1],
    )


def test_context_and_full_show_the_lines_of_the_note(here, run):
    for option in (["--full"], ["--context", "1"]):
        ended = run("query", "--tag", "dpo", *option)
        assert ended.out.splitlines()[3:] == [
            "    The reward model is implied by the policy.",
            "",
            "    ## Limitations",
            "",
            "    The policy drifts where a proof is missing.",
        ]


# ------------------------------------------------------------ forms for programs


def test_json_has_the_fields_of_a_hit_in_their_order(here, run):
    ended = run("query", "reward model", "--json")
    hits = json.loads(ended.out)
    assert [list(hit) for hit in hits] == [[field.name for field in fields(Hit)]] * 5
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4, 5]
    assert ended.err == ""


def test_jsonl_is_the_array_line_by_line(here, run):
    lines = run("query", "reward model", "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == json.loads(
        run("query", "reward model", "--json").out
    )


def test_csv_is_read_back_by_csv(here, run):
    rows = list(csv.DictReader(io.StringIO(run("query", "--tag", "dpo", "--csv").out)))
    assert [row["text"] for row in rows] == [
        "The reward model is implied by the policy.\n\n## Limitations\n\n"
        "The policy drifts where a proof is missing."
    ]
    assert rows[0]["tags"] == "dpo; alignment; rl"


def test_markdown_cites(here, run):
    assert run("query", "--tag", "dpo", "--markdown").out == (
        "1. **[Direct Preference Optimization](<rl/dpo.md#L8-L12>)** · Limitations · 2023 · "
        "[arxiv:2305.18290](https://arxiv.org/abs/2305.18290)\n"
        "\n"
        "   > The reward model is implied by the policy.\n"
        "   >\n"
        "   > ## Limitations\n"
        "   >\n"
        "   > The policy drifts where a proof is missing.\n"
        "\n"
    )


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", "--markdown", "--paths"])
def test_stdout_holds_the_form_alone_while_the_rest_is_said_on_stderr(here, run, form):
    quiet = run("query", "policy", form)
    Path("corpus/speech/survey.md").unlink()
    behind = run("query", "policy", form)
    assert behind.out == quiet.out
    assert behind.err == "the index is behind: 1 removed; run: notesearch index\n"


def test_json_of_no_hits_is_an_empty_array(here, run):
    ended = run("query", "policy", "--kind", "index-page", "--json")
    assert (ended.code, ended.out) == (ExitCode.NOTHING_RELEVANT, "[]\n")
    ended = run("query", "policy", "--kind", "index-page")
    assert (ended.code, ended.out, ended.err) == (1, "", "nothing found\n")


def test_scores_below_the_least_are_left_out(here, run):
    first, second, *_ = json.loads(run("query", "reward model", "--json").out)
    least = str((first["score"] + second["score"]) / 2)
    hits = json.loads(run("query", "reward model", "--json", "--min-score", least).out)
    assert hits == [first]
    assert run("query", "reward model", "--min-score", "2").code == ExitCode.NOTHING_RELEVANT
    line = run("query", "--batch", "-", "--min-score", least, stdin="reward model\n").out
    assert json.loads(line)["hits"] == [first]


def test_k_beyond_all_passages_gives_all(here, run):
    assert len(paths(run("query", "policy", "-k", "10000", "--paths").out)) == 5


# ------------------------------------------------------------ batch


def test_batch_answers_every_line_with_an_object_and_a_wrong_one_with_its_error(here, run):
    lines = 'reward model\n\ntag:nonesuch x\n"open\ncaf\udce9\nimage tag:vision\n'
    Path("queries.txt").write_text(lines, encoding="utf-8", errors="surrogateescape")
    ended = run("query", "--batch", "queries.txt", "-k", "1")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == ExitCode.USAGE
    assert ended.err == "4 of 6 lines not answered; see the error of each\n"
    assert [answer["query"] for answer in answers] == lines.splitlines()
    assert [[hit["path"] for hit in answer["hits"]] for answer in answers] == [
        ["rl/ppo.md"],
        *([], [], [], []),
        ["vision/vit.md"],
    ]
    assert (answers[0]["error"], answers[5]["error"]) == (None, None)
    assert answers[1]["error"] == "the line is empty; write a query a line"
    assert answers[2]["error"].startswith("no note has the tag nonesuch")
    assert answers[3]["error"].startswith("these quotes are not closed")
    assert answers[4]["error"] == "the line is not UTF-8; save the file as UTF-8"
    assert list(answers[0]["hits"][0]) == [field.name for field in fields(Hit)]
    assert run("query", "--batch", "-", "-k", "1", stdin=lines).out == ended.out


def test_batch_whose_lines_are_all_answered_ends_with_0(here, run):
    ended = run("query", "--batch", "-", stdin="reward model\nprotein folding")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert [json.loads(line)["weak"] for line in ended.out.splitlines()] == [False, True]
    assert run("query", "--batch", "-", stdin="").code == ExitCode.OK


# ------------------------------------------------------------ wrong queries


def test_place_in_the_line_is_marked(here, run):
    assert run("query", "policy tag:dpos").err == (
        "notesearch: no note has the tag dpos; did you mean dpo (1 note)?\n"
        "    policy tag:dpos\n"
        "           ^^^^^^^^\n"
    )


def test_query_of_100_000_characters_is_answered(here, run):
    ended = run("query", "reward " * 14_285, "--paths", "-k", "1")
    assert (ended.code, paths(ended.out), ended.err) == (ExitCode.OK, ["rl/ppo.md"], "")


def test_control_characters_in_a_query_are_spaces(here, run):
    assert run("query", "reward\x00\x1b\nmodel", "-k", "1").out == PPO_FIRST


def test_control_characters_of_a_note_reach_no_terminal(here, run):
    text = "# Robot \x1b[31mred\x1b]0;title\x07\n\nA robot\x9b2J \x08says.\n"
    Path("corpus/robot.md").write_text(text, encoding="utf-8")
    for command in (["query", "robot", "-k", "1", "--update"], ["show", "robot.md"], ["notes"]):
        assert not set(run(*command).out) & {"\x1b", "\x07", "\x08", "\x9b"}


def test_notes_are_written_where_the_settings_say(tmp_path, run, word_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_notes(tmp_path / "papers")
    Path("notesearch.yaml").write_text("corpus: papers\nindex: .found\n", encoding="utf-8")
    assert run("index").code == ExitCode.OK
    assert run("query", "reward model", "-k", "1").out == PPO_FIRST
    assert Path(".found/catalog.sqlite").exists()


def test_what_the_model_has_to_say_goes_to_stderr(here, run, monkeypatch):
    def load_slowly(choice, *, warn, announce):
        announce("compiling it, once for this machine")
        warn("int8 is not at hand")
        return load_embedder(choice)

    monkeypatch.setattr("notesearch.chosen_models.load_embedder", load_slowly)
    ended = run("query", "reward model", "--json")
    assert [hit["rank"] for hit in json.loads(ended.out)] == [1, 2, 3, 4, 5]
    assert ended.err == (
        "compiling it, once for this machine\nnotesearch: warning: int8 is not at hand\n"
    )


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "markdown", "paths"])
def test_format_is_what_its_short_option_writes(here, run, name):
    short = run("query", "policy", f"--{name}")
    assert short.out
    assert run("query", "policy", "--format", name) == short
    assert run("similar", "rl/dpo.md", "--format", name) == run("similar", "rl/dpo.md", f"--{name}")


def test_short_format_behind_two_dashes_is_a_word(here, run):
    assert run("query", "--csv", "--", "policy", "--json").out.startswith("rank,")


@pytest.mark.parametrize("name", ["--json", "--debug", "--paths"])
def test_value_of_an_option_may_look_like_another_option(here, run, monkeypatch, name):
    monkeypatch.setenv("NOTESEARCH_DEBUG", "")
    ended = run("query", "policy", "--path", name)
    assert (ended.code, ended.out, ended.err) == (1, "", "nothing found\n")


def test_short_formats_are_completed_by_a_shell(run, monkeypatch):
    monkeypatch.setenv("_NOTESEARCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_CWORD", "2")
    for typed, completed in (
        ("--js", ["--json", "--jsonl"]),
        ("--pa", ["--path", "--paper", "--paths"]),
    ):
        monkeypatch.setenv("COMP_WORDS", f"notesearch query {typed}")
        assert sorted(run("query").out.split()) == sorted(completed)


# ------------------------------------------------------------ what is shown of a note

SOURCE = """\
# Closed form

The ‚Äúoptimal‚Äù policy isn‚Äôt far:
$\\pi_r(y\\mid x) = \\frac{1}{Z(x)} \\pi_{\\mathrm{ref}}(y\\mid x)$

| policy | <b>score</b> |
|---|---|
| optimal | 27.3 |
"""


def test_hit_is_shown_as_a_reader_sees_it_and_its_source_is_one_option_away(here, run):
    (here / "corpus/closed.md").write_text(SOURCE, encoding="utf-8")
    run("index")
    shown = run("query", "optimal policy", "-k", "1").out
    assert shown.split("\n", 2)[2] == (
        "    The “optimal” policy isn’t far: π_r(y|x) = 1/Z(x) π_ref(y|x)\n\n"
        "    policy  │ score\n    optimal │ 27.3\n"
    )
    body = SOURCE.split("\n", 2)[2]
    mended = body.replace("‚Äú", "“").replace("‚Äù", "”").replace("‚Äô", "’").rstrip()
    raw = run("query", "optimal policy", "-k", "1", "--raw").out
    assert raw.split("\n", 2)[2].split() == mended.split()
    (hit,) = json.loads(run("query", "optimal policy", "-k", "1", "--json").out)
    assert hit["text"] == f"# Closed form\n\n{mended}"
    assert (hit["line_start"], hit["line_end"]) == (1, 8)
    for option, expected in (("--full", "1/Z(x)"), ("--raw", "\\frac{1}")):
        assert expected in run("query", "optimal policy", "-k", "1", option).out
        assert expected in run("show", "closed.md", *([option] if option == "--raw" else [])).out
