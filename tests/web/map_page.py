"""A page with the map alone, under the strictest policy, served from any free port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import notesearch

STATIC = Path(notesearch.__file__).parent / "web/static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Map</title>
<link rel="stylesheet" href="/page.css"><link rel="stylesheet" href="/static/map.css">
<link rel="icon" href="data:,"></head><body><main><h1>Map</h1>
<canvas id="map" data-source="/api/map"></canvas></main>
<script type="module" src="/static/map.js"></script></body></html>"""
STYLE = """:root { color-scheme: light dark; --ink: #1c1b1a; --paper: #fdfcf9; --accent: #a03a13;
  --muted: #6b6862; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e4dc; --paper: #171614; --accent: #f0a37a;
  --muted: #a19c93; } }
body { margin: 0 1.5rem; background: var(--paper); color: var(--ink); font-family: sans-serif; }
"""
KINDS = {".js": "text/javascript", ".css": "text/css"}


@contextmanager
def serve_map(drawn: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the address of the page, and what it serves under /api/map, which may be changed."""
    served = {"map": drawn}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/":
                self.give("text/html", PAGE.encode())
            elif path == "/page.css":
                self.give("text/css", STYLE.encode())
            elif path.startswith("/note/"):
                self.give("text/html", b"<title>A note</title>")
            elif path == "/api/map" and served["map"] is not None:
                self.give("application/json", json.dumps(served["map"]).encode())
            elif path.startswith("/static/") and (file := STATIC / path[8:]).is_file():
                self.give(KINDS[file.suffix], file.read_bytes())
            else:
                self.send_error(503)

        def give(self, kind: str, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
