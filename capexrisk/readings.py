"""What results say in words: outcomes, checks, the decision, and a short reading of each metric."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, isinf

import numpy as np

from capexrisk import template, words
from capexrisk.decision import lacks_three_part
from capexrisk.payers import total
from capexrisk.records import Record
from capexrisk.result import CheckResult, Outcome
from capexrisk.run import Run
from capexrisk.scores import hidden_payers, within
from capexrisk.words import listed, money, share


def outcome_text(outcome: Outcome, unit: str, not_stated: bool = False) -> str:
    """Say an outcome: "Breaks in Q3: liquidity −120 m; DSCR 0.71x"."""
    lowest = money(outcome.lowest_liquidity, unit)
    dscr = f"DSCR {words.cover(outcome.dscr)}"
    pledged = f"secured debt {share(outcome.ltv)} of the hardware's value"
    if isinf(outcome.ltv):
        pledged = f"secured debt on hardware with {words.NO_VALUE_LEFT}"
    when = f" in Q{outcome.runs_out}" if outcome.runs_out else ""
    parts = [f"liquidity {lowest}" if outcome.runs_out else f"lowest liquidity {lowest}", dscr]
    if "Debt service" in outcome.gives_way and not outcome.runs_out:
        parts.reverse()
    if "Collateral" in outcome.gives_way:
        parts.insert(0 if outcome.gives_way == ("Collateral",) else len(parts), pledged)
    stated = f" (stocking ahead {words.NOT_STATED})" if not_stated else ""
    return f"{outcome.verdict}{when}{stated}: {'; '.join(parts)}"


def breaks_first(run: Run, at: int, outcomes: list[Outcome], first: int) -> str:
    """Say what breaks first, or that it breaks today and what gives way."""
    today = next(outcome for outcome in outcomes if outcome.scenario == "base")
    if today.verdict == "Breaks":
        ways = listed([way.lower() for way in today.gives_way])
        return f"{words.BREAKS_TODAY}: {ways} {'gives' if len(today.gives_way) == 1 else 'give'} way"
    if first < 0:
        return words.NOTHING_BREAKS
    driver = run.policy.drivers[first]
    size = words.shock(driver.shock, driver.size)
    shock, headroom = float(run.shocks[first, at]), float(run.headroom[first, at])
    return f"{words.sentence(driver.name)}, at {words.shock(driver.shock, shock)} ({headroom:.2f} times {size})"


def decision_text(
    decided: list[str], checks: dict[str, CheckResult], outcomes: list[Outcome], score: float, run: Run, at: int
) -> str:
    """Say the decision, why, and what else would hold: "Speculative: …; it also breaks today"."""
    failing = [check.label for check in template.CHECKS if not checks[check.key].ok]
    breaks = next(outcome for outcome in outcomes if outcome.scenario == "base").verdict == "Breaks"
    scored = f"its score is {score:.0f}"
    reasons = {
        "Speculative": "it depends on future AI revenue that is not yet proven",
        "Restructure": "it breaks today" if breaks else scored,
        "Conditional": f"not shown: {', '.join(words.lowered(label) for label in failing)}" if failing else scored,
        "Proven": "every check holds",
    }
    also = {
        "Restructure": "it also breaks today" if breaks else f"{scored} as well",
        "Conditional": f"{len(failing)} of {len(checks)} checks fail" if failing else scored,
        "Proven": "every check holds",
    }
    return "; ".join([f"{decided[0]}: {reasons[decided[0]]}", *(also[name] for name in decided[1:])])


def check_texts(run: Run, at: int, outcomes: list[Outcome], record: Record) -> dict[str, str]:
    """Say each check with its number and its limit."""
    x, policy = run.x, run.policy
    value = {key: float(values[at]) for key, values in run.metrics.items()}
    limits = policy.data["checks"]
    unit = str(record.inputs.get("unit") or "")
    gap = words.metric_value(template.METRIC["run_rate_gap"], value["run_rate_gap"])
    margin = words.metric_value(template.METRIC["adjusted_gross_margin"], value["adjusted_gross_margin"])
    booked = limits["booked"]
    life = float(x.useful_life[at])
    most = limits["payback"]["life_share_max"]
    payback = words.metric_value(template.METRIC["payback"], value["payback"])
    return {
        "booked": f"Run rate against booked AI revenue: {gap}; allowed {share(booked['run_rate_gap_min'])} to "
        f"{share(booked['run_rate_gap_max'])}.",
        "margin": f"Gross margin after depreciation: {margin}, at least "
        f"{share(limits['margin']['adjusted_gross_margin_min'])}; operating income: "
        f"{money(float(x.EBIT[at]), unit)}, above 0.",
        "payback": f"Payback: {payback}; at most {words.years(most * life)} ({share(most)} of a life of {life:g}).",
        "demand": _demand(run, at, value),
        "survives": _survives(run, outcomes),
        "evidence": _evidence(run, at),
    }


def _demand(run: Run, at: int, value: dict[str, float]) -> str:
    if not run.x.A[at] > 0:
        return "Nobody pays yet: there is no AI revenue."
    if run.x.payers.internal_only[at]:
        shown = "stands" if run.checks["demand"][at] else "does not stand"
        return f"Every customer is internal, so question 2 must stand at Evidence with a source; it {shown} there."
    limits = run.policy.data["checks"]["demand"]
    parts = [
        f"{name} {share(value[key])} (at most {share(limits[f'{key}_max'])})"
        for key, name in (
            ("top_customer", "largest customer"),
            ("top_3_customers", "top three"),
            ("lab_dependency", "one lab or hyperscaler"),
        )
    ]
    if hidden_payers(run.x, run.policy)[at]:
        least = share(run.policy.data["score_rules"]["hidden_payers_share"])
        parts.append(f"the listed customers make up less than {least} of AI revenue, so payers are hidden")
    return words.sentence("; ".join(parts)) + "."


def _survives(run: Run, outcomes: list[Outcome]) -> str:
    core = [outcome for outcome in outcomes if outcome.scenario in run.policy.core]
    broken = [outcome.label for outcome in core if outcome.verdict == "Breaks"]
    if not broken:
        return f"None of the {len(core)} core scenarios breaks it."
    return f"Breaks in {len(broken)} of {len(core)} core scenarios, none allowed: {'; '.join(broken)}."


def _evidence(run: Run, at: int) -> str:
    limits = run.policy.data["checks"]["evidence"]
    points = float(total(run.points[:, at : at + 1])[0])
    most = len(run.points) * float(run.policy.question_points[-1])
    text = f"Open points on the five questions: {points:g} of {most:g}; at most {limits['points_max']:g}."
    if lacks_three_part(run.reviews, run.policy)[at]:
        kind = template.REVIEW_TYPES[int(run.reviews.review_type[at])].lower()
        text += f" A {kind} needs the three-part test answered, and it is not."
    return text


def metric_readings(run: Run, at: int, record: Record) -> dict[str, str]:
    """Read each metric in a short sentence that names its lines; `direct_customers` reads who pays."""
    readings: dict[str, str] = {"direct_customers": _direct_customers(run, at)}
    for metric in template.METRICS:
        value = float(run.metrics[metric.key][at])
        said = words.sentence(words.metric_value(metric, value))
        line = _LINES.get(metric.key)
        parts = [line(run, at, value, record)] if line and isfinite(value) else []
        assumed = [words.lowered(_label(key)) for key in metric.assumed if run.x.assumed[key][at]]
        if assumed:
            parts.append(f"{listed(assumed)} assumed")
        readings[metric.key] = f"{said}: {'; '.join(parts)}" if parts else said
    return readings


def _label(key: str) -> str:
    return template.FIELD[key].label if key in template.FIELD else template.CUSTOMER_FIELD[key].label


def _direct_customers(run: Run, at: int) -> str:
    payers, a = run.x.payers, float(run.x.A[at])
    count = int(payers.count[at])
    if not a > 0:
        return "No AI revenue: nobody pays yet"
    covered = float(payers.revenue_total[at]) / a
    who = "1 customer makes" if count == 1 else f"{count} customers make"
    return f"{who} up {share(covered)} of AI revenue" if count else "No customer is listed"


def _within(value: float, limit: float) -> bool:
    return bool(within(np.array(value), limit))


def _against(run: Run, check: str, key: str, value: float) -> str:
    limit = run.policy.data["checks"][check][f"{key}_max"]
    return f"{'within' if _within(value, limit) else 'above'} the {share(limit)} limit"


def _top_customer(run: Run, at: int, value: float, record: Record) -> str:
    place = int(run.x.payers.largest[at])
    if place < 0:
        return "no customer is listed but consumers"
    parts = [f"from one customer ({record.customers[place]['customer']})"]
    if value >= DISCLOSED:
        parts.append(f"above the {share(DISCLOSED)} disclosure line")
    return ", ".join([*parts, _against(run, "demand", "top_customer", value)])


def _top_3_customers(run: Run, at: int, value: float, record: Record) -> str:
    return f"from the three largest, {_against(run, 'demand', 'top_3_customers', value)}"


def _lab(run: Run, at: int, value: float, record: Record) -> str:
    if value == 0:
        return "no model lab, hyperscaler or neocloud pays"
    payers = run.x.payers
    a, backlog = float(run.x.A[at]), max(float(run.x.total_backlog[at]), float(run.x.A[at]))
    by_revenue, by_backlog = payers.revenue[:, at] / a, payers.backlog[:, at] / backlog
    place = int(np.argmax(np.where(payers.labs[:, at], np.maximum(by_revenue, by_backlog), -1)))
    of = "backlog" if by_backlog[place] > by_revenue[place] else "AI revenue"
    name = record.customers[place]["customer"]
    return f"of {of} from {name}, {_against(run, 'demand', 'lab_dependency', value)}"


def _concentration(run: Run, at: int, value: float, record: Record) -> str:
    knots = run.policy.data["metrics"]["concentration"]["knots"]
    low, high = knots[1][0], knots[3][0]
    level = "spread out" if value < low else "moderately concentrated" if value <= high else "highly concentrated"
    return f"{level} (from {low:,} moderate, above {high:,} high)"


def _payback(run: Run, at: int, value: float, record: Record) -> str:
    life = float(run.x.useful_life[at])
    limit = run.policy.data["checks"]["payback"]["life_share_max"] * life
    return f"{'within' if _within(value, limit) else 'beyond'} {words.years(limit)}, a useful life is {life:g}"


def _run_rate(run: Run, at: int, value: float, record: Record) -> str:
    least = run.policy.data["checks"]["booked"]["run_rate_gap_min"]
    if not _within(-value, -least):
        return f"the run rate is below what was booked, beyond {share(least)}"
    return f"{_against(run, 'booked', 'run_rate_gap', value)} over booked AI revenue"


def _liquidity(run: Run, at: int, value: float, record: Record) -> str:
    return "cash lasts the year" if _within(-value, -1) else "cash does not last the year"


def _capex(run: Run, at: int, value: float, record: Record) -> str:
    return "paid from cash flow" if _within(value, 1) else "the spend needs outside money"


DISCLOSED = 0.10
"""A customer of this share of revenue must be disclosed (ASC 280-10-50-42, IFRS 8.34)."""

_LINES: dict[str, Callable[[Run, int, float, Record], str]] = {
    "top_customer": _top_customer,
    "top_3_customers": _top_3_customers,
    "lab_dependency": _lab,
    "concentration": _concentration,
    "payback": _payback,
    "run_rate_gap": _run_rate,
    "liquidity_cover": _liquidity,
    "capex_to_cash_flow": _capex,
}
