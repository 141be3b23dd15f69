"""What the sheets of all workbooks of one template have in common: everything but the values in their cells.

A sheet that was read with all care leaves its mould: its XML cell by cell, and which cells and formulas were found in
it. Another sheet whose XML is the same but for types and values has the same cells and formulas in the same places, so
only the values that differ are still to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from math import isfinite
from operator import ne
from typing import TypeAlias, final

from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value, read_number, unescaped
from capexrisk_workbooks.ooxml.formula import Formula
from capexrisk_workbooks.ooxml.grammar import KEPT, PLAIN_TEXT, element_text, has_plain_text
from capexrisk_workbooks.ooxml.spelling import spelled_element

MOST_MOULDS = 64
"""How many sheets are remembered; a template has seven, in two forms."""

LARGEST = 1_000_000
"""Bytes of a sheet; no template comes near."""

LONGEST_REMEMBERED = 2000
"""Bytes of a value; a longer one is read each time."""

_CELL = b"<c "
"""What every cell begins with, and nothing else in a sheet that was recognised as plain."""

_PIECE = re.compile(
    rb'(r="[A-Z]++[1-9][0-9]*+"(?: s="[0-9]++")?+)((?: t="[A-Za-z]++")?+)'
    rb'((?:(?: (?:cm|vm|ph)="[0-9]++")*+><f[^<>]*+>(?:[^<]*+</f>)?+)?+)'
    rb"((?:/>|>)?+(?:<(?:v|is)\b.*?</c>|</c>)?+)(.*+)",
    re.DOTALL,
)
"""A cell behind `<c `, in its start, its type, its formula, its value with the end of the cell, and what follows it."""

_VALUE = re.compile(
    rb'(?: t="([A-Za-z]++)")?+(?:/>|>(?:<v(%b)?+>(%b)</v>|<v ?/>|<is><t(%b)?+>(%b)</t></is>)?+</c>)'
    % (KEPT, PLAIN_TEXT, KEPT, PLAIN_TEXT)
)
"""A cell without its start and its formula."""

_NUMBER = re.compile(rb"><v>(-?+[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+)</v></c>")
"""The most frequent kind."""

ReadOther: TypeAlias = Callable[[Spot, str, str], Value]
"""Reads what only the workbook can: the value of a cell by its place, type and text."""


@dataclass(frozen=True, eq=False)
class Mould:
    """A sheet up to its first cell, its cells, each with its number among them, and the formulas.

    `pieces`, by number, are the cells as they were spelled, each up to the next, `fixed` what must be the same in
    another sheet (start, formula, what follows), and `values` what was found in them. The `value` of each formula is
    None. `filled` are the cells whose values formulas give: their own, and those of array formulas.
    """

    head: bytes = field(repr=False)
    pieces: list[bytes] = field(repr=False)
    fixed: list[tuple[bytes, bytes, bytes]] = field(repr=False)
    values: list[Value | _Other] = field(repr=False)
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


_moulds: tuple[Mould, ...] = ()  # replaced whole, so that threads may share it


class Cast:
    """A sheet that fits a mould: which, its cells as they are spelled, and the values in them."""

    def __init__(self, mould: Mould, pieces: list[bytes], values: list[Value | _Other]) -> None:
        self.mould, self._pieces, self._values = mould, pieces, values

    def value(self, spot: Spot, read_other: ReadOther) -> Value:
        """The value of a cell that stands in the sheet."""
        value = self._values[self.mould.slots[spot]]
        return read_other(spot, value.type, value.text) if isinstance(value, _Other) else value

    def values(self, area: Area | None, read_other: ReadOther) -> dict[Spot, Value]:
        """The values in an area, or all; blank cells are left out."""
        values = self._values
        found: dict[Spot, Value] = {}
        for spot, slot in self.mould.within(area):
            value = values[slot]
            if type(value) is _Other:
                value = read_other(spot, value.type, value.text)
            if value is not None:
                found[spot] = value
        return found

    def spliced(self, values: Mapping[Spot, Value], read_other: ReadOther) -> bytes | None:
        """The XML with other values; b"" when they all stand there, None when it takes more than replacing values."""
        mould, old = self.mould, self._values
        if not values.keys() <= mould.filled:
            return None
        slots = mould.slots
        changed: list[tuple[int, Value]] = []
        for spot, value in values.items():
            slot = slots[spot]
            was = old[slot]
            if (was != value or type(was) is not type(value)) and not is_same(self.value(spot, read_other), value):
                changed.append((slot, value))
        if not changed:
            return b""
        pieces = self._pieces.copy()
        for slot, value in changed:
            if value is None:
                return None
            kind, element = spelled_element(value)
            start, formula, end = mould.fixed[slot]
            kind = b' t="%b"' % kind if kind else b""
            pieces[slot] = b"".join((start, kind, formula or b">", element, b"</c>", end))
        return _CELL.join((mould.head, *pieces))


def cast(xml: bytes) -> Cast | None:
    """The sheet, in UTF-8, by its mould; None when that is not known."""
    global _moulds
    if not _moulds or len(xml) > LARGEST:
        return None
    head, *pieces = xml.split(_CELL)
    for place, mould in enumerate(_moulds):
        if len(mould.pieces) == len(pieces) and mould.head == head and (found := _cast(mould, pieces)):
            if place > MOST_MOULDS // 2:  # what is used is not forgotten
                _moulds = (mould, *(other for other in _moulds if other is not mould))
            return found
    return None


def _cast(mould: Mould, pieces: list[bytes]) -> Cast | None:
    """The sheet of these cells by one mould; None when it does not fit."""
    values = mould.values.copy()
    for slot in compress(range(len(pieces)), map(ne, pieces, mould.pieces)):
        piece, (start, formula, end) = pieces[slot], mould.fixed[slot]
        if not (piece.startswith(start) and piece.endswith(end)):
            return None
        spelled = piece[len(start) : len(piece) - len(end)]
        if formula:
            kind, found, rest = spelled.partition(formula)
            if not found:
                return None
            spelled = kind + b">" + rest
        value = _known_value(spelled) if len(spelled) <= LONGEST_REMEMBERED else _value(spelled)
        if value is _UNFIT:
            return None
        values[slot] = value
    return Cast(mould, pieces, values)


def learn(
    xml: bytes,
    spots: Sequence[Spot],
    formulas: Mapping[Spot, Formula],
    hollow: tuple[Spot, ...],
    members: Collection[Spot],
    extent: Spot,
) -> None:
    """Remember a sheet in UTF-8 that was recognised as plain; `spots` are all its cells in the order of the file."""
    global _moulds
    if len(xml) > LARGEST:
        return
    head, *pieces = xml.split(_CELL)
    matches = [match for piece in pieces if (match := _PIECE.fullmatch(piece))]
    values = [_value(match[2] + (b">" if match[3] else b"") + match[4]) for match in matches]
    if not len(spots) == len(pieces) == len(matches) or _UNFIT in values:
        return  # some cell is spelled in a way that its value cannot be taken out of
    mould = Mould(
        head,
        pieces,
        [(match[1], match[3], match[5]) for match in matches],
        values,
        {spot: slot for slot, spot in enumerate(spots)},
        {spot: formula._replace(value=None) for spot, formula in formulas.items()},
        hollow,
        frozenset((*formulas, *members)),
        extent,
    )
    _moulds = (mould, *_moulds)[:MOST_MOULDS]


def is_same(one: Value, other: Value) -> bool:
    """Whether two values are equal, numbers being compared as numbers; no number is a truth value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


@final
@dataclass(frozen=True, slots=True)
class _Other:
    """A value that it takes the workbook to read, or that is none."""

    type: str
    text: str


_UNFIT = _Other("", "")
"""Stands for what is no plainly spelled value."""


def _value(spelled: bytes) -> Value | _Other:
    """The value in a cell that is spelled without its start and formula; None for a blank one."""
    if number := _NUMBER.fullmatch(spelled):
        value = float(number[1])
        return value if isfinite(value) else _Other("n", number[1].decode())
    match = _VALUE.fullmatch(spelled)
    if match is None or not has_plain_text(spelled, 0, len(spelled)):
        return _UNFIT
    spelled_kind, how, number, kept, content = match.groups()
    if number is None and content is None and b"<v" not in spelled:
        return None
    kind = (spelled_kind or b"n").decode()
    try:
        text = element_text(number or content or b"", how or kept or b"")
    except UnicodeDecodeError:
        return _UNFIT
    if kind in ("str", "inlineStr"):
        return unescaped(text)
    if kind == "e":
        return CellError(unescaped(text).strip())
    try:
        return read_number(text) if kind == "n" and text else None if kind == "n" else _Other(kind, text)
    except ValueError:
        return _Other(kind, text)


_known_value = lru_cache(8192)(_value)
