"""One sheet: values and formulas read from its XML, and the XML with some of them changed, all else byte for byte."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from capexrisk_workbooks.ooxml.cells import (
    LAST_COLUMN,
    Area,
    CellError,
    Spot,
    Value,
    address,
    read_number,
    serial,
    unescaped,
)
from capexrisk_workbooks.ooxml.events import ParsedLayout
from capexrisk_workbooks.ooxml.formula import Formula
from capexrisk_workbooks.ooxml.grammar import PlainLayout, recognise
from capexrisk_workbooks.ooxml.layout import Layout, RawCell
from capexrisk_workbooks.ooxml.markup import Markup, read_markup
from capexrisk_workbooks.ooxml.mould import Cast, Mould, cast, is_same, learn
from capexrisk_workbooks.ooxml.spelling import (
    KEEP,
    Change,
    Edit,
    appended,
    edited_cell,
    new_cell,
    prefix_of,
    style_of_row,
    styles_of_columns,
)
from capexrisk_workbooks.ooxml.unusable import Unreadable


class Cell(NamedTuple):
    """A cell and what it holds. `style` is its index into the workbook's cell formats."""

    row: int
    col: int
    value: Value
    style: int
    has_formula: bool


class Sheet:
    """A worksheet part. Everything is found when first asked for; nothing is ever changed in place."""

    def __init__(
        self, xml: bytes, name: str, strings: Callable[[], Sequence[str]] = tuple, date1904: bool = False
    ) -> None:
        """`xml` is the part as stored, `name` stands in sentences, `strings` gives the shared strings."""
        self.xml, self.name, self.date1904 = xml, name, date1904
        self._strings = strings

    @cached_property
    def _markup(self) -> Markup:
        return read_markup(self.xml, self.name)

    @cached_property
    def _layout(self) -> Layout:
        return recognise(self._markup.utf8) or ParsedLayout(self._markup.utf8, self.name)

    @cached_property
    def _cast(self) -> Cast | None:
        return cast(self.xml)

    @property
    def mould(self) -> Mould | None:
        """What this sheet has in common with others that were learned, None when none is like it."""
        return self._cast and self._cast.mould

    def learn(self) -> None:
        """Remember all but the values of this sheet, so that others like it are read faster."""
        if self._cast is None and self.plain:
            spots = [(raw.row, raw.col) for raw in self._layout.cells()]
            learn(self._markup.utf8, spots, self.formulas, self.hollow, self._member_spans, self.extent)

    @property
    def plain(self) -> bool:
        """Whether the XML is spelled so plainly that any reader finds the same cells in it."""
        return self._markup.codec == "utf-8" and isinstance(self._layout, PlainLayout)

    def cells(self, area: Area | None = None) -> list[Cell]:
        """The cells that stand in an area, or all, in the order of the file; those that do not stand there are blank.

        Values are float, str, bool, CellError or None; dates are serial numbers. Raises Unreadable for a value that is
        not what its type says.
        """
        return [
            Cell(raw.row, raw.col, self._cached(raw), raw.style, raw.attributes is not None)
            for raw in self._layout.cells(area)
        ]

    def values(self, area: Area | None = None) -> dict[Spot, Value]:
        """The values in an area, or all, by (row, col); blank cells are left out."""
        if self._cast:
            return self._cast.values(area, self._other)
        value = self._value
        found = {(row, col): value(row, col, kind, text) for row, col, kind, text in self._layout.values(area)}
        return {spot: value for spot, value in found.items() if value is not None}

    def table(self, area: Area) -> list[list[Value]]:
        """The values of an area as rows; None where a cell is blank."""
        values = self.values(area)
        columns = range(area.left, area.right + 1)
        return [[values.get((row, col)) for col in columns] for row in range(area.top, area.bottom + 1)]

    @cached_property
    def extent(self) -> Spot:
        """The last row and the last column in which a cell stands; (0, 0) for a sheet without cells."""
        return self._cast.mould.extent if self._cast else self._layout.extent

    @cached_property
    def formulas(self) -> dict[Spot, Formula]:
        """The formula cells by (row, col), in the order of the file. Cells with an empty `<f>` are in `hollow`."""
        if self._cast:
            value, other = self._cast.value, self._other
            return {spot: item._replace(value=value(spot, other)) for spot, item in self._cast.mould.formulas.items()}
        masters = self._masters
        found = {}
        for raw in self._raw_formulas.values():
            attributes = raw.attributes or {}
            kind, ref, master = attributes.get("t", "normal"), attributes.get("ref"), None
            stored = raw.formula
            if kind == "shared" and not stored:
                master, stored = masters.get(attributes.get("si", ""), (None, ""))
                if master is None:
                    raise self._unreadable(raw.row, raw.col, "shares a formula that is missing")
            elif kind == "dataTable":
                kind = "table"
            elif not stored:
                continue
            if kind not in ("normal", "shared", "array", "table"):
                raise self._unreadable(raw.row, raw.col, f"holds a formula of the unknown kind {kind!r}")
            area = self._area(raw, ref) if ref else None
            if kind == "array" and (area is None or (area.top, area.left) != (raw.row, raw.col)):
                raise self._unreadable(raw.row, raw.col, "holds an array formula for an area that does not begin there")
            found[raw.row, raw.col] = Formula(
                raw.row, raw.col, kind, stored, master, area, raw.dynamic and kind == "array", self._cached(raw)
            )
        return found

    @cached_property
    def hollow(self) -> tuple[Spot, ...]:
        """Cells whose `<f>` has no text: Excel writes these for members of volatile array formulas."""
        if self._cast:
            return self._cast.mould.hollow
        return tuple(spot for spot in self._raw_formulas if spot not in self.formulas)

    @cached_property
    def blocks(self) -> dict[Spot, Area]:
        """The areas of array formulas by the cell that holds the formula."""
        return {
            spot: formula.area for spot, formula in self.formulas.items() if formula.kind == "array" and formula.area
        }

    @cached_property
    def members(self) -> dict[Spot, Value]:
        """The cached values of the cells that array formulas fill, anchors left out, by (row, col).

        Cells of an area that do not stand in the file are left out; `spliced` takes them all the same.
        """
        found: dict[Spot, Value] = dict.fromkeys(self._member_spans)
        for area in self.blocks.values():
            found.update((spot, value) for spot, value in self.values(area).items() if spot in found)
        return found

    def spliced(self, values: Mapping[Spot, Value]) -> bytes:
        """The XML with the cached values of some formula cells and members of array formulas replaced.

        None means that no value is cached, "" an empty text. A value equal to the cached one leaves the cell's bytes
        alone, numbers being compared as numbers; when all are equal the identical object `xml` comes back. ValueError
        for a cell that no formula fills, for nan and for infinities.
        """
        if self._cast and (xml := self._cast.spliced(values, self._other)) is not None:
            return xml or self.xml
        edits: dict[Spot, Edit] = {}
        formulas, members = self.formulas, self.members
        for spot, value in values.items():
            if spot in formulas:
                cached = formulas[spot].value
            elif spot in members:
                cached = members[spot]
            elif any(area.holds(*spot) for area in self.blocks.values()):
                cached = None
            else:
                raise ValueError(f"{self.name}!{address(*spot)} holds no formula; only results are written.")
            if not is_same(cached, value):
                edits[spot] = Edit(value=value)
        return self.edited(edits)

    def edited(self, edits: Mapping[Spot, Edit], dropped: Collection[Spot] = ()) -> bytes:
        """The XML with formulas or values of any cells changed as their `Edit` says; see there.

        `dropped` are members of array formulas that are left out altogether, style, edits and all, which is fast.
        Cells and rows that do not stand in the file are put in their place. Where the master of a shared formula loses
        its formula, the members that shared it get theirs spelled out. No edits give the identical object `xml`.
        """
        edits = {**edits, **self._released(edits)}
        if not (edits or dropped):
            return self.xml
        utf8 = self._markup.utf8
        gone = {spot: self._member_spans[spot] for spot in dropped}
        if gone:
            edits = {spot: edit for spot, edit in edits.items() if spot not in gone}
        standing = self._standing(edits)
        changes = [(start, end, edited_cell(utf8[start:end], edits[spot])) for spot, (start, end) in standing.items()]
        changes += self._insertions({spot: edit for spot, edit in edits.items() if spot not in standing})
        changes += [(start, end, self._without(utf8[start:end])) for start, end in gone.values()]
        pieces, done = [], 0
        for start, end, text in sorted(changes, key=itemgetter(0, 1)):
            pieces += [utf8[done:start], text]
            done = end
        return self._markup.stored(b"".join((*pieces, utf8[done:])))

    @cached_property
    def _raw_formulas(self) -> dict[Spot, RawCell]:
        return {(raw.row, raw.col): raw for raw in self._layout.formula_cells()}

    @cached_property
    def _masters(self) -> dict[str, tuple[Spot, str]]:
        """Cell and formula of each master of a shared formula, by the number that its members name."""
        return {
            raw.attributes.get("si", ""): ((raw.row, raw.col), raw.formula)
            for raw in self._raw_formulas.values()
            if raw.attributes and raw.attributes.get("t") == "shared" and raw.formula
        }

    @cached_property
    def _member_spans(self) -> dict[Spot, tuple[int, int]]:
        """Where the cells that array formulas fill stand in the XML, anchors left out."""
        found: dict[Spot, tuple[int, int]] = {}
        for anchor, area in self.blocks.items():
            if area.size == 1:
                continue
            for spot, start, end in self._layout.spans(area):
                if spot in found:
                    raise self._unreadable(*spot, "is filled by two array formulas")
                if spot != anchor:
                    found[spot] = start, end
        return found

    def _standing(self, spots: Mapping[Spot, Edit]) -> dict[Spot, tuple[int, int]]:
        """Where those of the cells that stand in the file do so."""
        found: dict[Spot, tuple[int, int]] = {}
        others: set[Spot] = set()
        for spot in spots:
            if raw := self._raw_formulas.get(spot):
                found[spot] = raw.start, raw.end
            elif span := self._member_spans.get(spot):
                found[spot] = span
            else:
                others.add(spot)
        if others:
            rows, cols = [row for row, _ in others], [col for _, col in others]
            for spot, start, end in self._layout.spans(Area(min(rows), min(cols), max(rows), max(cols))):
                if spot in others:
                    found[spot] = start, end
        return found

    def _without(self, cell: bytes) -> bytes:
        """What is left of a cell that is taken out: a blank one where its neighbours may have no address."""
        return b"" if isinstance(self._layout, PlainLayout) else edited_cell(cell, Edit(None, None))

    def _released(self, edits: Mapping[Spot, Edit]) -> dict[Spot, Edit]:
        """Edits that give members of shared formulas their own text when their master loses it."""
        losing = {spot for spot, edit in edits.items() if edit.formula is None}
        losing &= {master for master, _ in self._masters.values()}
        if not losing:
            return {}
        members = {spot: formula for spot, formula in self.formulas.items() if formula.master in losing}
        before = {spot: edits.get(spot, Edit()) for spot in members}
        return {
            spot: Edit(formula.text, before[spot].value)
            for spot, formula in members.items()
            if before[spot].formula is KEEP
        }

    def _insertions(self, missing: Mapping[Spot, Edit]) -> list[Change]:
        """Changes that put cells, and rows for them where needed, between those that stand in the file."""
        wanted: dict[int, list[tuple[int, Edit]]] = {}
        for (row, col), edit in sorted(missing.items(), key=lambda item: item[0]):
            if edit.value not in (KEEP, None) or isinstance(edit.formula, str):
                wanted.setdefault(row, []).append((col, edit))
        if not wanted:
            return []
        utf8, rows, (start, end) = self._markup.utf8, self._layout.rows, self._layout.data
        prefix = prefix_of(utf8[start:])
        changes: list[Change] = []
        new_rows: list[Change] = []
        for row, cells in wanted.items():
            if row in rows:
                changes += self._row_insertions(row, cells, prefix)
                continue
            spelled = b"".join(new_cell(row, col, self._column_style(col), edit, prefix) for col, edit in cells)
            spelled = b'<%brow r="%d">%b</%brow>' % (prefix, row, spelled, prefix)
            at = next((span[0] for number, span in rows.items() if number > row), -1)
            new_rows.append((at, at, spelled))
        within = [change for change in new_rows if change[0] >= 0]
        last = b"".join(spelled for at, _, spelled in new_rows if at < 0)
        return changes + within + ([appended(utf8, start, end, last)] if last else [])

    def _row_insertions(self, row: int, cells: list[tuple[int, Edit]], prefix: bytes) -> list[Change]:
        utf8, (start, end) = self._markup.utf8, self._layout.rows[row]
        row_style = style_of_row(utf8[start:end])
        standing = list(self._layout.spans(Area(row, 1, row, LAST_COLUMN)))
        changes, last = [], b""
        for col, edit in cells:
            style = self._column_style(col) if row_style is None else row_style
            spelled = new_cell(row, col, style, edit, prefix)
            at = next((start for spot, start, _ in standing if spot[1] > col), None)
            if at is None:
                last += spelled
            else:
                changes.append((at, at, spelled))
        return [*changes, appended(utf8, start, end, last)] if last else changes

    def _column_style(self, col: int) -> int:
        return next((style for first, last, style in self._column_styles if first <= col <= last), 0)

    @cached_property
    def _column_styles(self) -> list[tuple[int, int, int]]:
        return styles_of_columns(self._markup.utf8[: self._layout.data[0]])

    def _area(self, raw: RawCell, ref: str) -> Area:
        try:
            return Area.parse(ref)
        except ValueError:
            raise self._unreadable(raw.row, raw.col, f"holds a formula for {ref[:40]!r}, which is no area") from None

    def _cached(self, raw: RawCell) -> Value:
        return None if raw.text is None else self._value(raw.row, raw.col, raw.type, raw.text)

    def _other(self, spot: Spot, kind: str, text: str) -> Value:
        return self._value(*spot, kind, text)

    def _value(self, row: int, col: int, kind: str, text: str) -> Value:
        """What a value of a type ("n", "s", "str", …) means; an empty text means a blank number."""
        try:
            if kind == "n":
                return read_number(text) if text else None
            if kind == "s":
                return self._strings()[_index(text)]
            if kind in ("str", "inlineStr"):
                return unescaped(text)
            if kind == "b":
                return _TRUTH[text.strip()]
            if kind == "e":
                return CellError(unescaped(text).strip())
            if kind == "d":
                return serial(text, self.date1904)
        except (ValueError, IndexError, KeyError):
            pass
        raise self._unreadable(row, col, f"holds {text[:40]!r}, which is no value of its type {kind!r}")

    def _unreadable(self, row: int, col: int, what: str) -> Unreadable:
        where = f"{self.name}!{address(row, col)}"
        return Unreadable(f"{where} {what}. Open the workbook in Excel and save it anew.")


_TRUTH = {"1": True, "true": True, "0": False, "false": False}


def _index(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return int(text)
