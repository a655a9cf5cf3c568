"""Say where a server's embeddings API is, which key it is given, and what a person should know."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from notesearch.embedding.model_choice import ModelChoice, read_address
from notesearch.errors import ModelError

KEY_VARIABLE = "NOTESEARCH_API_KEY"
_OPENAI_VARIABLE = "OPENAI_API_KEY"  # it is sent to OpenAI, and to nobody else
_OPENAI = ("https", "api.openai.com")


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """A server's embeddings API, with the key for it, which is shown and stored nowhere."""

    url: str  # of the API, as the setting `endpoint` has it
    key: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """The host, with the port where the address names one."""
        return urlsplit(self.url).netloc

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent stays on this machine, as far as the address says."""
        name = urlsplit(self.url).hostname or ""
        if name == "localhost":
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:  # a name: whatever it may mean, it need not be this machine
            return False

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return urlsplit(self.url).scheme == "https"


def find_address(choice: ModelChoice, environment: Mapping[str, str]) -> EndpointAddress:
    """Return the address of the choice, with the key that the environment has for it.

    ModelError where the choice has none, and for a key that no header can carry.
    """
    url = read_address(choice.endpoint or "")
    if url is None:
        raise ModelError(
            f"model {choice.name}: needs the address of its server; set endpoint beside model, "
            "such as http://localhost:11434/v1"
        )
    parts = urlsplit(url)
    variable = KEY_VARIABLE
    if not environment.get(variable) and (parts.scheme, parts.netloc) == _OPENAI:
        variable = _OPENAI_VARIABLE
    key = environment.get(variable, "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ModelError(f"{variable}: holds signs that no key has; set it to the key alone")
    return EndpointAddress(url, key or None)


def describe_sending(choice: ModelChoice) -> str:
    """Return the warning that texts leave this process, and where they go."""
    address = find_address(choice, {})
    if address.is_loopback:
        return (
            f"the texts of the notes and the questions are sent to {address.host}, a server on "
            f"this machine, for the model {choice.name}"
        )
    way = "" if address.is_encrypted else ", unencrypted: whoever is on the way can read them"
    return (
        f"THE TEXTS OF THE NOTES AND ALL QUESTIONS LEAVE THIS MACHINE: they are sent to "
        f"{address.host} for the model {choice.name}{way}; to keep them here, set model to another"
    )
