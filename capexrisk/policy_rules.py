"""What a policy file may hold: how a firm's own is laid over the built-in one, and what must hold in every policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from capexrisk import template
from capexrisk.errors import PolicyError, unknown

Table = dict[str, Any]

# --- A firm's own file over the built-in one ---

OPEN_TABLES = {"scenarios": {"label": "", "source": "", **dict.fromkeys(template.SHOCK, 0.0)}}
"""Tables to which a firm may add entries of its own, with what an entry may hold."""


def lay_over(base: Table, own: Table, path: str, is_base: bool) -> Table:
    """Lay `own` over `base`; unknown keys, wrong types and changes without a source raise PolicyError."""
    merged = dict(base)
    changed = False
    for key, value in own.items():
        where = f"{path}.{key}" if path else key
        if key not in base:
            entry = OPEN_TABLES.get(path)
            if entry is None or not isinstance(value, dict):
                raise PolicyError(f"{unknown('key', key, base, f' in [{path}]' if path else '')}")
            if "label" not in value:
                raise PolicyError(f"[{where}] needs a label.")
            merged[key] = lay_over(entry, value, where, is_base)  # pyright: ignore[reportUnknownArgumentType]
            merged[key] = {name: merged[key][name] for name in value}  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(base[key], dict):
            if not isinstance(value, dict):
                raise PolicyError(f"{where} must be a table, [{where}].")
            shape = {**OPEN_TABLES[path], **base[key]} if path in OPEN_TABLES else base[key]
            laid = lay_over(shape, value, where, is_base)  # pyright: ignore[reportUnknownArgumentType]
            merged[key] = {name: laid[name] for name in laid if name in base[key] or name in value}
        else:
            merged[key] = _same_type(base[key], value, where)
            changed = changed or (key not in ("source", "name") and merged[key] != base[key])
    if changed and not is_base and "source" in base and (not own.get("source") or own["source"] == base["source"]):
        raise PolicyError(
            f'[{path}] changes a number, so it needs a source of its own: source = "where it comes from".'
        )
    return merged


def _same_type(base: Any, value: Any, where: str) -> Any:
    if isinstance(base, (int, float)) or (where.startswith(("scenarios.", "drivers.")) and base == "utilization"):
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise PolicyError(f"{where} is {value!r}; it must be a number.")
        if isinstance(value, str) and value not in ("inventory_build", "utilization"):
            raise PolicyError(f"{where} is {value!r}; it must be a number.")
        return value
    if isinstance(base, str) and not isinstance(value, str) and base not in ("inventory_build", "utilization"):
        raise PolicyError(f"{where} is {value!r}; it must be text.")
    if isinstance(base, list) and not isinstance(value, list):
        raise PolicyError(f"{where} is {value!r}; it must be a list.")
    return value  # pyright: ignore[reportUnknownVariableType]


# --- What must hold in every policy ---


def check(data: Table) -> None:
    """Raise PolicyError for the first thing that makes no sense."""
    for key in template.METRIC:
        _check_knots(data["metrics"][key]["knots"], f"metrics.{key}.knots")
        _check_number(data["metrics"][key]["weight"], f"metrics.{key}.weight", lambda x: x >= 0, "0 or more")
    for section in template.SCORED_SECTIONS[:3]:
        if not sum(data["metrics"][metric.key]["weight"] for metric in template.METRICS if metric.section == section):
            raise PolicyError(f"the weights of the metrics in section {section} are all 0; one must be above 0.")
    _check_knots(data["severity"]["headroom_knots"], "severity.headroom_knots")
    _check_knots(data["floors"]["liquidity_knots"], "floors.liquidity_knots")
    for table, keys in _SCORES.items():
        for key in keys:
            _check_number(data[table][key], f"{table}.{key}", lambda x: 0 <= x <= 100, "between 0 and 100")
    for table, keys in _SHARES.items():
        for key in keys:
            _check_number(data[table][key], f"{table}.{key}", lambda x: 0 <= x <= 1, "between 0 and 1")
    total = sum(data["sections"][key] for key in template.SCORED_SECTIONS)
    if abs(total - 1) > 1e-9:
        raise PolicyError(f"the weights in [sections] add up to {total:g}; they must add up to 1.")
    limits = [data["ratings"][rating] for rating in template.RATINGS]
    if limits[0] != 0 or sorted(set(limits)) != limits:
        raise PolicyError(f"[ratings] must begin with {template.RATINGS[0]} = 0 and rise from each to the next.")
    points = [data["question_points"][status] for status in template.STATUSES]
    for status, value in zip(template.STATUSES, points, strict=True):
        _check_number(value, f"question_points.{status}", lambda x: x >= 0, "0 or more")
    if sorted(points) != points or points[-1] <= 0:
        raise PolicyError("[question_points] must not fall from Evidence to None, and None must be above 0.")
    for path, key in _POSITIVE:
        _check_number(_at(data, path)[key], f"{path}.{key}", lambda x: x > 0, "above 0")
    for path, key in _ANY:
        _check_number(_at(data, path)[key], f"{path}.{key}", lambda x: True, "a number")
    for name in data["checks"]["evidence"]["three_part_for"]:
        if name not in template.REVIEW_TYPES:
            raise PolicyError(unknown("review type", name, template.REVIEW_TYPES, " in checks.evidence.three_part_for"))
    _check_scenarios(data)
    _check_drivers(data)


_SCORES = {
    "score_rules": ("assumed_score", "hidden_payers_score"),
    "severity": template.VERDICTS,
    "floors": ("losses",),
    "ratings": template.RATINGS,
    "decision": ("restructure_score", "conditional_score"),
}
_SHARES = {
    "score_rules": ("hidden_payers_share",),
    "severity": ("core_weight",),
    "sections": (*template.SCORED_SECTIONS, "mean_weight"),
    "enforceability": template.CREDITS,
    "contagion": ("broken_customer_cut",),
    "verdicts": ("strained_ltv",),
}
_POSITIVE = (
    ("leases", "discount_rate"),
    ("verdicts", "strained_cover"),
    ("checks.payback", "life_share_max"),
    ("decision", "future_life_share"),
    ("unusual", "interest_rate_max"),
    ("unusual", "useful_life_max"),
    ("unusual", "scale_max"),
)
_ANY = (
    ("score_rules", "hidden_payers_count"),
    ("verdicts", "strained_cash_years"),
    ("verdicts", "strained_interest_years"),
    ("checks.booked", "run_rate_gap_min"),
    ("checks.booked", "run_rate_gap_max"),
    ("checks.margin", "adjusted_gross_margin_min"),
    ("checks.demand", "top_customer_max"),
    ("checks.demand", "top_3_customers_max"),
    ("checks.demand", "lab_dependency_max"),
    ("checks.evidence", "points_max"),
)


def _at(data: Table, path: str) -> Table:
    for key in path.split("."):
        data = data[key]
    return data


def _check_number(value: Any, where: str, holds: Callable[[float], bool], allowed: str) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))
    if not number or not holds(value):
        raise PolicyError(f"{where} is {value!r}; it must be {allowed}.")


def _check_knots(knots: list[Any], where: str) -> None:
    pairs = all(isinstance(knot, list) and len(knot) == 2 for knot in knots)  # pyright: ignore[reportUnknownArgumentType]
    if len(knots) < 2 or not pairs:
        raise PolicyError(f"{where} must be a list of at least two [value, score] pairs.")
    for value, score in knots:
        _check_number(value, where, lambda x: True, "numbers only")
        _check_number(score, where, lambda x: 0 <= x <= 100, "scores between 0 and 100")
    values = [value for value, _ in knots]
    if sorted(set(values)) != values:
        raise PolicyError(f"{where} must rise in value from each knot to the next.")


def _check_scenarios(data: Table) -> None:
    scenarios: Mapping[str, Table] = data["scenarios"]
    if len(scenarios) > template.MAX_SCENARIOS:
        raise PolicyError(f"[scenarios] holds {len(scenarios)}; a review has room for {template.MAX_SCENARIOS}.")
    folded = [key.casefold() for key in scenarios]
    for key, row in scenarios.items():
        if folded.count(key.casefold()) > 1:
            raise PolicyError(f"[scenarios.{key}] differs from another scenario's key in capitals only; rename it.")
        for name, value in row.items():
            if name in ("label", "source"):
                continue
            if name == "volume" and value == "inventory_build":
                continue
            shock = template.SHOCK[name]
            low, high = shock.low or 0, shock.high or 0
            whole = " and whole" if shock.kind == "quarters" else ""
            _check_number(
                value,
                f"scenarios.{key}.{name}",
                lambda x, low=low, high=high, whole=whole: low <= x <= high and (not whole or x == int(x)),
                f"between {low:g} and {high:g}{whole}",
            )
    if any(name in template.SHOCK for name in scenarios["base"]):
        raise PolicyError("scenarios.base is today and has no shock; add a scenario of another key.")
    for key in data["core"]["scenarios"]:
        if key not in list(scenarios) or key == "base":
            raise PolicyError(unknown("scenario", key, [name for name in scenarios if name != "base"], " in [core]"))
    if not data["core"]["scenarios"]:
        raise PolicyError("core.scenarios must name at least one scenario.")


def _check_drivers(data: Table) -> None:
    for name, row in data["drivers"].items():
        where = f"drivers.{name}"
        shock = template.SHOCK.get(row["shock"])
        if shock is None or shock.kind == "quarters" or shock.key == "contracts_hold":
            known = [key for key in template.SHOCK if key not in ("pause", "contracts_hold")]
            raise PolicyError(unknown("shock", row["shock"], known, f" in [{where}]"))
        high = shock.high or 1
        _check_number(row["size"], f"{where}.size", lambda x: x > 0, "above 0")
        if row["largest"] != "utilization":
            _check_number(
                row["largest"], f"{where}.largest", lambda x, h=high: 0 < x <= h, f"above 0, at most {high:g}"
            )
        elif row["shock"] != "utilization":
            raise PolicyError(f"{where}.largest may be today's utilization only for the shock utilization.")
        _check_number(row.get("contracts_hold", 0), f"{where}.contracts_hold", lambda x: 0 <= x <= 1, "between 0 and 1")
