"""Cell values and addresses as sheet XML spells them. Rows and columns count from 1, as in Excel."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, TypeAlias

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class CellError:
    """An error value in a cell, by its text: CellError("#DIV/0!")."""

    code: str

    def __str__(self) -> str:
        return self.code


Value: TypeAlias = float | str | bool | CellError | None
Spot: TypeAlias = tuple[int, int]


class Area(NamedTuple):
    """A rectangle of cells, its corners included."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def parse(cls, text: str) -> "Area":
        """The area that "B2:D9", "$B$2:$D$9" or "B2" names; ValueError when it names none."""
        first, colon, last = text.replace("$", "").partition(":")
        (top, left), (bottom, right) = spot(first), spot(last if colon else first)
        return cls(min(top, bottom), min(left, right), max(top, bottom), max(left, right))

    def holds(self, row: int, col: int) -> bool:
        """Whether the cell lies within."""
        return self.top <= row <= self.bottom and self.left <= col <= self.right

    def spots(self) -> Iterator[Spot]:
        """Every (row, col) within, row by row."""
        for row in range(self.top, self.bottom + 1):
            for col in range(self.left, self.right + 1):
                yield row, col

    @property
    def size(self) -> int:
        """The number of cells within."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)

    def __str__(self) -> str:
        first, last = address(self.top, self.left), address(self.bottom, self.right)
        return first if first == last else f"{first}:{last}"


def column_number(letters: str) -> int:
    """28 for "AB"; capital letters only."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """The letters "AB" for 28."""
    letters = ""
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def address(row: int, col: int) -> str:
    """The address "AB7" for row 7 and column 28."""
    return f"{column_letters(col)}{row}"


_ADDRESS = re.compile(r"([A-Za-z]{1,3})([1-9][0-9]{0,6})")


def spot(text: str) -> Spot:
    """(7, 28) for "AB7"; ValueError when the text is no address of a cell that a sheet can have."""
    match = _ADDRESS.fullmatch(text)
    if match:
        row, col = int(match[2]), column_number(match[1].upper())
        if row <= LAST_ROW and col <= LAST_COLUMN:
            return row, col
    raise ValueError(f"{text!r} is not the address of a cell; A1 to XFD1048576 are.")


# OOXML spells characters that XML forbids as _xHHHH_, and an underscore that would begin such a spelling as _x005F_.
_SPELLED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FORBIDDEN = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_TO_SPELL = re.compile(f"[{_FORBIDDEN}]|_(?=x[0-9A-Fa-f]{{4}}[_{_FORBIDDEN}])")
_SURROGATES = re.compile("[\ud800-\udfff]")


def unescaped(text: str) -> str:
    """The text that an OOXML string means: _x000D_ becomes a carriage return."""
    if "_x" not in text:
        return text
    text = _SPELLED.sub(lambda match: chr(int(match[1], 16)), text)
    if _SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def escaped(text: str) -> str:
    """The OOXML spelling of a text, not yet escaped for XML; `unescaped` gives the text back."""
    if "_x" not in text and text.isprintable():
        return text
    return _TO_SPELL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def xml_escaped(text: str) -> str:
    """The text with &, < and > escaped for the content of an XML element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def spelled_number(number: float) -> str:
    """The shortest text that reads back as the same number; ValueError for nan and the infinities."""
    number = float(number)
    if not math.isfinite(number):
        raise ValueError(f"A cell cannot hold {number}; write the error value #NUM! instead.")
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def read_number(text: str) -> float:
    """The number a cell's text means; ValueError for anything that XML does not call a finite decimal number."""
    number = float(text)
    if not math.isfinite(number) or "_" in text or not text.isascii():
        raise ValueError(f"{text[:40]!r} is not a number.")
    return number


def serial(text: str, date1904: bool = False) -> float:
    """The serial number of an ISO 8601 date, time or both, as cells of type "d" hold them; ValueError otherwise."""
    text = text.strip(" \t\n\r").removesuffix("Z").lstrip("T")
    if "-" not in text:
        clock, days = time.fromisoformat(text), 0
    else:
        moment = datetime.fromisoformat(text)
        clock = moment.timetz()
        days = moment.toordinal() - date(1904, 1, 1).toordinal()
        if not date1904:
            days += 1462 if days >= -1401 else 1461  # Excel's calendar of 1900 has a 29 February that never was
        if days < 0:
            raise ValueError(f"{text!r} lies before the first day that a workbook counts.")
    if clock.tzinfo is not None:
        raise ValueError(f"{text!r} names a time zone; dates in cells have none.")
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6
    return days + seconds / 86400
