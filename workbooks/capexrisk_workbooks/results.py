"""The rows of results: one a file, columns with stable names, each with its unit and meaning.

Numbers are unrounded; empty where a review is Incomplete, where a number is not one (`words` in `show --json` says it),
or where the file could not be done. Amounts are in the review's own currency and unit. Inputs stand in it as typed and
customers as JSON, so that a portfolio can be followed from its results alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from os import PathLike, fsencode
from typing import Any, Literal

from capexrisk import Policy, Result, template
from capexrisk.version import VERSION

Kind = Literal["text", "number", "count", "yes_no"]
Row = dict[str, Any]


Status = Literal[
    "recalculated",
    "unchanged",
    "incomplete",
    "protected",
    "signed",
    "locked",
    "not_a_review",
    "unreadable",
    "too_large",
    "timed_out",
    "failed",
]
STATUSES: tuple[Status, ...] = Status.__args__  # pyright: ignore[reportAttributeAccessIssue]
DONE = ("recalculated", "unchanged", "incomplete")
"""Statuses of files that could be done."""


@dataclass(frozen=True)
class Column:
    """A column of the results: its name, what it holds, its unit and meaning."""

    name: str
    kind: Kind
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("path", "text", "", "The file."),
    Column("status", "text", "", "How the file ended, in snake_case."),
    Column("sentence", "text", "", "Why, when it is not done; the first missing or wrong input, when incomplete."),
    Column("changed", "yes_no", "", "Whether new values were written."),
    Column("modified", "text", "UTC", "When the file was changed last, before this run; empty when it is not there."),
    Column(
        "kept_formulas", "count", "formulas", "Formulas that kept their old values, untrusted or depending on such."
    ),
    *(
        Column(key, "text", "", template.FIELD[key].label)
        for key in ("entity", "review_type", "scope", "period_end", "currency", "unit")
    ),
    Column("decision", "text", "", "The decision."),
    Column("also", "text", "", "Other decisions that would hold too, with commas between."),
    Column("score", "number", "0 to 100", "Overall risk score, 0 best."),
    Column("rating", "text", "", "Low, Moderate, High or Severe."),
    *(
        Column(f"section_{section.key}", "number", "0 to 100", f"Score of section: {section.title}")
        for section in template.SECTIONS
        if section.scored
    ),
    Column("breaks_first", "text", "", "The driver with the smallest headroom."),
    Column("headroom", "number", "times", "Its headroom; empty for never."),
    Column("breaks_today", "yes_no", "", "Whether it breaks before any shock."),
    Column("gives_way_today", "text", "", "What gives way before any shock, with commas between."),
    *(Column(f"metric_{metric.key}", "number", metric.kind, metric.label) for metric in template.METRICS),
    *(Column(f"score_{metric.key}", "number", "0 to 100", f"Score: {metric.label}") for metric in template.METRICS),
    *(
        Column(f"verdict_{key}", "text", "", f"Verdict: {row['label']}")
        for key, row in Policy.built_in().scenarios.items()
    ),
    *(Column(f"check_{check.key}", "yes_no", "", check.label) for check in template.CHECKS),
    Column("booked_revenue", "number", "money", template.FIELD["booked_revenue"].label),
    Column("ai_revenue", "number", "money", template.FIELD["ai_revenue"].label),
    Column("annual_capex", "number", "money", template.FIELD["annual_capex"].label),
    Column("total_debt", "number", "money", template.FIELD["total_debt"].label),
    *(
        Column(f"findings_{kind}", "count", "findings", f"Findings of the kind {kind}.")
        for kind in ("missing", "wrong", "assumed", "unusual")
    ),
    *(
        Column(f"input_{key}", "number", template.FIELD[key].kind, f"As typed: {template.FIELD[key].label}")
        for key in template.NUMBERS
    ),
    Column(
        "input_margin_includes_depreciation",
        "text",
        "",
        f"As typed: {template.FIELD['margin_includes_depreciation'].label}",
    ),
    Column("customers", "text", "", f"The customers as a JSON list of objects: {', '.join(template.CUSTOMER_FIELD)}."),
    Column("policy", "text", "", "Name and hash of the policy."),
    Column("template", "text", "", "Version of the template that the results follow."),
    Column("tool_version", "text", "", "Version of the tool."),
)
NAMES = tuple(column.name for column in COLUMNS)
COLUMN = {column.name: column for column in COLUMNS}
_INPUTS = tuple((f"input_{key}", key) for key in template.NUMBERS)


def row(
    path: str,
    status: str,
    sentence: str = "",
    changed: bool = False,
    kept: int = 0,
    result: Result | None = None,
    modified: float | None = None,
) -> Row:
    """Give the row of one file; what is not known is None. `modified` is in seconds, as `os.stat` has it."""
    found: Row = dict.fromkeys(NAMES)
    found |= {
        "path": said_path(path),
        "status": status,
        "sentence": sentence or None,
        "changed": changed,
        "modified": None if modified is None else said_time(modified),
        "kept_formulas": kept,
    }
    if result is None:
        return found
    inputs = result.inputs
    for key in ("entity", "review_type", "scope", "period_end", "currency", "unit"):
        value = inputs.get(key)
        found[key] = template.FIELD[key].default if value is None else value
    for key in ("booked_revenue", "ai_revenue", "annual_capex", "total_debt"):
        found[key] = value if isinstance(value := inputs.get(key), float) else None
    if found["ai_revenue"] is None and result.complete:
        found["ai_revenue"] = found["booked_revenue"]
    for name, key in _INPUTS:
        found[name] = value if isinstance(value := inputs.get(key), float) else None
    found["input_margin_includes_depreciation"] = inputs.get("margin_includes_depreciation")
    found["customers"] = json.dumps(
        [{key: customer.get(key) for key in template.CUSTOMER_FIELD} for customer in result.customers],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    for kind in ("missing", "wrong", "assumed", "unusual"):
        found[f"findings_{kind}"] = sum(finding.kind == kind for finding in result.findings)
    found |= {
        "decision": result.decision,
        "policy": f"{result.policy_name} ({result.policy_hash})",
        "template": template.TEMPLATE_VERSION,
        "tool_version": VERSION,
    }
    if not result.complete:
        return found
    today = next((outcome for outcome in result.stress if outcome.scenario == "base"), None)
    headrooms = {point.driver: point.headroom for point in result.breakpoints}
    found |= {
        "also": ", ".join(result.also) or None,
        "score": result.score,
        "rating": result.rating,
        "breaks_first": result.breaks_first,
        "headroom": headrooms.get(result.breaks_first or ""),
        "breaks_today": today is not None and today.verdict == "Breaks",
        "gives_way_today": ", ".join(today.gives_way) or None if today is not None else None,
    }
    found |= {f"section_{key}": value for key, value in result.sections.items()}
    found |= {f"metric_{key}": value if isfinite(value) else None for key, value in result.metrics.items()}
    found |= {f"score_{key}": value for key, value in result.metric_scores.items()}
    found |= {f"verdict_{o.scenario}": o.verdict for o in result.stress if f"verdict_{o.scenario}" in found}
    found |= {f"check_{key}": check.ok for key, check in result.checks.items()}
    return found


def said_path(path: str | PathLike[str]) -> str:
    """Give a path as text, also one that is not: on some systems a name may be any bytes."""
    return fsencode(path).decode("utf-8", "backslashreplace")


def said_time(seconds: float) -> str:
    """Give a time as ISO text in UTC, which sorts as it runs."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def ranked(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the rows of complete reviews, worst first: by decision, then by score."""
    order = {name: at for at, name in enumerate(template.DECISIONS)}
    complete = [row for row in rows if row["score"] is not None]
    return sorted(complete, key=lambda row: (-row["score"], order[row["decision"]], str(row["entity"])))
