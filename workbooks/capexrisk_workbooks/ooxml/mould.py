"""What the sheets of all workbooks of one template have in common: everything but the values in their cells.

A sheet that was read with all care leaves its mould: its XML without types and values, byte for byte, and which cells
and formulas were found in it. Another sheet whose XML is the same without types and values has the same cells and
formulas in the same places, so only its values are still to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, final

from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value, read_number, unescaped
from capexrisk_workbooks.ooxml.grammar import PLAIN_TEXT, element_text, has_plain_text
from capexrisk_workbooks.ooxml.spelling import spelled_element

if TYPE_CHECKING:
    from capexrisk_workbooks.ooxml.sheet import Formula

MOST_MOULDS = 64
"""How many sheets are remembered; a template has seven, in two forms."""

LARGEST = 1_000_000
"""Bytes of a sheet; no template comes near."""

LONGEST_REMEMBERED = 2000
"""Bytes of a value; the values of a sheet with a longer one are read without remembering any."""

_ELEMENT = rb"(?:<v>%b</v>|<is><t>%b</t></is>)?+</c>" % (PLAIN_TEXT, PLAIN_TEXT)
_CELL = re.compile(
    rb'(<c r="[A-Z]++[1-9][0-9]*+"(?: s="[0-9]++")?+)((?: t="[A-Za-z]++")?+)((?:><f[^<>]*+>(?:[^<]*+</f>)?+)?+)'
    rb'((?<=")(?:/>|>%b)|(?<=>)%b)' % (_ELEMENT, _ELEMENT)
)
"""A cell in four pieces: its start, its type, its formula, and its value with the end of the cell."""

_START, _TYPE, _FORMULA, _REST, _STEP = 1, 2, 3, 4, 5
"""The places of a cell's pieces behind what stands before it, and how many pieces a cell adds."""

ReadOther: TypeAlias = Callable[[Spot, str, str], Value]
"""Reads what only the workbook can: the value of a cell by its place, type and text."""


@dataclass(frozen=True, eq=False)
class Mould:
    """The cells of a sheet, each with its number among them, and the formulas, their `value` always None.

    `filled` are the cells whose values formulas give: their own, and those of array formulas.
    """

    slots: Mapping[Spot, int]
    formulas: Mapping[Spot, Formula]
    hollow: tuple[Spot, ...]
    filled: frozenset[Spot]
    extent: Spot
    _within: dict[Area | None, Sequence[tuple[Spot, int]]] = field(default_factory=dict, repr=False)

    def within(self, area: Area | None) -> Sequence[tuple[Spot, int]]:
        """The cells that stand in an area, or all, each with its number."""
        if area not in self._within:
            if len(self._within) > 100:
                self._within.clear()
            self._within[area] = [item for item in self.slots.items() if area is None or area.holds(*item[0])]
        return self._within[area]


_moulds: dict[bytes, Mould] = {}


class Cast:
    """A sheet that fits a mould: which, and the pieces of its XML."""

    def __init__(self, mould: Mould, pieces: list[bytes]) -> None:
        self.mould, self._pieces = mould, pieces
        self._types, self._rests = pieces[_TYPE::_STEP], pieces[_REST::_STEP]
        longest = max(map(len, self._rests), default=0)
        self._meaning = _meaning if longest <= LONGEST_REMEMBERED else _meaning.__wrapped__

    def value(self, spot: Spot, read_other: ReadOther) -> Value:
        """The value of a cell that stands in the sheet."""
        slot = self.mould.slots[spot]
        value = self._meaning(self._types[slot], self._rests[slot])
        return read_other(spot, value.type, value.text) if isinstance(value, _Other) else value

    def values(self, area: Area | None, read_other: ReadOther) -> dict[Spot, Value]:
        """The values in an area, or all; blank cells are left out."""
        types, rests, meaning, found = self._types, self._rests, self._meaning, dict[Spot, Value]()
        for spot, slot in self.mould.within(area):
            value = meaning(types[slot], rests[slot])
            if type(value) is _Other:
                value = read_other(spot, value.type, value.text)
            if value is not None:
                found[spot] = value
        return found

    def spliced(self, values: Mapping[Spot, Value], read_other: ReadOther) -> bytes | None:
        """The XML with other values; b"" when they all stand there, None when it takes more than replacing values."""
        if not values.keys() <= self.mould.filled:
            return None
        slots, types, rests, meaning = self.mould.slots, self._types, self._rests, self._meaning
        changed: list[tuple[Spot, Value]] = []
        for spot, value in values.items():
            slot = slots[spot]
            old = meaning(types[slot], rests[slot])
            if (old != value or type(old) is not type(value)) and not is_same(self.value(spot, read_other), value):
                changed.append((spot, value))
        pieces = self._pieces.copy() if changed else []
        for spot, value in changed:
            if value is None:
                return None
            kind, element = spelled_element(value)
            at = slots[spot] * _STEP
            pieces[at + _TYPE] = b' t="%b"' % kind if kind else b""
            pieces[at + _REST] = (element if pieces[at + _FORMULA] else b">" + element) + b"</c>"
        return b"".join(pieces)


def cast(xml: bytes) -> Cast | None:
    """The sheet, in UTF-8, by its mould; None when that is not known."""
    if not _moulds or len(xml) > LARGEST:
        return None
    pieces = _pieces(xml)
    mould = _moulds.get(_key(pieces))
    return Cast(mould, pieces) if mould and _is_plain(b"".join(pieces[_REST::_STEP])) else None


def learn(
    xml: bytes,
    spots: Sequence[Spot],
    formulas: Mapping[Spot, Formula],
    hollow: tuple[Spot, ...],
    members: Collection[Spot],
    extent: Spot,
) -> None:
    """Remember a sheet in UTF-8 that was recognised as plain; `spots` are all its cells in the order of the file."""
    if len(xml) > LARGEST:
        return
    pieces = _pieces(xml)
    if len(spots) != len(pieces) // _STEP:
        return  # some cell is spelled in a way that its value cannot be taken out of
    blank = {spot: formula._replace(value=None) for spot, formula in formulas.items()}
    while len(_moulds) >= MOST_MOULDS:
        _moulds.pop(next(iter(_moulds)), None)
    slots = {spot: slot for slot, spot in enumerate(spots)}
    _moulds[_key(pieces)] = Mould(slots, blank, hollow, frozenset((*formulas, *members)), extent)


def is_same(one: Value, other: Value) -> bool:
    """Whether two values are equal, numbers being compared as numbers; no number is a truth value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def _pieces(xml: bytes) -> list[bytes]:
    return _CELL.split(xml)


def _is_plain(values: bytes) -> bool:
    return has_plain_text(values, 0, len(values))


def _key(pieces: list[bytes]) -> bytes:
    """All but types and values. A sheet that was recognised holds no zero byte, so its key tells its pieces apart."""
    fixed = (pieces[::_STEP], pieces[_START::_STEP], pieces[_FORMULA::_STEP])
    return b"\0".join((b"%d" % len(pieces), *(b"\0".join(part) for part in fixed)))


@final
@dataclass(frozen=True, slots=True)
class _Other:
    """A value that it takes the workbook to read, or that is none."""

    type: str
    text: str


@lru_cache(8192)
def _meaning(spelled_type: bytes, rest: bytes) -> Value | _Other:
    """What a type and a value with the end of its cell mean; None for a blank cell."""
    rest = rest.removeprefix(b">")
    if rest.startswith(b"<v>"):
        spelled = rest[len(b"<v>") : -len(b"</v></c>")]
    elif rest.startswith(b"<is>"):
        spelled = rest[len(b"<is><t>") : -len(b"</t></is></c>")]
    else:
        return None
    kind, text = spelled_type[len(b' t="') : -1].decode() or "n", element_text(spelled, b"")
    if kind in ("str", "inlineStr"):
        return unescaped(text)
    if kind == "e":
        return CellError(unescaped(text).strip())
    try:
        return read_number(text) if kind == "n" and text else None if kind == "n" else _Other(kind, text)
    except ValueError:
        return _Other(kind, text)
