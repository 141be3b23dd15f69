"""A second, independent calculation of a whole review, to hold the real one against.

It is written as one would do it with a pocket calculator: one review, plain loops, the standard library only. The
policy's knots, weights, shocks and limits stand here again as literal tables, on purpose: a slip in the one copy then
shows against the other. It is slow (tens of milliseconds a review) and makes no sentences.

`assess` takes one review in the JSON of `new --from` and gives the object of `show --json`: findings, metrics,
metric_scores, sections, score, rating, decision, also, checks, stress, breakpoints, breaks_first.
"""

import math
from itertools import pairwise
from typing import Any

from reference_inputs import NOISE, Case, read
from reference_stress import describe_outcome, find_breakpoints, name_first

KNOTS: dict[str, list[tuple[float, float]]] = {
    "leverage": [(0, 0), (0.58, 5), (1.83, 25), (2.58, 40), (3.41, 60), (5.26, 75), (6, 82), (8.35, 90), (12, 100)],
    "committed_leverage": [(0, 0), (1.5, 20), (3, 40), (4.5, 60), (6.5, 75), (9, 90), (14, 100)],
    "interest_cover": [
        (0.5, 100),
        (0.8, 95),
        (1.25, 90),
        (1.5, 80),
        (2, 75),
        (2.5, 70),
        (3, 60),
        (3.5, 50),
        (4, 40),
        (4.5, 35),
        (6, 25),
        (7.5, 18),
        (9.5, 10),
        (12.5, 0),
    ],
    "debt_service_cover": [
        (0.8, 100),
        (1, 90),
        (1.1, 75),
        (1.2, 60),
        (1.25, 52),
        (1.35, 42),
        (1.5, 30),
        (2, 12),
        (3, 0),
    ],
    "liquidity_cover": [(0.25, 100), (0.5, 92), (1, 65), (1.2, 45), (1.5, 25), (2, 8), (3, 0)],
    "capex_to_cash_flow": [(0, 0), (0.4, 10), (0.6, 25), (0.8, 40), (1, 55), (1.5, 75), (3, 95), (5, 100)],
    "debt_funded_share": [(0, 0), (0.25, 25), (0.5, 50), (0.75, 75), (1, 100)],
    "maturity_wall": [(0.1, 0), (0.2, 25), (0.35, 50), (0.5, 75), (0.75, 100)],
    "top_customer": [(0.05, 0), (0.10, 20), (0.20, 40), (0.25, 50), (0.40, 70), (0.62, 90), (0.80, 100)],
    "top_3_customers": [(0.15, 0), (0.30, 25), (0.50, 50), (0.70, 75), (0.90, 100)],
    "concentration": [(500, 0), (1000, 25), (1500, 40), (1800, 50), (2500, 65), (5000, 92), (8000, 100)],
    "lab_dependency": [(0, 0), (0.10, 25), (0.25, 50), (0.45, 75), (0.60, 90), (0.80, 100)],
    "circular_share": [(0, 0), (0.05, 20), (0.10, 40), (0.20, 60), (0.40, 85), (0.60, 100)],
    "run_rate_gap": [
        (-0.4, 90),
        (-0.2, 60),
        (-0.05, 15),
        (0, 0),
        (0.1, 10),
        (0.25, 30),
        (0.5, 55),
        (1, 80),
        (2, 100),
    ],
    "adjusted_gross_margin": [(0, 100), (0.14, 88), (0.25, 72), (0.4, 50), (0.55, 30), (0.7, 10), (0.8, 0)],
    "operating_margin": [
        (-0.2, 100),
        (0, 95),
        (0.051, 90),
        (0.101, 75),
        (0.119, 60),
        (0.159, 40),
        (0.187, 25),
        (0.251, 0),
    ],
    "payback": [(0.25, 0), (0.5, 30), (0.75, 60), (1, 85), (1.5, 100)],
    "inventory_build": [(0, 0), (0.1, 30), (0.3, 70), (0.5, 100)],
}
HEADROOM_KNOTS: list[tuple[float, float]] = [(0, 100), (0.5, 90), (1, 60), (2, 25), (4, 0)]
LIQUIDITY_FLOOR_KNOTS: list[tuple[float, float]] = [(0.8, 60), (1.2, 0)]

SECTIONS: dict[str, dict[str, float]] = {
    "spend": {
        "leverage": 1,
        "committed_leverage": 1,
        "interest_cover": 1,
        "debt_service_cover": 1,
        "liquidity_cover": 1,
        "capex_to_cash_flow": 1,
        "debt_funded_share": 1,
        "maturity_wall": 1,
    },
    "payers": {"top_customer": 1, "top_3_customers": 1, "concentration": 1, "lab_dependency": 2, "circular_share": 1},
    "revenue": {
        "run_rate_gap": 1,
        "adjusted_gross_margin": 1,
        "operating_margin": 1,
        "payback": 2,
        "inventory_build": 1,
    },
}
WEIGHTS = {"spend": 0.25, "payers": 0.25, "revenue": 0.25, "breaks": 0.20, "questions": 0.05}
CORE = ("spend_drop", "financing", "utilization", "model_stall", "buyer_halves", "buyer_pauses")
SEVERITY = {"Holds": 0, "Strained": 50, "Breaks": 100}
POINTS = {"Evidence": 0, "Partial": 1, "Assertion": 2, "None": 3}
# A metric that rests on one of these inputs scores at least 50 while it is assumed.
RESTS_ON = {
    "run_rate_gap": ("run_rate_revenue",),
    "inventory_build": ("inventory_build",),
    "committed_leverage": ("guarantees", "lease_liability"),
    "liquidity_cover": ("committed_capex",),
    "lab_dependency": ("backlog",),
}
DECISIONS = ("Speculative", "Restructure", "Conditional", "Proven")


def interpolate(value: float, knots: list[tuple[float, float]]) -> float:
    """The score at a value: linear between the knots, flat outside them."""
    if value <= knots[0][0]:
        return float(knots[0][1])
    if value >= knots[-1][0]:
        return float(knots[-1][1])
    for (x0, y0), (x1, y1) in pairwise(knots):
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    raise AssertionError("a value between the knots lies between two of them")


def at_most(value: float, limit: float) -> bool:
    return value <= limit + NOISE * max(1, abs(limit))


def at_least(value: float, limit: float) -> bool:
    return value >= limit - NOISE * max(1, abs(limit))


def snap(amount: float, eps: float) -> float:
    """An amount of money; within noise of zero it is zero."""
    return 0.0 if abs(amount) <= eps else amount


def measure_owed(case: Case) -> float:
    x = case.x
    pv_leases = (x["lease_commitments"] / x["lease_term"]) * (1 - 1.06 ** -x["lease_term"]) / 0.06
    return snap(x["total_debt"] + x["lease_liability"] + pv_leases + x["guarantees"], case.eps)


def measure_earnings(case: Case) -> tuple[float, float]:
    """EBIT and EBITDA."""
    ebit = case.x["operating_income"]
    return snap(ebit, case.eps), snap(ebit + case.x["depreciation"], case.eps)


def are_hidden(case: Case) -> bool:
    """Few payers are named, and they make up less than half of AI revenue."""
    listed = sum(customer.revenue for customer in case.customers)
    return len(case.customers) < 10 and listed < 0.5 * case.x["ai_revenue"] - case.eps


def measure(case: Case) -> dict[str, float | None]:
    """Every metric; inf beyond every knot, None for no value."""
    x, eps = case.x, case.eps
    ebit, ebitda = measure_earnings(case)
    owed = measure_owed(case)
    debt, interest = snap(x["total_debt"], eps), snap(x["interest_expense"], eps)
    ocf = snap(x["operating_cash_flow"], eps)
    A, booked = snap(x["ai_revenue"], eps), snap(x["booked_revenue"], eps)
    due_12m, leases_12m = x["debt_due_12m"], x["lease_payments_12m"]
    m: dict[str, float | None] = {}

    m["leverage"] = 0.0 if debt <= 0 else math.inf if ebitda <= 0 else debt / ebitda
    m["committed_leverage"] = 0.0 if owed <= 0 else math.inf if ebitda <= 0 else owed / ebitda
    m["interest_cover"] = math.inf if interest <= 0 else ebit / interest
    service = snap(x["interest_expense"] + leases_12m + due_12m, eps)
    m["debt_service_cover"] = math.inf if service <= 0 else ebitda / service
    sources = x["cash"] + x["undrawn_facilities"] + max(ocf, 0)
    uses = snap(due_12m + x["committed_capex"] + leases_12m + max(-ocf, 0), eps)
    m["liquidity_cover"] = math.inf if uses <= 0 else sources / uses
    m["capex_to_cash_flow"] = math.inf if ocf <= 0 else x["annual_capex"] / ocf
    m["debt_funded_share"] = x["debt_for_capex"] / x["annual_capex"]
    m["maturity_wall"] = 0.0 if debt <= 0 else (due_12m + x["debt_due_24m"]) / debt

    if A > 0:
        shares = [customer.revenue / A for customer in case.customers]
        named = sorted(
            (s for s, customer in zip(shares, case.customers, strict=True) if customer.kind != "Consumer"),
            reverse=True,
        )
        m["top_customer"] = named[0] if named else 0.0
        m["top_3_customers"] = sum(named[:3])
        m["concentration"] = 10_000 * sum(share**2 for share in named)
        dependency = 0.0
        circular = 0.0
        for share, customer in zip(shares, case.customers, strict=True):
            if customer.kind in ("Model lab", "Hyperscaler", "Neocloud"):
                dependency = max(dependency, share, customer.backlog / max(x["total_backlog"], A))
            if customer.circular:
                circular += share
        m["lab_dependency"] = dependency
        m["circular_share"] = circular
        m["run_rate_gap"] = x["run_rate_revenue"] / A - 1
        worn = x["ai_depreciation"] / A
        m["adjusted_gross_margin"] = x["gross_margin"] - (0 if case.depreciation_inside else worn)
        cash_margin = min(1.0, x["gross_margin"] + worn) if case.depreciation_inside else x["gross_margin"]
        earned = snap(A * cash_margin, eps)
        m["payback"] = math.inf if earned <= 0 else x["hardware_value"] / earned
    else:
        for key in ("top_customer", "top_3_customers", "concentration", "lab_dependency", "circular_share"):
            m[key] = None
        m["adjusted_gross_margin"] = None
        m["run_rate_gap"] = math.inf
        m["payback"] = math.inf
    m["operating_margin"] = None if booked <= 0 else ebit / booked
    m["inventory_build"] = x["inventory_build"]
    return {key: m[key] for key in KNOTS}


def score_metrics(case: Case, metrics: dict[str, float | None]) -> dict[str, float]:
    """A score from 0 to 100 for every metric, the rules on top of the knots included."""
    ebit, ebitda = measure_earnings(case)
    owed = measure_owed(case)
    cash = snap(case.x["cash"], case.eps)
    burden = 0.0 if owed <= 0 else 100.0 if cash <= 0 else 100 * min(1.0, owed / cash)
    scores: dict[str, float] = {}
    for key, value in metrics.items():
        if value is None:
            scores[key] = 100.0
            continue
        if key == "payback":
            value = value / case.x["useful_life"]
        scores[key] = interpolate(value, KNOTS[key])

    if ebitda <= 0:
        for key in ("leverage", "committed_leverage"):
            scores[key] = 0.0 if metrics[key] == 0 else burden
        scores["debt_service_cover"] = 0.0 if metrics["debt_service_cover"] == math.inf else burden
    if ebit <= 0:
        scores["interest_cover"] = 0.0 if metrics["interest_cover"] == math.inf else burden
    for key, inputs in RESTS_ON.items():
        if any(name in case.assumed for name in inputs):
            scores[key] = max(scores[key], 50.0)
    if are_hidden(case):
        for key in ("top_customer", "top_3_customers", "concentration"):
            scores[key] = max(scores[key], 50.0)
    return scores


def score_sections(case: Case, scores: dict[str, float], verdicts: dict[str, str], headroom: float) -> dict[str, float]:
    sections: dict[str, float] = {}
    for section, weights in SECTIONS.items():
        total = sum(weight * scores[key] for key, weight in weights.items())
        sections[section] = total / sum(weights.values())
    severity = sum(SEVERITY[verdicts[key]] for key in CORE) / len(CORE)
    sections["breaks"] = 0.5 * severity + 0.5 * interpolate(headroom, HEADROOM_KNOTS)
    sections["questions"] = 100 * sum(POINTS[status] for status in case.statuses) / 15
    return sections


def score_overall(case: Case, metrics: dict[str, float | None], sections: dict[str, float]) -> float:
    mean = sum(weight * sections[key] for key, weight in WEIGHTS.items())
    worst = max(sections[key] for key in ("spend", "payers", "revenue", "breaks"))
    score = 0.7 * mean + 0.3 * worst
    cover = metrics["liquidity_cover"]
    assert cover is not None
    score = max(score, interpolate(cover, LIQUIDITY_FLOOR_KNOTS))
    _, ebitda = measure_earnings(case)
    owed = measure_owed(case)
    cash = snap(case.x["cash"], case.eps)
    if ebitda <= 0 and owed > 0:
        score = max(score, 75.0 if cash <= 0 else 75 * min(1.0, owed / cash))
    return score


def rate(score: float) -> str:
    if score < 25:
        return "Low"
    if score < 50:
        return "Moderate"
    return "High" if score < 75 else "Severe"


def check(case: Case, m: dict[str, float | None], verdicts: dict[str, str]) -> dict[str, bool]:
    """The six checks."""
    x, eps = case.x, case.eps
    has_revenue = x["ai_revenue"] > eps
    gap, payback = m["run_rate_gap"], m["payback"]
    assert gap is not None and payback is not None
    margin = False
    demand = False
    if has_revenue:
        top, top_3, lab, gross = (
            m[key] or 0.0 for key in ("top_customer", "top_3_customers", "lab_dependency", "adjusted_gross_margin")
        )
        margin = at_least(gross, 0.25) and x["operating_income"] > eps
        if case.customers and all(customer.kind == "Internal" for customer in case.customers):
            demand = case.statuses[1] == "Evidence"
        else:
            demand = at_most(top, 0.35) and at_most(top_3, 0.70) and at_most(lab, 0.35) and not are_hidden(case)
    evidence = sum(POINTS[status] for status in case.statuses) <= 5
    if case.review_type in ("Pitch", "Budget request"):
        evidence = evidence and case.three_part
    return {
        "booked": at_least(gap, -0.10) and at_most(gap, 0.25),
        "margin": margin,
        "payback": at_most(payback, 0.75 * x["useful_life"]),
        "demand": demand,
        "survives": not any(verdicts[key] == "Breaks" for key in CORE),
        "evidence": evidence,
    }


def decide(
    case: Case, m: dict[str, float | None], checks: dict[str, bool], verdicts: dict[str, str], score: float
) -> tuple[str, list[str]]:
    """The decision, and the others that would hold too."""
    _, ebitda = measure_earnings(case)
    payback = m["payback"]
    assert payback is not None
    depends = (
        not checks["payback"]
        or ebitda <= 0
        or (not checks["booked"] and not at_most(payback, 0.5 * case.x["useful_life"]))
    )
    every = all(checks.values())
    holds = {
        "Speculative": depends and not (checks["margin"] and checks["demand"]),
        "Restructure": verdicts["base"] == "Breaks" or score >= 75,
        "Conditional": not every or score >= 50,
        "Proven": every,
    }
    holding = [decision for decision in DECISIONS if holds[decision]]
    return holding[0], holding[1:]


def finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def assess(review: dict[str, Any]) -> dict[str, Any]:
    """Everything about one review; inf and no value as None. An Incomplete one has findings only."""
    case, findings = read(review)
    if case is None:
        return {
            "findings": findings,
            "metrics": {},
            "metric_scores": {},
            "sections": {},
            "score": None,
            "rating": None,
            "decision": "Incomplete",
            "also": [],
            "checks": {},
            "stress": [],
            "breakpoints": [],
            "breaks_first": None,
        }
    stress = [describe_outcome(case, key, label, shocks) for key, label, shocks in case.scenarios]
    verdicts = {str(row["scenario"]): str(row["verdict"]) for row in stress}
    breakpoints = find_breakpoints(case)
    metrics = measure(case)
    scores = score_metrics(case, metrics)
    sections = score_sections(case, scores, verdicts, min(headroom for _, _, headroom in breakpoints))
    score = score_overall(case, metrics, sections)
    checks = check(case, metrics, verdicts)
    decision, also = decide(case, metrics, checks, verdicts, score)
    return {
        "findings": findings,
        "metrics": {key: finite(value) for key, value in metrics.items()},
        "metric_scores": scores,
        "sections": sections,
        "score": score,
        "rating": rate(score),
        "decision": decision,
        "also": also,
        "checks": {key: {"ok": ok} for key, ok in checks.items()},
        "stress": stress,
        "breakpoints": [
            {"driver": driver, "shock": finite(shock), "headroom": finite(headroom)}
            for driver, shock, headroom in breakpoints
        ],
        "breaks_first": name_first(breakpoints),
    }
