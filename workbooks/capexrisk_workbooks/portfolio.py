"""The summary workbook of a portfolio: the ranking, and every file with its status."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from openpyxl import Workbook

from capexrisk_workbooks.results import NAMES, ranked

if TYPE_CHECKING:
    from capexrisk_workbooks.batch import Done


def summary_bytes(done: Iterable[Done], path: object = None) -> bytes:
    """Give the summary workbook of a batch."""
    rows = [item.row for item in done]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Ranking"
    shown = ("entity", "period_end", "score", "rating", "decision", "breaks_first", "headroom",
             *(name for name in NAMES if name.startswith("section_")))  # fmt: skip
    for at, name in enumerate(shown, start=1):
        sheet.cell(1, at, name)
    for line, row in enumerate(ranked(rows), start=2):
        for at, name in enumerate(shown, start=1):
            cell = sheet.cell(line, at, row[name] if not isinstance(row[name], str) else None)
            if isinstance(row[name], str):
                cell.value = row[name]
                cell.data_type = "s"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
