"""Open one HTTP request that ends in time, follows no redirect, and can be cut off."""

from __future__ import annotations

import socket
import ssl
import threading
import urllib.request
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any


class BoundedRequest:
    """A request that is cut off when its time is over, however slowly its answer drips.

    A timeout of the socket alone would begin anew with every byte.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self.cut_off)
        self._timer.daemon = True

    def __enter__(self) -> BoundedRequest:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def open(self, request: urllib.request.Request, *, use_proxies: bool) -> HTTPResponse:
        """Send the request; urllib.error.HTTPError also for a redirect.

        Proxies are those of the environment.
        """
        opener = urllib.request.OpenerDirector()
        handlers = (
            urllib.request.ProxyHandler(None if use_proxies else {}),
            _PlainHandler(self._keep),
            _EncryptedHandler(self._keep),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        )
        for handler in handlers:
            opener.add_handler(handler)
        response: HTTPResponse = opener.open(request, timeout=self._seconds)
        return response

    def cut_off(self) -> None:
        """End the request, from another thread."""
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):  # it has ended by itself
                # The base class's own: a thread reads, and must find the TLS of an SSLSocket whole.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _keep(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.is_over:
            self.cut_off()


class _Plain(HTTPConnection):
    def __init__(self, *arguments: Any, keep: Any, **options: Any) -> None:  # noqa: ANN401 - as of http.client
        super().__init__(*arguments, **options)
        self._keep = keep

    def connect(self) -> None:
        super().connect()
        self._keep(self.sock)


class _Encrypted(_Plain, HTTPSConnection):
    pass


class _PlainHandler(urllib.request.HTTPHandler):
    def __init__(self, keep: Any) -> None:  # noqa: ANN401 - see above
        super().__init__()
        self._make = partial(_Plain, keep=keep)

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self._make, req)


class _EncryptedHandler(urllib.request.HTTPSHandler):
    def __init__(self, keep: Any) -> None:  # noqa: ANN401 - see above
        super().__init__()
        self._make = partial(_Encrypted, keep=keep, context=ssl.create_default_context())

    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self._make, req)
