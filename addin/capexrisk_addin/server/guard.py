"""What stands before the application: who may ask, how much may be sent, and what every answer carries."""

from __future__ import annotations

import asyncio
import json
import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from capexrisk_addin.server.address import Address
from capexrisk_addin.server.payload import MOST_BYTES

PATIENCE = 15.0
"""Seconds in which a request's body must have arrived."""

FAILED = "The server failed for a reason of its own; its log says more."

POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # office.js sets styles of its own
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
"""What pages may load and whom they may talk to: this server alone, office.js's telemetry included."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",  # Excel on the web shows the pane and its icons inside its own page
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Permitted-Cross-Domain-Policies": "none",
}
FOR_EVER, ASK_AGAIN, KEEP_NOTHING = "public, max-age=31536000, immutable", "no-cache", "no-store"
VERSIONED = "/static/vendor/"

_log = logging.getLogger(__name__)


class Guard:
    """An ASGI application around another one: refuses what is not for it, never shows a traceback."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(scope["path"], self.address.secure, send)
        refusal = self._refusal(scope)
        if refusal is None and scope["method"] not in ("GET", "HEAD"):
            refusal, body = await _body(scope, receive)
            receive = _replayed(body, receive)
        if refusal is not None:
            await answer.refuse(*refusal)
            return
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            _log.exception("A request for %r failed", scope["path"])
            if not answer.started:
                await answer.refuse(500, FAILED)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self.address.answers(host):
            return 421, f"This server is {self.address}, not {host[:100]!r}."
        if scope["method"] in ("GET", "HEAD"):
            return None
        if origin is not None and not self.address.allows(origin, host):
            return 403, f"Pages of {origin[:100]!r} may not use this server."
        return None


async def _body(scope: Scope, receive: Receive) -> tuple[tuple[int, str] | None, bytes]:
    """Give a request's body, or why it is refused."""
    headers = Headers(scope=scope)
    too_large = (413, f"The request is larger than {MOST_BYTES:,} bytes, more than any review needs.")
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 12 or int(declared) > MOST_BYTES:
        return too_large, b""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return (400, "The request ended before it was whole."), b""
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BYTES:
                    return too_large, b""
                if not message.get("more_body"):
                    break
    except TimeoutError:
        return (408, f"The request did not arrive within {PATIENCE:g} seconds."), b""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if size and kind != "application/json":
        return (415, "The request must be JSON (Content-Type: application/json)."), b""
    return None, b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def first_the_body() -> Message:
        return messages.pop() if messages else await receive()

    return first_the_body


class _Answer:
    """Sends an answer with our headers, and knows whether it has begun."""

    def __init__(self, path: str, secure: bool, send: Send) -> None:
        self.path, self.secure, self.started, self._send = path, secure, False, send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if self.secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            headers["Cache-Control"] = self._keeping(message["status"])
        await self._send(message)

    async def refuse(self, status: int, sentence: str) -> None:
        body = json.dumps({"error": sentence}, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if status in (408, 413):
            headers.append((b"connection", b"close"))  # the rest of the body is not read
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _keeping(self, status: int) -> str:
        if status not in (200, 304) or not self.path.startswith("/static/"):
            return KEEP_NOTHING
        return FOR_EVER if self.path.startswith(VERSIONED) else ASK_AGAIN
