"""The fast way through XML of cells: as nearly every program writes it, recognised by regular expressions.

A row is taken as a whole or not at all: `r` first on rows and cells, no column beyond ZZ, no whitespace between
elements, no prefix, comment or CDATA. Every byte of `<sheetData>` must be accounted for and a
parser looks over the rest of the part, so what is found is what an XML parser would find. Anything else goes the robust
way, `events.py`. The same is done for the table of shared strings.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from capexrisk_workbooks.ooxml.cells import LAST_COLUMN, LAST_ROW, Area, Spot, column_number
from capexrisk_workbooks.ooxml.layout import MOST_CELLS, RawCell, RawValue
from capexrisk_workbooks.ooxml.markup import BLANKS, MAIN, MAIN_STRICT

PLAIN_TEXT = rb"[^<\x00-\x08\x0b-\x1f]*+"
"""The content of an element without others in it, as far as a regular expression can tell."""

KEPT = rb' xml:space="preserve"'
_ATTRIBUTES = rb'(?: (?!r=|xml)[A-Za-z][A-Za-z0-9:]*+="[^"<>&\x00-\x1f]*+")*'
_FORMULA = rb"<f" + _ATTRIBUTES + rb"(?:%b)?(?: ?/>|>%b</f>)" % (KEPT, PLAIN_TEXT)
_VALUE = rb"<v>%b</v>|<v(?:%b>%b</v>| ?/>)|<is><t(?:%b)?>%b</t></is>" % (
    PLAIN_TEXT,
    KEPT,
    PLAIN_TEXT,
    KEPT,
    PLAIN_TEXT,
)
_METADATA = rb'(?: cm="[1-9][0-9]{0,6}")?(?: vm="[0-9]{1,6}")?(?: ph="[01]")?'
_ROW = re.compile(
    rb'<row r="(?P<number>[1-9][0-9]{0,6})"(?P<rest>' + _ATTRIBUTES + rb")(?: ?/>|>(?:"
    rb'<c r="[A-Z]{1,2}(?P=number)"(?: s="[0-9]{1,6}")?(?: t="[A-Za-z]++")?(?:(?= [cvp])' + _METADATA + rb")?"
    rb"(?: ?/>|>(?:" + _FORMULA + rb")?(?:" + _VALUE + rb")?</c>))*</row>)"
)  # fmt: skip

# What follows reads what the expression above has taken, and can therefore be less strict.
_START = rb'<c r="([A-Z]++)([0-9]++)"([^<>]*+)>'
_READ_FORMULA = rb"<f([^<>]*+)>(?:([^<]*+)</f>)?"
_READ_VALUE = rb"(?:(?:<v|<is><t)([^<>]*+)>(?:([^<]*+)</)?(?:v>|t></is>)?)?(?:</c>)?"
_CELL = re.compile(_START + rb"(?:" + _READ_FORMULA + rb")?" + _READ_VALUE)
_FORMULA_CELL = re.compile(_START + _READ_FORMULA + _READ_VALUE)
_VALUE_CELL = re.compile(_START + rb"(?:<f[^<>]*+>(?:[^<]*+</f>)?)?(?:<v|<is><t)([^<>]*+)>(?:([^<]*+)</)?")
_ADDRESS = re.compile(rb'<c r="([A-Z0-9]++)')
_COLUMN = re.compile(rb'<c r="([A-Z]++)')
_DESCRIBED_FORMULA = re.compile(rb"<f [^<>]*+>")
_ATTRIBUTE = re.compile(rb' ([A-Za-z0-9:]+)="([^"]*)"')

_REFERENCES = re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
_REFERENCE = re.compile("&([^;]+);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class PlainLayout(NamedTuple):
    """A sheet whose every row the expression takes."""

    xml: bytes
    rows: dict[int, tuple[int, int]]
    data: tuple[int, int]

    def formula_cells(self) -> Iterator[RawCell]:
        """The cells that hold an <f>, in the order of the file."""
        return map(_raw, _FORMULA_CELL.finditer(self.xml, *self.data))

    def cells(self, area: Area | None = None) -> Iterator[RawCell]:
        """The cells that stand in an area, or all, in the order of the file."""
        for start, end in self._spans(area):
            for match in _CELL.finditer(self.xml, start, end):
                if area is None or area.left <= _column(match[1]) <= area.right:
                    yield _raw(match)

    def spans(self, area: Area) -> Iterator[tuple[Spot, int, int]]:
        """Row and column, start and end of each <c> element that stands in an area, in the order of the file."""
        for row, (start, end) in self.rows.items():
            if area.top <= row <= area.bottom:
                found = [(_column(match[1]), match.start()) for match in _COLUMN.finditer(self.xml, start, end)]
                ends = [at for _, at in found[1:]] + [end - len(b"</row>")]
                for (col, at), after in zip(found, ends, strict=False):  # a row without cells has an end all the same
                    if area.left <= col <= area.right:
                        yield (row, col), at, after

    def values(self, area: Area | None = None) -> Iterator[RawValue]:
        """The values that stand in an area, or all, in the order of the file."""
        left, right = (area.left, area.right) if area else (1, LAST_COLUMN)
        for start, end in self._spans(area):
            for letters, row, attributes, how, text in _VALUE_CELL.findall(self.xml, start, end):
                col = _column(letters)
                if left <= col <= right:
                    yield int(row), col, _described(attributes)[1], element_text(text, how)

    @property
    def extent(self) -> tuple[int, int]:
        """The last row and the last column in which a cell stands; (0, 0) when none does."""
        last = next(
            (number for number in sorted(self.rows, reverse=True) if self.xml.find(b"<c ", *self.rows[number]) > 0), 0
        )
        return last, max(map(_column, set(_COLUMN.findall(self.xml, *self.data))), default=0)

    def _spans(self, area: Area | None) -> list[tuple[int, int]]:
        if area is None:
            return [self.data]
        return [span for number, span in self.rows.items() if area.top <= number <= area.bottom]


def recognise(xml: bytes) -> PlainLayout | None:
    """The layout of a sheet in UTF-8, or None when it takes the robust way to read it."""
    opened = xml.find(b"<sheetData>")
    start, end = opened + len(b"<sheetData>"), xml.find(b"</sheetData>", opened)
    if opened < 0 or end < 0 or xml.find(b"sheetData", end + 12) >= 0:
        return None
    rows: dict[int, tuple[int, int]] = {}
    tags: set[bytes] = set()  # those that carry attributes of many kinds
    at = start
    while match := _ROW.match(xml, at, end):
        number = int(match["number"])
        if number in rows or number > LAST_ROW:
            return None
        rows[number] = at, match.end()
        tags.add(match["rest"])
        at = match.end()
    if at != end or not has_plain_text(xml, start, end):
        return None
    tags = {b"<row%b/>" % attributes for attributes in tags}
    tags |= {tag.rstrip(b"/>") + b"/>" for tag in set(_DESCRIBED_FORMULA.findall(xml, start, end))}
    if not _is_sound_around(xml, start, end, _SHEET, tags):
        return None
    addresses = _ADDRESS.findall(xml, start, end)
    if len(set(addresses)) != len(addresses) or len(addresses) > MOST_CELLS:
        return None
    return PlainLayout(xml, rows, (opened, end + len(b"</sheetData>")))


_STRING = re.compile(rb"<si><t(%b|)>(%b)</t></si>" % (KEPT, PLAIN_TEXT))


def recognise_strings(xml: bytes) -> list[str] | None:
    """The texts of a table of shared strings in UTF-8, or None when it takes the robust way to read them."""
    start, end = xml.find(b"<si>"), xml.find(b"</sst>")
    if not 0 <= start <= end or not _is_sound_around(xml, start, end, _STRINGS) or not has_plain_text(xml, start, end):
        return None
    found = _STRING.findall(xml, start, end)
    length = sum(len(how) + len(text) for how, text in found) + len(found) * len(b"<si><t></t></si>")
    return [element_text(text, how) for how, text in found] if length == end - start else None


_SHEET = [[f"{space} worksheet", f"{space} sheetData"] for space in (MAIN, MAIN_STRICT)]
_STRINGS = [[f"{space} sst"] for space in (MAIN, MAIN_STRICT)]


def _is_sound_around(xml: bytes, start: int, end: int, paths: list[list[str]], inside: Collection[bytes] = ()) -> bool:
    """Whether all but what stands from `start` to `end` is well-formed, and that stands where it belongs.

    `inside` are tags from there whose attributes the parser shall look at too.
    """
    opened: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda name, _: opened.append(name)
    parser.EndElementHandler = lambda _: opened.pop()
    head = xml[:start]
    try:
        parser.Parse(head, False)
        if opened not in paths or b"xml:space" in head:
            return False
        parser.StartElementHandler = parser.EndElementHandler = None
        parser.Parse(b"".join(inside), False)
        parser.Parse(xml[end:], True)
    except expat.ExpatError:
        return False
    return True


def has_plain_text(xml: bytes, start: int, end: int) -> bool:
    """Whether nothing stands there that only a parser reads rightly."""
    if xml.find(b"]]>", start, end) >= 0:
        return False
    count = xml.count(b"&", start, end)
    if not count:
        return True
    references = _REFERENCES.findall(xml, start, end)
    return len(references) == count and all(map(_is_lawful, set(references)))


def _is_lawful(reference: bytes) -> bool:
    """Whether a reference means a character that XML allows."""
    if not reference.startswith(b"&#"):
        return True
    code = _code(reference[1:-1].decode())
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


def _code(spelled: str) -> int:
    return int(spelled[2:], 16) if spelled.startswith("#x") else int(spelled[1:])


def _raw(match: re.Match[bytes]) -> RawCell:
    letters, row, described, attributes, formula, how, text = match.groups()
    style, kind, dynamic = _described(described)
    return RawCell._make(
        (
            int(row),
            _column(letters),
            *match.span(),
            style,
            kind,
            dynamic,
            None if attributes is None else _formula_attributes(attributes),
            _unescaped(formula.decode()) if formula else "",
            None if how is None else element_text(text or b"", how),
        )
    )


def element_text(spelled: bytes, how: bytes) -> str:
    """The text of an element, from its content and its attributes."""
    text = _unescaped(spelled.decode())
    return text if how == KEPT else text.strip(BLANKS)


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    return _REFERENCE.sub(_referred, text)


def _referred(match: re.Match[str]) -> str:
    name = match[1]
    return chr(_code(name)) if name.startswith("#") else _ENTITIES[name]


@lru_cache(LAST_COLUMN)
def _column(letters: bytes) -> int:
    return column_number(letters.decode())


@lru_cache(1024)
def _described(spelled: bytes) -> tuple[int, str, bool]:
    """Style, type and whether there is cell metadata, from a cell's attributes behind `r`."""
    attributes = dict(_ATTRIBUTE.findall(spelled))
    return int(attributes.get(b"s", 0)), attributes.get(b"t", b"n").decode(), b"cm" in attributes


@lru_cache(1024)
def _formula_attributes(spelled: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(spelled)}
