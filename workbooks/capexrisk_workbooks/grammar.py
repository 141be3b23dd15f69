"""The fast way through a sheet: XML as nearly every program writes it, recognised by one regular expression a row.

The expression takes a row as a whole or not at all: `r` first on rows and cells, no whitespace between elements, no
prefix, comment, CDATA or character reference. Every byte of `<sheetData>` must be accounted for and a parser looks over
the rest of the part, so what is found is what an XML parser would find. Anything else goes the robust way, `events.py`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from capexrisk_workbooks.cells import LAST_COLUMN, LAST_ROW, Area, column_number
from capexrisk_workbooks.layout import MOST_CELLS, RawCell
from capexrisk_workbooks.markup import MAIN, MAIN_STRICT

_TEXT = rb"[^<&\x00-\x08\x0b-\x1f]*+(?:&(?:amp|lt|gt|quot|apos);[^<&\x00-\x08\x0b-\x1f]*+)*"
_ATTRIBUTES = rb'(?: (?!r=|xml)[A-Za-z][A-Za-z0-9:]*+="[^"<&\x00-\x1f]*+")*'
_START = (
    rb'<c r="(?P<col>[A-Z]{1,3})%s"(?: s="(?P<style>[0-9]{1,6})")?(?: t="(?P<type>[A-Za-z]++)")?'
    rb'(?P<dynamic> cm="[1-9][0-9]{0,6}")?(?: vm="[0-9]{1,6}")?(?: ph="[01]")?'
)
_FORMULA = (
    rb"<f(?P<attributes>" + _ATTRIBUTES + rb')(?P<kept_formula> xml:space="preserve")?'
    rb"(?: ?/>|>(?P<formula>" + _TEXT + rb")</f>)"
)
_VALUE = (
    rb'(?:<v(?P<kept> xml:space="preserve")?>(?P<value>' + _TEXT + rb")</v>|(?P<bare><v ?/>)|"
    rb'<is><t(?P<kept_inline> xml:space="preserve")?>(?P<inline>' + _TEXT + rb")</t></is>)?"
)


def _without_groups(pattern: bytes) -> bytes:
    return re.sub(rb"\(\?P<\w+>", b"(?:", pattern)


_ROW = re.compile(
    rb'<row r="(?P<number>[1-9][0-9]{0,6})"' + _ATTRIBUTES + rb"(?: ?/>|>(?:"
    + _without_groups(_START % rb"(?P=number)" + rb"(?: ?/>|>(?:" + _FORMULA + rb")?" + _VALUE + rb"</c>)")
    + rb")*</row>)"
)  # fmt: skip
_CELL = re.compile(_START % rb"(?P<row>[0-9]++)" + rb"(?: ?/>|>(?:" + _FORMULA + rb")?" + _VALUE + rb"</c>)")
_FORMULA_CELL = re.compile(_START % rb"(?P<row>[0-9]++)" + rb">" + _FORMULA + _VALUE + rb"</c>")
_REFERENCE = re.compile(rb'<c r="([A-Z0-9]++)')
_ENTITY = re.compile("&(amp|lt|gt|quot|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ATTRIBUTE = re.compile(rb' ([A-Za-z0-9:]+)="([^"]*)"')
_SPACE = " \t\n\r"


class PlainLayout(NamedTuple):
    """A sheet whose every cell the expression takes."""

    xml: bytes
    rows: dict[int, tuple[int, int]]
    data: tuple[int, int]

    def formula_cells(self) -> Iterator[RawCell]:
        """The cells that hold an <f>, in the order of the file."""
        return map(_raw, _FORMULA_CELL.finditer(self.xml, *self.data))

    def cells(self, area: Area | None = None) -> Iterator[RawCell]:
        """The cells that stand in an area, or all, in the order of the file."""
        if area is None:
            yield from map(_raw, _CELL.finditer(self.xml, *self.data))
            return
        for number, (start, end) in self.rows.items():
            if area.top <= number <= area.bottom:
                for match in _CELL.finditer(self.xml, start, end):
                    if area.left <= _column(match["col"]) <= area.right:
                        yield _raw(match)


def recognise(xml: bytes) -> PlainLayout | None:
    """The layout of a sheet in UTF-8, or None when it takes the robust way to read it."""
    opened = xml.find(b"<sheetData>")
    start, end = opened + len(b"<sheetData>"), xml.find(b"</sheetData>", opened)
    if opened < 0 or end < 0 or not _is_sound_around(xml, start, end):
        return None
    rows: dict[int, tuple[int, int]] = {}
    at = start
    while match := _ROW.match(xml, at, end):
        number = int(match["number"])
        if number in rows or number > LAST_ROW:
            return None
        rows[number] = at, match.end()
        at = match.end()
    if at != end or xml.find(b"]]>", start, end) >= 0 or xml.count(b"<c ", start, end) > MOST_CELLS:
        return None
    references = _REFERENCE.findall(xml, start, end)
    if len(set(references)) != len(references):
        return None
    return PlainLayout(xml, rows, (opened, end + len(b"</sheetData>")))


def _is_sound_around(xml: bytes, start: int, end: int) -> bool:
    """Whether all but the content of <sheetData> is well-formed, and <sheetData> where it belongs."""
    open_elements: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda name, _: open_elements.append(name)
    parser.EndElementHandler = lambda _: open_elements.pop()
    head = xml[:start]
    try:
        parser.Parse(head, False)
        if open_elements not in _PATHS or b"xml:space" in head:
            return False
        parser.StartElementHandler = parser.EndElementHandler = None
        parser.Parse(xml[end:], True)
    except expat.ExpatError:
        return False
    return True


_PATHS = [[f"{space} worksheet", f"{space} sheetData"] for space in (MAIN, MAIN_STRICT)]


def _raw(match: re.Match[bytes]) -> RawCell:
    (col, row, style, kind, dynamic, attributes, _, formula, kept, value, bare, kept_inline, inline) = match.groups()
    text = value if inline is None else inline
    if text is not None:
        text = _unescaped(text.decode())
        if not (kept or kept_inline):
            text = text.strip(_SPACE)
    elif bare is not None:
        text = ""
    return RawCell(
        int(row),
        _column(col),
        match.start(),
        match.end(),
        int(style) if style else 0,
        kind.decode() if kind else "n",
        dynamic is not None,
        None if attributes is None else _attributes(attributes),
        _unescaped(formula.decode()) if formula else "",
        text,
    )


@lru_cache(LAST_COLUMN)
def _column(letters: bytes) -> int:
    return column_number(letters.decode())


@lru_cache(1024)
def _attributes(spelled: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(spelled)}


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
