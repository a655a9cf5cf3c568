"""A model that a server runs: its vectors, and everything that a server may do wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from notesearch.embedding import ModelChoice, Precision, fingerprint_of, load_counter, load_embedder
from notesearch.embedding.endpoint_address import EndpointAddress, describe_sending, find_address
from notesearch.embedding.endpoint_requests import Patience
from notesearch.embedding.served_model import ServedEmbedder, estimate_tokens
from notesearch.errors import ModelError, NotesearchWarning
from tests.conftest import SHIPPED
from tests.embedding_server import KEY, EmbeddingServer, Handler, running_server

# A busy machine answers well within the second one.
QUICK = Patience(answer_s=0.3, tries=3, first_pause_s=0.01, longest_pause_s=5)
SOME = Patience(answer_s=3, tries=3, first_pause_s=0.01, longest_pause_s=5)
LONG = Patience(answer_s=30, tries=3, first_pause_s=0.01, longest_pause_s=5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingServer]:
    monkeypatch.setenv("NOTESEARCH_API_KEY", KEY)
    with running_server() as server:
        yield server


def opened(server: EmbeddingServer, patience: Patience = LONG, **more: Any) -> ServedEmbedder:
    choice = ModelChoice("openai:words", endpoint=server.endpoint, **more)
    return ServedEmbedder(choice, pytest.fail, lambda line: None, patience=patience)


def refusal(embedder: ServedEmbedder) -> str:
    """What the error says, which never holds the key, its traceback neither."""
    with pytest.raises(ModelError) as error:
        embedder.embed_query("a policy")
    assert KEY not in "".join(traceback.format_exception(error.value))
    return str(error.value)


# ------------------------------------------------------------ what it does


@pytest.mark.parametrize("in_base64", [True, False])
def test_vectors_are_those_of_the_server_at_length_1(server, in_base64):
    server.in_base64 = in_base64
    texts = ["policy reward", "graph graph image"]
    found = opened(server).embed_passages(texts)
    assert found.dtype == np.float32
    assert np.allclose(found, server.model.embed_passages(texts), atol=1e-6)
    assert np.allclose(opened(server).embed_query("robot"), server.model.embed_query("robot"))


def test_request_is_that_of_the_embeddings_api(server):
    opened(server).embed_passages(["one", "two"])
    (received,) = server.received
    assert (received.path, received.authorization) == ("/v1/embeddings", f"Bearer {KEY}")
    assert received.body == {
        "model": "words", "input": ["one", "two"], "encoding_format": "base64"
    }  # fmt: skip


def test_prompts_stand_before_the_texts(server):
    embedder = opened(server, query_prompt="query: ", passage_prompt="passage: ")
    embedder.embed_query("a")
    embedder.embed_passages(["b"])
    assert server.texts == ["query: a", "passage: b"]


def test_requests_are_bounded_and_answers_keep_the_order_of_all_texts(server):
    texts = [f"{'policy ' * (n % 5)}graph" for n in range(70)]
    found = opened(server).embed_passages(texts)
    assert [len(one.body["input"]) for one in server.received] == [32, 32, 6]
    assert np.allclose(found, server.model.embed_passages(texts), atol=1e-6)


def test_long_texts_come_in_smaller_requests(server):
    opened(server).embed_passages([" " * 30_000 + "graph", " " * 30_000 + "image", "robot"])
    assert [len(one.body["input"]) for one in server.received] == [1, 2]


def test_matryoshka_vectors_are_cut_and_scaled_here(server):
    found = opened(server, truncate_dim=2).embed_query("policy reward graph")
    assert np.allclose(found, [0.5**0.5, 0.5**0.5])
    assert "set it to less" in refusal(opened(server, truncate_dim=50))


def test_lone_surrogate_reaches_the_server_as_a_replacement(server):
    opened(server).embed_passages(["a \ud800 policy"])
    assert server.texts == ["a � policy"]


def test_long_question_is_cut_with_a_warning_and_a_long_passage_refused(server):
    choice = ModelChoice("openai:words", endpoint=server.endpoint)
    embedder = load_embedder(choice)
    with pytest.warns(NotesearchWarning, match="query of 1000 tokens: openai:words reads"):
        embedder.embed_query("a " * 1000)
    assert estimate_tokens(server.texts[0]) == embedder.max_tokens
    with pytest.raises(ModelError, match="about 1000 tokens"):
        embedder.embed_passages(["a " * 1000])


def test_estimate_is_rarely_less_than_what_a_tokenizer_counts():
    texts = [
        text[start : start + 1000]
        for text in (path.read_text(encoding="utf-8") for path in sorted(SHIPPED.rglob("*.md")))
        for start in range(0, len(text), 1000)
    ]
    counted = load_counter().count_many(texts)
    estimated = load_counter(
        ModelChoice("openai:x", endpoint="http://localhost/v1")
    ).count_many(texts)  # fmt: skip
    assert all(c <= 1.14 * e for c, e in zip(counted, estimated, strict=True))
    assert sum(c > e for c, e in zip(counted, estimated, strict=True)) < len(texts) / 50
    assert sum(estimated) < 1.6 * sum(counted)


# ------------------------------------------------------------ its name


def test_fingerprint_covers_name_endpoint_and_prompts_and_asks_nobody(server):
    choices = [
        ModelChoice("openai:words", endpoint=server.endpoint),
        ModelChoice("openai:other", endpoint=server.endpoint),
        ModelChoice("openai:words", endpoint="http://localhost:1/v1"),
        ModelChoice("openai:words", endpoint=server.endpoint, query_prompt="q: "),
        ModelChoice("openai:words", endpoint=server.endpoint, truncate_dim=4),
    ]
    names = [fingerprint_of(choice) for choice in choices]
    assert len(set(names)) == len(names)
    assert names[0] == opened(server).fingerprint
    assert KEY not in "".join(names)
    assert server.received == []


def test_another_key_is_the_same_model(server, monkeypatch):
    before = opened(server).fingerprint
    monkeypatch.setenv("NOTESEARCH_API_KEY", "sk-another")
    assert opened(server).fingerprint == before


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ModelChoice("openai:x"), "set endpoint beside model"),
        (ModelChoice("openai:x", endpoint="http://u:p4ss@host/v1"), "set endpoint beside model"),
        (ModelChoice(endpoint="http://localhost/v1"), "set model to openai:NAME"),
        (ModelChoice("openai:x", Precision.INT8, endpoint="http://a/v1"), "leave precision out"),
        (ModelChoice("openai:x", device="cuda", endpoint="http://a/v1"), "leave device out"),
        (ModelChoice("openai:x", revision="v1", endpoint="http://a/v1"), "leave revision out"),
    ],
)
def test_choice_that_cannot_be_is_an_error(choice, told):
    with pytest.raises(ModelError, match=told) as error:
        fingerprint_of(choice)
    assert "p4ss" not in str(error.value)


# ------------------------------------------------------------ its address and key


@pytest.mark.parametrize(
    ("url", "is_loopback"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://127.8.9.1:80", True),
        ("http://[::1]:8080/v1", True),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://localhost.example.org", False),
        ("http://192.168.1.5:8000/v1", False),
        ("https://api.openai.com/v1", False),
        ("http://2130706433/v1", False),
    ],
)
def test_what_leaves_the_machine_is_said_more_strongly(url, is_loopback):
    assert EndpointAddress(url).is_loopback == is_loopback
    line = describe_sending(ModelChoice("openai:x", endpoint=url))
    assert ("LEAVE THIS MACHINE" in line) == (not is_loopback)
    assert EndpointAddress(url).host in line
    assert ("unencrypted" in line) == (not is_loopback and url.startswith("http:"))


def test_key_of_openai_goes_to_openai_alone():
    def key_for(endpoint: str, **environment: str) -> str | None:
        choice = ModelChoice("openai:x", endpoint=endpoint)
        return find_address(choice, environment).key

    assert key_for("https://api.openai.com/v1", OPENAI_API_KEY="sk-o") == "sk-o"
    both = {"OPENAI_API_KEY": "sk-o", "NOTESEARCH_API_KEY": "sk-n"}
    assert key_for("https://api.openai.com/v1", **both) == "sk-n"
    for other in (
        "http://api.openai.com/v1",
        "https://api.openai.com.example.org/v1",
        "https://api.openai.com:444/v1",
        "http://localhost/v1",
    ):
        assert key_for(other, OPENAI_API_KEY="sk-o") is None


@pytest.mark.parametrize("key", ["a\nX-Other: b", "a b", "schlüssel"])
def test_key_that_no_header_carries_is_an_error_that_does_not_show_it(key):
    with pytest.raises(ModelError, match="NOTESEARCH_API_KEY: holds signs") as error:
        find_address(
            ModelChoice("openai:x", endpoint="http://localhost"), {"NOTESEARCH_API_KEY": key}
        )
    assert key not in str(error.value)


def test_address_shows_no_key():
    assert KEY not in repr(EndpointAddress("http://localhost", KEY))


def test_without_a_key_none_is_sent(server, monkeypatch):
    monkeypatch.delenv("NOTESEARCH_API_KEY")
    opened(server).embed_query("a")
    assert server.received[0].authorization is None


def test_proxy_of_the_environment_is_asked_for_other_machines_alone(server, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    opened(server).embed_query("a")
    choice = ModelChoice("openai:words", endpoint="http://embeddings.invalid/v1")
    found = load_embedder(choice).embed_query("policy")
    assert np.allclose(found, server.model.embed_query("policy"))
    paths = [one.path for one in server.received]
    assert paths == ["/v1/embeddings", "http://embeddings.invalid/v1/embeddings"]


# ------------------------------------------------------------ faults that pass


def refuse(code: int, body: object = b"", **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.send(code, body, **headers)


def hang(handler: Handler) -> None:
    handler.server.released.wait()


def drip(handler: Handler) -> None:
    """Send an answer a byte at a time, each sooner than a timeout of the socket would end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b"a")


def break_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')


def close(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "fault",
    [
        refuse(500, {"error": {"message": "out of memory"}}),
        refuse(503),
        refuse(429, {"error": "slow down"}, Retry_After="0"),
        refuse(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        refuse(429, Retry_After="soon"),
        break_off,
        close,
    ],
)
def test_what_passes_is_tried_again(server, fault):
    server.faults = [fault, fault]
    assert np.allclose(opened(server).embed_query("policy"), server.model.embed_query("policy"))
    assert len(server.received) == 3


@pytest.mark.slow
@pytest.mark.parametrize("fault", [hang, drip, drip_headers])
def test_answer_that_does_not_come_in_time_is_tried_again(server, fault):
    server.faults = [fault]
    assert np.allclose(
        opened(server, SOME).embed_query("policy"), server.model.embed_query("policy")
    )
    server.always = fault
    assert "gave no answer within 0.3 s, 3 times in a row" in refusal(opened(server, QUICK))


def test_server_is_waited_for_as_long_as_it_asks(server):
    said: list[str] = []
    server.faults = [refuse(429, {"error": {"message": "Rate limit"}}, Retry_After="1")]
    choice = ModelChoice("openai:words", endpoint=server.endpoint)
    ServedEmbedder(choice, pytest.fail, said.append, patience=LONG).embed_query("a")
    host = f"127.0.0.1:{server.server_port}"
    assert said == [
        f"{host} answers 429 Too Many Requests: Rate limit; trying again in 1 s"
    ]  # fmt: skip


def test_server_that_asks_for_hours_is_told_at_once(server):
    server.always = refuse(429, Retry_After="7200")
    assert "asks to wait 7,200 s; try again then" in refusal(opened(server))
    assert len(server.received) == 1


def test_fault_that_stays_ends_after_some_tries(server):
    server.always = refuse(500, {"error": {"message": "out of memory"}})
    told = refusal(opened(server))
    assert "answers 500 Internal Server Error: out of memory, 3 times in a row" in told
    assert len(server.received) == 3


# ------------------------------------------------------------ faults that stay


def answer(body: object) -> Callable[[Handler], None]:
    return refuse(200, body)


def rows(*embeddings: object) -> dict[str, object]:
    return {"data": [{"index": n, "embedding": e} for n, e in enumerate(embeddings)]}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (refuse(401, {"error": KEY}), "refuses the key (401); set its key in NOTESEARCH_API_KEY"),
        (refuse(403), "refuses the key (403)"),
        (
            refuse(404, {"error": {"message": 'model "words" not found, try pulling it first'}}),
            'answers 404 Not Found: model "words" not found, try pulling it first; set endpoint',
        ),
        (refuse(404, b"<html>no</html>"), "answers 404 Not Found; set endpoint with its /v1"),
        (refuse(400, {"error": f"bad key {KEY[:12]}"}), "answers 400 Bad Request to 1 texts"),
        (refuse(422, {"message": "too\nlong\x1b[31m"}), "Entity: too long [31m to 1 texts"),
        (refuse(307, Location="http://elsewhere.invalid/v1"), "redirects to elsewhere.invalid,"),
        (refuse(308, Location="http://[nowhere/v1"), "redirects, and texts are sent to no other"),
        (refuse(302, Location="/v2/embeddings"), "redirects, and texts are sent to no other"),
        (answer(b"hello"), "gave no JSON; is this the address"),
        (answer(b"\xff\xfe"), "gave no JSON"),
        (answer(b"[" * 100_000), "gave no JSON"),
        (answer([]), "gave no list of embeddings"),
        (answer({"data": [1]}), "gave no list of embeddings"),
        (answer(rows()), "gave 0 embeddings for 1 texts"),
        (answer(rows([1.0], [2.0])), "gave 2 embeddings for 1 texts"),
        (answer({"data": [{"index": 3, "embedding": [1]}]}), "which embedding is of which text"),
        (answer({"data": [{"index": [], "embedding": [1]}]}), "which embedding is of which text"),
        (answer(rows([1.0, float("nan")])), "values that are no numbers"),
        (answer(rows([1.0, 10**400])), "values that are no numbers"),
        (answer(b'{"data": [{"index": 0, "embedding": [1e999]}]}'), "values that are no numbers"),
        (answer(rows(["1", "2"])), "no list of numbers"),
        (answer(rows([True])), "no list of numbers"),
        (answer(rows("?")), "no base64 of numbers"),
        (answer(rows("AAAA")), "no base64 of numbers"),
        (answer(rows([])), "empty ones"),
        (answer(rows([0.0, 0.0])), "vectors of zeros"),
        (answer(b" " * 5_000_000), "answers with more than 557,056 bytes"),
    ],
)
def test_fault_is_told_at_once_with_what_helps(server, fault, told):
    server.always = fault
    assert told in refusal(opened(server))
    assert len(server.received) == 1


def test_missing_key_is_told(server, monkeypatch):
    monkeypatch.delenv("NOTESEARCH_API_KEY")
    server.always = refuse(401)
    assert "refuses a request without a key (401); set its key in" in refusal(opened(server))


def test_redirect_gets_neither_text_nor_key(server):
    with running_server() as other:
        for code in (301, 302, 303, 307, 308):
            server.faults = [refuse(code, Location=f"{other.endpoint}/embeddings")]
            assert f"redirects to 127.0.0.1:{other.server_port}" in refusal(opened(server))
        assert other.received == []


@pytest.mark.parametrize("value", [1e-300, 1e300])
def test_values_at_the_ends_of_a_float_are_scaled(server, value):
    server.always = answer(rows([value, value]))
    assert np.allclose(opened(server).embed_query("a"), [0.5**0.5, 0.5**0.5])


def test_vectors_of_several_lengths_in_one_answer_are_refused(server):
    server.always = answer(rows([1.0], [1.0, 2.0]))
    with pytest.raises(ModelError, match="embeddings of several lengths"):
        opened(server).embed_passages(["a", "b"])


def test_server_that_changes_its_dimension_is_told(server):
    embedder = opened(server)
    assert embedder.dimension == 9
    server.always = answer(rows([1.0, 2.0]))
    assert "gave 9 numbers for a text before, and 2 now" in refusal(embedder)


def test_nobody_at_the_address_is_told(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    choice = ModelChoice("openai:words", endpoint=f"http://127.0.0.1:{port}/v1")
    embedder = ServedEmbedder(choice, pytest.fail, pytest.fail, patience=LONG)
    assert "cannot be reached (Connection refused); start the server" in refusal(embedder)


def test_https_where_http_is_spoken_is_told(server):
    endpoint = server.endpoint.replace("http:", "https:")
    choice = ModelChoice("openai:words", endpoint=endpoint)
    embedder = ServedEmbedder(choice, pytest.fail, pytest.fail, patience=LONG)
    assert "speaks no TLS here" in refusal(embedder)
    assert server.received == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_certificate_that_nobody_signed_is_refused(server, tmp_path):
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    more = ("-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    where = ("-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem")
    subprocess.run([*made, *more, *where], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    endpoint = server.endpoint.replace("http:", "https:")
    choice = ModelChoice("openai:words", endpoint=endpoint)
    embedder = ServedEmbedder(choice, pytest.fail, pytest.fail, patience=LONG)
    assert "certificate that cannot be verified: self-signed certificate" in refusal(embedder)
    assert server.received == []
    # Named as trusted, it is taken, so that it was the check and nothing else that refused it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert np.allclose(embedder.embed_query("policy"), server.model.embed_query("policy"))


def test_request_at_work_is_stopped(server):
    server.always = hang
    embedder = opened(server)
    told: list[str] = []
    asking = threading.Thread(target=lambda: told.append(refusal(embedder)))
    asking.start()
    while not server.received:
        assert asking.is_alive()
        time.sleep(0.01)
    embedder.stop()
    asking.join(timeout=20)  # the request itself may take 30 s
    assert [line.partition("is ")[2] for line in told] == [
        "not waited for any more; run the command again"
    ]


def test_json_of_the_request_holds_any_text(server):
    text = 'say "policy" \\ \n\t é 漢 🤖'
    opened(server).embed_passages([text])
    assert server.texts == [text]
