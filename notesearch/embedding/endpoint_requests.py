"""Ask a server that speaks the OpenAI embeddings API for the vectors of texts.

Each request is bounded in texts, characters, time and the size of its answer. What may pass by
itself is tried again: a server that is busy, fails, or does not answer in time.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import numpy as np

from notesearch.embedding.endpoint_address import KEY_VARIABLE, EndpointAddress
from notesearch.embedding.endpoint_answer import UnusableAnswerError, read_reason, read_vectors
from notesearch.embedding.endpoint_connection import BoundedRequest
from notesearch.embedding.model_choice import SERVED_PREFIX
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPResponse

    from numpy.typing import NDArray

_TEXTS = 32  # text-embeddings-inference refuses more, unless it is told otherwise
_CHARACTERS = 50_000
# 16,384 numbers, written in 30 characters each, are as many as any known model gives.
_ANSWER_BYTES = 65_536
_ANSWER_BYTES_PER_TEXT = 16_384 * 30
_PIECE_BYTES = 65_536
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_PIECE_OF_KEY = 6  # characters of a key in a row that a message may not show


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for."""

    answer_s: float = 120.0  # Ollama may load some GB of a model before its first answer
    tries: int = 5
    first_pause_s: float = 1.0  # doubled before each further try
    longest_pause_s: float = 60.0


DEFAULT_PATIENCE = Patience()


class _TryAgainError(Exception):
    """A failure that may pass, with the pause that the server asked for."""

    def __init__(self, finding: str, pause_s: float | None = None) -> None:
        super().__init__(finding)
        self.pause_s = pause_s


class EndpointClient:
    """Sends texts to one server; safe to use from several threads, each with its own request."""

    def __init__(
        self,
        address: EndpointAddress,
        model: str,
        announce: Callable[[str], None],
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        """Name the model as the server does."""
        self._address = address
        self._model = model
        self._announce = announce
        self._patience = patience
        self._stopped = threading.Event()
        self._guard = threading.Lock()
        self._at_work: set[BoundedRequest] = set()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return (texts, dimension) float64, finite, in the order of the texts.

        ModelError where the server does not give them.
        """
        parts = [self._embed_with_patience(part) for part in batches(texts)]
        if len({part.shape[1] for part in parts}) > 1:
            self._fail("gives vectors of several lengths", "is its model being changed?")
        return np.concatenate(parts)

    def stop(self) -> None:
        """End what is at work in other threads with a ModelError, for good."""
        self._stopped.set()
        with self._guard:
            at_work = list(self._at_work)
        for bounded in at_work:
            bounded.cut_off()

    def _embed_with_patience(self, texts: Sequence[str]) -> NDArray[np.float64]:
        pause_s = self._patience.first_pause_s
        for tries_left in reversed(range(self._patience.tries)):
            try:
                return self._embed_once(texts)
            except _TryAgainError as failure:
                if self._stopped.is_set():
                    self._fail("is not waited for any more", "run the command again")
                if not tries_left:
                    self._fail(
                        f"{failure}, {self._patience.tries} times in a row",
                        "run the command again later; an update goes on where it was",
                    )
                wanted = max(pause_s, failure.pause_s or 0)
                if wanted > self._patience.longest_pause_s:
                    self._fail(f"{failure}, and asks to wait {wanted:,.0f} s", "try again then")
                self._announce(f"{self._address.host} {failure}; trying again in {wanted:.0f} s")
            self._stopped.wait(wanted)  # unlike time.sleep, it ends with `stop`
            pause_s *= 2
        raise AssertionError  # the last try has returned or failed

    def _embed_once(self, texts: Sequence[str]) -> NDArray[np.float64]:
        # OpenAI's own client asks for base64 too: a quarter of the bytes. Some servers know none.
        body = {"model": self._model, "input": list(texts), "encoding_format": "base64"}
        try:
            answer = self._post(json.dumps(body).encode(), len(texts))
            return read_vectors(answer, len(texts))
        except UnusableAnswerError as error:
            self._fail(str(error), "is this the address of an OpenAI embeddings API, with its /v1?")

    def _post(self, body: bytes, texts: int) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._address.key:
            headers["Authorization"] = f"Bearer {self._address.key}"
        request = urllib.request.Request(
            f"{self._address.url}/embeddings", body, headers, method="POST"
        )
        most = _ANSWER_BYTES + texts * _ANSWER_BYTES_PER_TEXT
        use_proxies = not self._address.is_loopback  # a proxy would look on its own machine
        with self._bounded() as bounded:
            try:
                with bounded.open(request, use_proxies=use_proxies) as response:
                    answer = self._read(response, most)
                    if bounded.is_over:  # what was read is a part
                        raise TimeoutError
                    return answer
            except urllib.error.HTTPError as refusal:
                with refusal:
                    self._explain_refusal(refusal, texts)
            except urllib.error.URLError as error:
                self._explain_failure(error.reason, bounded)
            except (OSError, HTTPException) as error:
                self._explain_failure(error, bounded)

    def _read(self, response: HTTPResponse, most: int) -> bytes:
        pieces, left = [], most
        while piece := response.read1(min(_PIECE_BYTES, left + 1)):
            left -= len(piece)
            if left < 0:
                self._fail(f"answers with more than {most:,} bytes", "mend endpoint or model")
            pieces.append(piece)
        if response.length:  # it ended before what its header says
            raise ConnectionResetError
        return b"".join(pieces)

    @contextmanager
    def _bounded(self) -> Iterator[BoundedRequest]:
        """Yield a request that `stop` cuts off."""
        bounded = BoundedRequest(self._patience.answer_s)
        with self._guard:
            self._at_work.add(bounded)
        try:
            if self._stopped.is_set():
                raise _TryAgainError("was stopped")
            with bounded:
                yield bounded
        finally:
            with self._guard:
                self._at_work.discard(bounded)

    # ------------------------------------------------------------ what went wrong

    def _explain_refusal(self, refusal: urllib.error.HTTPError, texts: int) -> NoReturn:
        code = refusal.code
        try:
            reason = read_reason(refusal.read(10_000))
        except (OSError, HTTPException):
            reason = ""
        said = f"{code} {_phrase(code)}" + (f": {reason}" if self._may_show(reason) else "")
        if code in _AGAIN:
            raise _TryAgainError(f"answers {said}", _pause_asked(refusal.headers))
        if code in {401, 403}:
            refused = "the key" if self._address.key else "a request without a key"
            self._fail(f"refuses {refused} ({code})", f"set its key in {KEY_VARIABLE}")
        if 300 <= code < 400:
            there = _host_in(refusal.headers.get("Location") or "")
            to = f" to {ascii(there[:80])[1:-1]}" if self._may_show(there) else ""
            self._fail(
                f"redirects{to}, and texts are sent to no other address than the endpoint",
                "set endpoint to where it leads, if you trust that",
            )
        if code == HTTPStatus.NOT_FOUND:
            self._fail(
                f"answers {said}",
                "set endpoint with its /v1, and model as the server names it",
            )
        self._fail(
            f"answers {said} to {texts} texts",
            "mend model; where it finds texts too long, set passage_tokens to less",
        )

    def _explain_failure(self, error: object, bounded: BoundedRequest) -> NoReturn:
        if isinstance(error, ssl.SSLCertVerificationError):
            self._fail(
                f"has a certificate that cannot be verified: {error.verify_message}",
                "mend endpoint, or name the certificate in SSL_CERT_FILE",
            )
        if bounded.is_over or isinstance(error, TimeoutError):
            raise _TryAgainError(f"gave no answer within {self._patience.answer_s:g} s")
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            self._fail(
                f"cannot be reached ({error.strerror})", "start the server, or mend endpoint"
            )
        if isinstance(error, ssl.SSLError):
            self._fail(f"speaks no TLS here ({error.reason})", "mend endpoint: http or https?")
        told = error.strerror if isinstance(error, OSError) and error.strerror else ""
        raise _TryAgainError("broke off" + (f" ({told})" if self._may_show(told) else ""))

    def _may_show(self, text: str) -> bool:
        """Return whether a text that came from outside is something, and holds none of the key."""
        key = self._address.key or ""
        pieces = {key[at : at + _PIECE_OF_KEY] for at in range(len(key) - _PIECE_OF_KEY + 1)}
        return bool(text) and not any(piece in text for piece in pieces or {key} - {""})

    def _fail(self, finding: str, remedy: str) -> NoReturn:
        place = f"model {SERVED_PREFIX}{self._model}: the server {self._address.host}"
        # Without what led to it: a server may have put the key into its words.
        raise ModelError(f"{place} {finding}; {remedy}") from None


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts in their order, as many at a time as one request may hold."""
    start, characters = 0, 0
    for position, text in enumerate(texts):
        is_full = position - start == _TEXTS or characters + len(text) > _CHARACTERS
        if is_full and position > start:
            yield texts[start:position]
            start, characters = position, 0
        characters += len(text)
    if start < len(texts):
        yield texts[start:]


def _host_in(location: str) -> str:
    """Return the host that a redirect leads to; "" for the same host, or for nonsense."""
    try:
        return urlsplit(location).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "(a code of its own)"


def _pause_asked(headers: Message) -> float | None:
    """Return the seconds that Retry-After asks for, as a number or a date; None for neither."""
    value = (headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    with suppress(ValueError, TypeError, OverflowError):
        when = parsedate_to_datetime(value)
        if when.tzinfo is not None:
            return max(0.0, (when - datetime.now(UTC)).total_seconds())
    return None
