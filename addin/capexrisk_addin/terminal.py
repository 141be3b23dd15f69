"""The terminal: what comes from files is shown as text, and nothing in it steers the terminal or the eye.

Escape sequences and other control characters are left out, and so are the characters that turn the direction of
writing; halves of characters, which no terminal takes, become question marks.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_LEFT_OUT = re.compile(f"[{_STEERING}]")
_HALVES = re.compile("[\ud800-\udfff]")
_IN_JSON = re.compile(f"[{_STEERING}\ud800-\udfff]")


def harmless(text: str) -> str:
    """Give text without what steers a terminal; line ends and tabs stay."""
    return _HALVES.sub("?", _LEFT_OUT.sub("", text))


def one_line(text: str) -> str:
    """Give text that starts no line of its own: line ends are shown as \\n."""
    return text.replace("\r", "").replace("\n", "\\n")


def harmless_json(text: str) -> str:
    """Give JSON that means the same, with what steers a terminal spelled as \\uXXXX; line ends between items stay."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class HarmlessFormatter(logging.Formatter):
    """Formats lines of a log: text from files steers no terminal that shows the log, and starts no line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name that logging calls)
        """Give one line."""
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Give the line with what belongs to it, such as a traceback."""
        return harmless(super().format(record))


def console(stderr: bool = False) -> Console:
    """Give the console that pages are printed on."""
    return _console_class()(stderr=stderr)


@cache
def _console_class() -> type[Console]:
    """Make the class when it is needed first: rich takes its time to load."""
    from rich.console import Console
    from rich.segment import Segment

    class HarmlessConsole(Console):
        """A console that cleans every piece of text on its way out; its own colours and links are no text."""

        def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
            for segment in super().render(*arguments, **options):
                if segment.control:
                    yield segment
                else:
                    yield Segment(harmless(segment.text), segment.style)

    return HarmlessConsole
