"""What the task pane shows of the open review, as JSON: every sentence and every cell, nothing left to compute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from capexrisk import Finding, Policy, Result, template, words
from capexrisk.scores import ratings
from capexrisk.version import VERSION
from capexrisk_addin.server.payload import Budget, Rows, rows
from capexrisk_udfs import CallError, Run, run
from capexrisk_udfs.cells import marked_errors
from capexrisk_udfs.ranges import RANGES, SHEETS
from capexrisk_workbooks.ooxml.cells import column_letters

NAMES = tuple(dict.fromkeys(RANGES.values()))
"""The workbook's names of the four ranges that a review is read from."""

_ADDRESS = re.compile(r"(?:(?P<sheet>.+)!)?\$?(?P<column>[A-Z]{1,3})\$?(?P<row>[1-9][0-9]{0,6})(?::.*)?", re.DOTALL)

Corner = tuple[str, int, int]
"""The sheet of a range, and the row and column of its first cell, from 1."""


def review(data: Mapping[str, Any]) -> dict[str, Any]:
    """Assess the review in `data`, which holds {"address", "values"} for each of `NAMES`, and give what to show.

    Raises CallError for ranges that hold no review.
    """
    budget = Budget()
    ranges: dict[str, Rows] = {}
    corners: dict[str, Corner] = {}
    for name in NAMES:
        given = data.get(name)
        if not isinstance(given, dict):
            raise CallError(f"The range {name} is missing; needed are {words.listed(list(NAMES))}.")
        ranges[name] = rows(given.get("values"), name, budget)
        corners[name] = _corner(given.get("address"), name)
    done = run(*(marked_errors(ranges[name]) for name in NAMES))
    result = done.result
    return {
        **_head(result),
        "sections": _sections(result, done.policy),
        "checks": [
            {"label": item.label, "ok": result.checks[item.key].ok, "text": result.checks[item.key].text}
            for item in template.CHECKS
            if result.complete
        ],
        "findings": [_finding(item, done, corners) for item in result.findings],
        "stress": _stress(result, done.policy),
        "ask": result.ask,
        "policy": f"{result.policy_name} ({result.policy_hash})",
        "version": f"capexrisk {VERSION}",
    }


def _head(result: Result) -> dict[str, Any]:
    inputs = result.inputs
    period = inputs.get("period_end")
    unit = " ".join(str(part) for part in (inputs.get("currency"), inputs.get("unit")) if part)
    parts = [inputs.get("review_type"), f"12 months to {period}" if period else None, unit]
    return {
        "entity": inputs.get("entity"),
        "about": " · ".join(str(part) for part in parts if part),
        "unit": unit,
        "complete": result.complete,
        "score": result.score,
        "rating": result.rating,
        "decision": result.decision,
        "reason": result.decision_sentence.removeprefix(f"{result.decision}: "),
        "breaks_first": result.breaks_first_sentence if result.complete else "",
    }


def _sections(result: Result, policy: Policy) -> list[dict[str, Any]]:
    levels = ratings(np.array(list(result.sections.values())), policy)
    names = {section.key: section.name for section in template.SECTIONS}
    return [
        {"label": names[key], "score": score, "rating": template.RATINGS[int(level)]}
        for (key, score), level in zip(result.sections.items(), levels, strict=True)
    ]


def _finding(found: Finding, done: Run, corners: Mapping[str, Corner]) -> dict[str, Any]:
    """Give a finding with the cell it stands in, or the first cell of the range it is about."""
    sheet, row, column = corners[RANGES[found.table]]
    down, right = done.places.get((found.table, found.row, found.key), (0, 0))
    return {
        "kind": found.kind,
        "label": found.label,
        "text": found.text,
        "sheet": sheet or SHEETS[found.table],
        "cell": f"{column_letters(column + right)}{row + down}",
    }


def _stress(result: Result, policy: Policy) -> list[dict[str, Any]]:
    unit = str(result.inputs.get("unit") or "")
    return [
        {
            "key": outcome.scenario,
            "label": outcome.label,
            "core": outcome.scenario in policy.core,
            "verdict": outcome.verdict,
            "sentence": outcome.sentence,
            "liquidity": list(outcome.liquidity),
            "lowest": words.money(outcome.lowest_liquidity, unit),
        }
        for outcome in result.stress
    ]


def _corner(address: Any, name: str) -> Corner:
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) and len(address) < 500 else None
    if found is None:
        raise CallError(f"The range {name} needs its address, such as Review!B7:C95; it is one rectangle of cells.")
    sheet = found["sheet"] or ""
    if sheet.startswith("'") and sheet.endswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    column = 0
    for letter in found["column"]:
        column = column * 26 + ord(letter) - 64
    return sheet, int(found["row"]), column
