"""Under which address people reach the server, and which requests are meant for it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from capexrisk import InputError

VARIABLE = "CAPEXRISK_SERVER_URL"
"""How the address reaches the worker processes."""


@dataclass(frozen=True)
class Address:
    """The server's public address, such as https://capex.bank.example or http://localhost:8765."""

    scheme: str
    host: str
    netloc: str

    @staticmethod
    def of(url: str) -> Address:
        """Read an address; raises InputError for anything but scheme, host and port."""
        try:
            parts = urlsplit(url.removesuffix("/"))
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            whole = f"{parts.scheme}://{parts.netloc}"
        except ValueError:
            known, parts, whole = False, urlsplit(""), ""
        if not known or whole != url.removesuffix("/") or "@" in whole:
            raise InputError(f"{url!r} is not an address of a server; give one such as https://capex.bank.example.")
        return Address(parts.scheme, (parts.hostname or "").lower(), parts.netloc.lower())

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def secure(self) -> bool:
        """Whether it is HTTPS, which Excel demands."""
        return self.scheme == "https"

    def answers(self, host: str) -> bool:
        """Whether a request's Host header names this server, or this machine (a proxy or monitor beside it)."""
        name = _hostname(host)
        return name == self.host or is_loopback(name)

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may post: this server's own, or the same loopback address as asked for."""
        if origin.lower() == str(self):
            return True
        netloc = urlsplit(origin).netloc if "://" in origin else ""
        return bool(netloc) and netloc == host and is_loopback(_hostname(netloc))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine and reachable from it alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hostname(netloc: str) -> str:
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""
