"""Two reviews side by side: what changed in inputs, customers, metrics, scores, verdicts and decision."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.worksheet.properties import PageSetupProperties

from capexrisk import Result, template
from capexrisk_udfs.calls import capex_version
from capexrisk_workbooks import style
from capexrisk_workbooks.ooxml.cells import column_letters, escaped
from capexrisk_workbooks.undated import undate

Value = str | float | None

TOLERANCE = 1e-9
"""Relative difference within which two figures are the same."""


@dataclass(frozen=True)
class Change:
    """One thing that differs: where it belongs, what it is called, old and new; `kind` says how numbers are shown."""

    group: str
    label: str
    old: Value
    new: Value
    kind: str = "text"

    @property
    def difference(self) -> float | None:
        """New less old, where both are numbers."""
        both = isinstance(self.old, float) and isinstance(self.new, float)
        return self.new - self.old if both else None  # pyright: ignore[reportOperatorIssue]


@dataclass(frozen=True)
class Comparison:
    """What changed between two reviews, in the template's order; `notes` says what makes them hard to compare."""

    old: Result
    new: Result
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def compare(old: Result, new: Result) -> Comparison:
    """Compare two reviews. Money of the old one is given in the new one's unit; currencies are never converted."""
    scale = template.UNIT_FACTORS[_unit(old)] / template.UNIT_FACTORS[_unit(new)]
    rows = [*_decisions(old, new), *_metrics(old, new), *_verdicts(old, new), *_inputs(old, new, scale)]
    rows += _customers(old, new, scale)
    return Comparison(old, new, tuple(row for row in rows if not _same(row.old, row.new)), tuple(_notes(old, new)))


def _unit(result: Result) -> str:
    unit = result.inputs.get("unit")
    return unit if isinstance(unit, str) and unit in template.UNITS else "m"


def _same(old: Value, new: Value) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return old == new or abs(old - new) <= TOLERANCE * max(abs(old), abs(new))
    return old == new


def _notes(old: Result, new: Result) -> Iterator[str]:
    before, after = old.inputs, new.inputs
    if str(before.get("entity")).casefold() != str(after.get("entity")).casefold():
        yield f"These are two entities: {before.get('entity')} and {after.get('entity')}."
    if before.get("currency") != after.get("currency"):
        yield f"Amounts are in {before.get('currency')} and in {after.get('currency')}; nothing is converted."
    if str(before.get("period_end")) > str(after.get("period_end")):
        yield "The first review is the later one."
    if old.policy_hash != new.policy_hash:
        yield f"They follow two policies: {old.policy_name} and {new.policy_name}."
    for name, result in (("first", old), ("second", new)):
        if not result.complete:
            yield f"The {name} review is incomplete: {result.breaks_first_sentence}"


def _decisions(old: Result, new: Result) -> Iterator[Change]:
    group = "Decision"
    yield Change(group, "Decision", old.decision, new.decision)
    yield Change(group, "Rating", old.rating, new.rating)
    yield Change(group, "Overall score", old.score, new.score, "score")
    for section in template.SECTIONS:
        if section.scored:
            before, after = old.sections.get(section.key), new.sections.get(section.key)
            yield Change(group, f"Score: {section.title}", before, after, "score")
    for check in template.CHECKS:
        yield Change(group, check.label, _held(old, check.key), _held(new, check.key))
    yield Change(group, "Breaks first", old.breaks_first_sentence, new.breaks_first_sentence)


def _held(result: Result, key: str) -> str | None:
    return ("holds" if result.checks[key].ok else "fails") if key in result.checks else None


def _metrics(old: Result, new: Result) -> Iterator[Change]:
    for metric in template.METRICS:
        yield Change("Metrics", metric.label, _metric(old, metric.key), _metric(new, metric.key), metric.kind)


def _metric(result: Result, key: str) -> Value:
    value = result.metrics.get(key)
    return result.words.get(f"metrics.{key}") if value is not None and not isfinite(value) else value


def _verdicts(old: Result, new: Result) -> Iterator[Change]:
    before = {outcome.scenario: outcome for outcome in old.stress}
    after = {outcome.scenario: outcome for outcome in new.stress}
    for key in dict.fromkeys([*before, *after]):
        label = (after.get(key) or before[key]).label
        verdicts = [found[key].verdict if key in found else None for found in (before, after)]
        yield Change("Stress", label, verdicts[0], verdicts[1])


def _inputs(old: Result, new: Result, scale: float) -> Iterator[Change]:
    for item in template.FIELDS:
        before, after = old.inputs.get(item.key), new.inputs.get(item.key)
        if item.kind == "money" and isinstance(before, float):
            before *= scale
        yield Change("Inputs", item.label, before, after, item.kind)


def _customers(old: Result, new: Result, scale: float) -> Iterator[Change]:
    tables = [{str(row["customer"]).casefold(): row for row in result.customers} for result in (old, new)]
    for name in dict.fromkeys([*tables[0], *tables[1]]):
        before, after = (table.get(name) for table in tables)
        shown = (after or before or {}).get("customer")
        if before is None or after is None:
            there = [None if row is None else "listed" for row in (before, after)]
            yield Change("Customers", str(shown), there[0], there[1])
        for item in template.CUSTOMER_FIELDS[1:]:
            was, now = (row.get(item.key) if row else None for row in (before, after))
            if item.kind == "money" and isinstance(was, float):
                was *= scale
            yield Change("Customers", f"{shown}: {item.label}", was, now, item.kind)


HEADER = ("Part", "What", "Before", "Now", "Difference")
_WIDTHS = (12, 58, 30, 30, 14)


def comparison_bytes(comparison: Comparison) -> bytes:
    """Give the comparison as a workbook with one sheet; text that came from files stays text.

    The same comparison gives the same bytes.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Comparison"
    style.register(book)
    old, new = comparison.old.inputs, comparison.new.inputs
    for column, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[column_letters(column)].width = width
        for row in (1, 2):
            write_text(sheet.cell(row, column), None, "title")
    write_text(sheet.cell(1, 1), str(new.get("entity") or "Two reviews"), "title")
    write_text(
        sheet.cell(2, 1), f"{old.get('period_end')} and {new.get('period_end')}: what changed", "title note left"
    )
    row = 4
    for note in (*comparison.notes, f"Compared with {capex_version()}."):
        write_text(sheet.cell(row, 1), note, "note line")
        row += 1
    for column, title in enumerate(HEADER, start=1):
        write_text(sheet.cell(row, column), title, "column header" if column < 3 else "column header right")
    for at, change in enumerate(comparison.changes, start=row + 1):
        write_text(sheet.cell(at, 1), change.group, "unit")
        write_text(sheet.cell(at, 2), change.label, "label")
        for column, value in ((3, change.old), (4, change.new), (5, change.difference)):
            if value is None or isinstance(value, str):
                write_text(sheet.cell(at, column), value, "result")
            else:
                style.dress(sheet.cell(at, column, value), "result", _FORMATS.get(change.kind, "General"))
    sheet.freeze_panes = f"A{row + 1}"
    sheet.sheet_view.showGridLines = False
    sheet.print_title_rows = f"{row}:{row}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.properties.creator = ""
    dated, made = io.BytesIO(), io.BytesIO()
    book.save(dated)
    undate(dated, made)
    return made.getvalue()


_FORMATS = {**style.FORMATS, "score": "0.0"}


def write_text(cell: Cell | MergedCell, text: str | None, look: str) -> None:
    """Write text that may come from a file: never a formula, whatever it begins with."""
    assert isinstance(cell, Cell)
    style.dress(cell, look)
    if text:
        cell.value = escaped(text)
        cell.data_type = "s"


def groups(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Give changes by the part that they belong to."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.group, []).append(change)
    return found
