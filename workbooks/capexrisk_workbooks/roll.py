"""The next review of an entity: identity, customers and sources carried over, in the current template."""

from __future__ import annotations

from datetime import date
from typing import Any

from capexrisk import template
from capexrisk.result import Finding
from capexrisk_workbooks.reading import Read

_CARRIED = ("entity", "review_type", "scope", "currency", "unit", "prepared_by")
_FIGURES = ("revenue", "backlog")


def rolled(read: Read, period_end: date, *, keep_figures: bool = False) -> tuple[dict[str, Any], list[Finding]]:
    """Give the record of the next review, and what in the old workbook had no place in the template.

    Without `keep_figures` every figure, answer and status is blank; sources stay beside them, to be found again.
    Scenarios that were edited or added are carried over either way.
    """
    old = read.record
    inputs: dict[str, Any] = {}
    for key, given in old["inputs"].items():
        value, source = (given["value"], given.get("source")) if isinstance(given, dict) else (given, None)
        kept = keep_figures or key in _CARRIED
        if key not in ("period_end", "review_date") and (kept or source):
            inputs[key] = {"value": value if kept else None, "source": source}
    inputs["period_end"] = period_end.isoformat()
    customers = [
        {key: value for key, value in row.items() if keep_figures or key not in _FIGURES}
        for row in old.get("customers", ())
    ]
    record: dict[str, Any] = {"inputs": inputs, "customers": customers, "scenarios": _edited(old)}
    if keep_figures:
        record |= {"questions": old.get("questions", []), "three_part": old.get("three_part", {})}
    else:
        record["questions"] = [{"source": row.get("source")} for row in old.get("questions", ())]
    return record, [finding for finding in old.get("findings", ()) if finding.kind == "wrong"]


def _edited(old: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of the scenario table that have a key; what is no shock of the template is left out."""
    known = ("scenario", "label", *template.SHOCK)
    rows = [{key: row.get(key) for key in known} for row in old.get("scenario_table", ())]
    return [row for row in rows if row["scenario"]]
