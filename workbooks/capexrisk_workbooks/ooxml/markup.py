"""XML of strangers: UTF-8 or UTF-16, without document type or entities of its own."""

import re
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree

from capexrisk_workbooks.ooxml.unusable import TooLarge, Unreadable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MAIN_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
BLANKS = " \t\n\r"  # what XML calls whitespace
MOST_STRUCTURE = 16_000_000  # bytes of a part that is held as a tree

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")


class Markup(NamedTuple):
    """A part as UTF-8, and the codec that gives back the bytes it was stored in."""

    utf8: bytes
    codec: str

    def stored(self, utf8: bytes) -> bytes:
        """The bytes to store for another UTF-8 text in the encoding of this part."""
        return utf8 if self.codec == "utf-8" else utf8.decode().encode(self.codec)


def read_markup(data: bytes, part: str) -> Markup:
    """The part's text as UTF-8; Unreadable for other encodings and for document types, which OOXML forbids."""
    codec = "utf-8"
    if data.startswith((b"\xff\xfe", b"<\0")):
        codec = "utf-16-le"
    elif data.startswith((b"\xfe\xff", b"\0<")):
        codec = "utf-16-be"
    try:
        text = data.decode(codec)
        utf8 = data if codec == "utf-8" else text.encode()
    except UnicodeError:
        raise Unreadable(f"The part {part} is not the text that it says it is. Save the workbook anew.") from None
    declared = _DECLARED.match(utf8.removeprefix(b"\xef\xbb\xbf"))
    if codec == "utf-8" and declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        name = declared[1].decode("ascii", "replace")
        raise Unreadable(
            f"The part {part} is written in {name}; workbooks are in UTF-8 or UTF-16. Save it anew in Excel."
        )
    if b"<!DOCTYPE" in utf8:
        raise Unreadable(f"The part {part} holds a document type definition, which no workbook has; it is not opened.")
    return Markup(utf8, codec)


def read_tree(data: bytes, part: str) -> ElementTree.Element:
    """The root element of a small part of the workbook's structure."""
    if len(data) > MOST_STRUCTURE:
        raise TooLarge(f"The part {part} has {len(data):,} bytes; at most {MOST_STRUCTURE:,} are read.")
    parser = ElementTree.XMLParser(encoding="utf-8")
    try:
        parser.feed(read_markup(data, part).utf8)
        return parser.close()
    except ElementTree.ParseError as error:
        raise malformed(part, error) from None


def known_tree(data: bytes, part: str) -> ElementTree.Element:
    """As `read_tree`, from memory for what the workbooks of one template have in common; not to be changed."""
    return _tree(data, part) if len(data) <= _COMMON else read_tree(data, part)


_COMMON = 50_000  # bytes
_tree = lru_cache(16)(read_tree)


def malformed(part: str, error: Exception) -> Unreadable:
    """The exception for a part that is not well-formed."""
    return Unreadable(f"The part {part} is damaged: {error}. Open the workbook in Excel and save it anew.")
