"""What a page of another site, a stranger or a broken client gets: a plain refusal."""

from __future__ import annotations

import socket

import pytest

from notesearch import UsageError
from notesearch.web import server as server_module
from notesearch.web.guard import MAX_BODY, MAX_TARGET, Guard
from notesearch.web.server import bind
from tests.web.running import running

TOKEN = "a-token-nobody-guesses"
EVIL = "http://evil.example"


def host_line(host: str, port: int) -> bytes:
    return f"GET /state HTTP/1.1\r\nHost: {host.format(port=port)}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"]
)
def test_names_of_this_machine_are_answered(page, host):
    assert page.send(host_line(host, page.port)).startswith(b"200 ")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "localhost", "127.0.0.1", "localhost:1",
     "localhost.evil.example:{port}", "localhost:{port}.evil.example",
     "127.0.0.1:{port}@evil.example", "0.0.0.0:{port}", "127.1:{port}",
     "2130706433:{port}", "localhost.:{port}", "[::ffff:127.0.0.1]:{port}"],
)  # fmt: skip
def test_another_name_is_misdirected(page, host):
    """A name of another site may lead to this address: DNS rebinding."""
    assert page.send(host_line(host, page.port)).startswith(b"421 ")


def test_request_names_one_host(page):
    mine = f"Host: localhost:{page.port}\r\n".encode()
    assert page.send(b"GET / HTTP/1.1\r\n" + mine + b"Host: evil.example\r\n\r\n")[:3] == b"400"
    assert page.send(b"GET / HTTP/1.1\r\n\r\n")[:3] == b"400"
    assert page.send(b"GET / HTTP/1.0\r\n\r\n")[:3] == b"400"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Origin": EVIL}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": "https://localhost:{port}"}, 403),
        ("POST", {"Origin": "http://localhost:1"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
                  "Sec-Fetch-Dest": "document"}, 403),
        ("GET", {"Origin": EVIL}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors",
                 "Sec-Fetch-Dest": "image"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
                 "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
                 "Sec-Fetch-Dest": "document"}, 200),
        ("GET", {"Sec-Fetch-Site": "none"}, 200),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:{port}"}, 200),
    ],
)  # fmt: skip
def test_other_sites_send_nothing_here(page, method, headers, status):
    path = "/update" if method == "POST" else "/?q=reward"
    given = {name: value.format(port=page.port) for name, value in headers.items()}
    assert page.request(method, path, given).status == status


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MADE-UP"]
)
@pytest.mark.parametrize("path", ["/", "/api/search?q=reward", "/note/rl/dpo.md", "/state"])
def test_other_methods_are_not_allowed(page, method, path):
    got = page.request(method, path)
    assert got.status == 405
    assert "access-control-allow-origin" not in got.headers


@pytest.mark.parametrize(
    "path",
    ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..%2fpages.py",
     "/static/%252e%252e/pages.py", "/static//etc/passwd", "/static/..\\pages.py", "/static/",
     "/note/../../../etc/passwd", "/note/%2e%2e/%2e%2e/etc/passwd", "/note//etc/passwd",
     "/note/%00", "/api/note/..%2f..%2fetc%2fpasswd", "/nowhere", "/.git/config"],
)  # fmt: skip
def test_no_path_leads_out(page, path):
    got = page.get(path)
    assert got.status == 404
    assert b"root:" not in got.body
    assert b"import" not in got.body


def test_what_is_too_large_is_refused(page):
    assert page.get("/?q=" + "x" * MAX_TARGET).status == 414
    assert page.get("/?q=" + "x" * 2500).status == 400
    assert page.get("/api/search?q=" + "x" * 2500).status == 400
    assert page.get("/", x_long="x" * (64 << 10)).status == 431
    length = {"Content-Length": str(MAX_BODY + 1)}
    assert page.request("POST", "/update", length).status == 413


@pytest.mark.parametrize("length", [b"-1", b"abc", b"9" * 30, b"1\xb2"])
def test_length_of_a_body_is_a_number(page, length):
    host = f"Host: localhost:{page.port}\r\n".encode()
    raw = b"POST /update HTTP/1.1\r\n" + host + b"Content-Length: " + length + b"\r\n\r\n"
    assert page.send(raw)[:3] in (b"400", b"413")


def test_no_page_is_kept_framed_or_fed_from_elsewhere(page):
    for path in ("/", "/?q=reward", "/nowhere", "/api", "/static/page.js", "/note/rl/dpo.md"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "rest",
    [
        b"GET / HTTP/1.1\r\nHos",
        b"POST /mcp HTTP/1.1\r\nContent-Length: 9\r\nHost: localhost:%d\r\n\r\n",
    ],
    ids=["headers", "body"],
)
@pytest.mark.parametrize("first", [False, True], ids=["second request", "first request"])
def test_client_that_does_not_go_on_is_let_go(page, monkeypatch, first, rest):
    monkeypatch.setattr(server_module, "_SECONDS_FOR_REQUEST", 0.2)
    with socket.create_connection(("127.0.0.1", page.port), timeout=60) as client:
        if not first:
            client.sendall(b"GET /keys HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % page.port)
            assert client.recv(10_000).startswith(b"HTTP/1.1 404")
        client.sendall(rest % page.port if b"%d" in rest else rest)
        while client.recv(10_000):
            pass  # until the server closes


# ------------------------------------------------------------ other machines


def test_address_for_others_needs_a_token():
    with pytest.raises(UsageError, match="give a --token"):
        bind("0.0.0.0", 0, None)
    with pytest.raises(ValueError, match="needs a token"):
        Guard(lambda *_: None, hosts=None)


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "with spaces in it", "semi;colon;token;"])
def test_token_is_hard_to_guess(token):
    with pytest.raises(UsageError, match="16 or more"):
        bind("127.0.0.1", 0, token)


def test_token_opens_once_and_is_kept_in_a_cookie(page):
    with running(page.index, token=TOKEN) as guarded:
        assert guarded.get("/").status == 401
        assert guarded.get("/", Authorization="Bearer wrong").status == 401
        assert guarded.get("/api/tags", Authorization=f"Bearer {TOKEN}").status == 200
        got = guarded.get(f"/?q=reward&token={TOKEN}", Host="my-desk.example")
        assert (got.status, got.headers["location"]) == (303, "/?q=reward")
        cookie = got.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        kept = cookie.partition(";")[0]
        assert guarded.get("/?q=reward", Cookie=kept).status == 200
        assert guarded.get("/", Cookie="notesearch=wrong").status == 401
        assert guarded.get(f"//evil.example?token={TOKEN}").headers["location"] == "/evil.example"
        assert guarded.get("/?token=wrong").status == 401


def test_token_is_no_leave_for_other_sites(page):
    with running(page.index, token=TOKEN) as guarded:
        cookie = {"Cookie": f"notesearch={TOKEN}", "Origin": EVIL}
        assert guarded.request("POST", "/update", cookie).status == 403


# ------------------------------------------------------------ the address


def test_answers_are_sent_at_once(page):
    """A socket without its protocol would wait for the client to ask for more: 40 ms."""
    with bind("127.0.0.1", 0, None) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("127.0.0.1", "port {port} is taken, perhaps by another notesearch serve"),
        ("no such host", "no such host is no address of this machine"),
        ("192.0.2.1", "192.0.2.1:{port} cannot be served"),
    ],
)
def test_address_that_cannot_be_had_is_named(page, host, message):
    token = None if host == "127.0.0.1" else TOKEN
    with pytest.raises(UsageError, match=message.format(port=page.port)):
        bind(host, page.port, token)


def test_more_requests_at_once_than_are_taken_are_told_so(page, monkeypatch):
    monkeypatch.setattr("notesearch.web.guard.MOST_AT_ONCE", 0)
    got = page.get("/api/tags")
    assert (got.status, got.json) == (503, {"error": "too many requests"})
