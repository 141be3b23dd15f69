"""Made-up reviews in the JSON of `new --from`: varied and plausible, with the edges over-represented.

Money in the review's unit, shares as fractions. `random_review` draws one from a random generator, `reviews` is the
same as a hypothesis strategy (a failing case is named by its seed). About one in thirteen is invalid on purpose.
Run as a program it prints how the decisions and verdicts fall: `python tests/random_reviews.py 2000`.
"""

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Inputs = dict[str, Any]
Review = dict[str, Any]

OPTIONAL = (
    "lease_term",
    "lease_payments_12m",
    "lease_liability",
    "guarantees",
    "debt_due_24m",
    "interest_rate",
    "floating_share",
    "undrawn_facilities",
    "committed_capex",
    "hardware_value",
    "secured_debt",
    "useful_life",
    "ai_depreciation",
    "run_rate_revenue",
    "margin_includes_depreciation",
    "operating_cash_flow",
    "inventory_build",
    "utilization",
    "variable_cost_share",
)
PAYERS = ("Model lab", "Hyperscaler", "Neocloud", "Enterprise", "Government", "Consumer", "Internal", "Other")
CREDITS = ("Investment grade", "High yield", "Unrated")
# Largest sensible value of each shock in a scenario of one's own.
SHOCKS = {
    "volume": 1.0,
    "top_volume": 1.0,
    "price": 1.0,
    "top_price": 1.0,
    "pause": 8,
    "delay_days": 730,
    "rate_add": 0.3,
    "financing_cut": 1.0,
    "draw_cut": 1.0,
    "utilization": 1.0,
    "resale": 1.0,
    "contracts_hold": 1.0,
}
# mood: how often, debt in turns of revenue, cash and capex in shares of revenue, operating margin, gross margin,
# hardware in shares of AI revenue, run-rate gap, number of customers, quality of the answers (0 none, 1 all proven)
MOODS: dict[str, tuple[float, ...]] = {
    "strong": (0.40, 0.0, 0.6, 0.3, 1.5, 0.1, 0.4, 0.12, 0.40, 0.45, 0.80, 0.2, 2.2, -0.12, 0.3, 6, 25, 0.95),
    "steady": (0.20, 0.3, 1.5, 0.2, 0.8, 0.2, 0.6, 0.08, 0.30, 0.35, 0.70, 0.5, 2.5, -0.2, 0.5, 3, 18, 0.8),
    "stretched": (0.20, 0.8, 3.5, 0.2, 1.0, 0.3, 1.5, 0.0, 0.25, 0.2, 0.6, 1.0, 4.0, -0.2, 0.8, 1, 10, 0.6),
    "weak": (0.08, 2.0, 6.0, 0.0, 0.3, 0.5, 4.0, -0.3, 0.15, -0.1, 0.5, 2.0, 8.0, -0.5, 1.5, 1, 5, 0.3),
    "startup": (0.12, 0.0, 0.8, 0.3, 6.0, 0.1, 1.5, -2.0, -0.2, -0.5, 0.7, 0.3, 4.0, 0.0, 3.0, 1, 12, 0.4),
}


def random_review(rng: random.Random) -> Review:
    """One review; the same generator state gives the same review."""
    mood = rng.choices(list(MOODS), [row[0] for row in MOODS.values()])[0]
    review = draw_review(rng, mood)
    inputs = review["inputs"]
    if rng.random() < 0.55:
        rng.choice(EDGES)(rng, inputs, review)
    blank_some(rng, review)
    if rng.random() < 0.25:
        review["scenarios"] = draw_scenarios(rng)
    if rng.random() < 0.075:
        rng.choice(FAULTS)(rng, inputs, review)
    if rng.random() < 0.2:
        wrap_some(rng, review)
    return review


def reviews() -> st.SearchStrategy[Review]:
    """The same as a strategy; hypothesis shrinks towards a small seed, not a small review."""
    return st.integers(0, 2**32).map(lambda seed: random_review(random.Random(seed)))


def draw_rounding(rng: random.Random) -> Callable[[float], float]:
    """How this review's money is typed: in round figures, in cents, unrounded, or with the dust of a sum."""
    style = rng.choice(("figures", "figures", "cents", "raw", "dust"))
    if style == "figures":
        return lambda amount: float(f"{amount:.3g}")
    if style == "cents":
        return lambda amount: round(amount, 2)
    if style == "raw":
        return lambda amount: amount
    return lambda amount: amount * 0.1 + amount * 0.2


def draw_review(rng: random.Random, mood: str) -> Review:
    """A complete, valid review without blanks."""
    _, debt0, debt1, cash0, cash1, capex0, capex1, op0, op1, gm0, gm1, hw0, hw1, gap0, gap1, n0, n1, quality = MOODS[
        mood
    ]
    typed = draw_rounding(rng)
    between = rng.uniform
    booked = max(typed(10 ** between(0.5, 5.5)), 1.0)
    ai = booked if rng.random() < 0.4 else min(booked, typed(booked * between(0.1, 1)))
    capex = max(typed(booked * between(capex0, capex1)), 0.01)
    ai_capex = min(capex, max(typed(capex * between(0.4, 1)), 0.005))
    debt = typed(booked * between(debt0, debt1))
    due_12m = min(debt, typed(debt * between(0, 0.25)))
    due_24m = min(debt - due_12m, typed(debt * between(0, 0.3)))
    leases = typed(booked * between(0, 0.8)) if rng.random() < 0.7 else 0.0
    term = rng.choice((3, 5, 10, 12.5, 15, 20))
    interest = typed(debt * between(0.03, 0.1))
    life = rng.choice((3, 4, 5, 6, 6, 8))
    hardware = max(typed(ai * between(hw0, hw1)), 0.01)
    income_margin = round(between(op0, op1), 3)
    depreciation = typed(min(0.5, 0.9 - income_margin) * booked * between(0.1, 0.9))
    worn = min(depreciation, typed(hardware / life))
    debt_for_capex = min(capex, debt, typed(capex * between(0, 1) ** 2))
    committed = typed(capex * between(0.3, 1.1))
    cash = typed(booked * between(cash0, cash1))
    inputs: Inputs = {
        "entity": rng.choice(("Alpha Grid", "Bergwerk Compute", "Nåra Cloud", "Ōsaka AI 大阪")),
        "review_type": rng.choice(("Vendor review", "Budget request", "Pitch", "Investment", "Investment")),
        "scope": rng.choice(("Whole entity", "Whole entity", "Project")),
        "period_end": f"202{rng.randint(3, 6)}-{rng.choice(('03-31', '06-30', '12-31'))}",
        "currency": rng.choice(("USD", "EUR", "JPY", "GBP")),
        "unit": rng.choice(("", "k", "m", "bn")),
        "annual_capex": capex,
        "ai_capex": ai_capex,
        "debt_for_capex": debt_for_capex,
        "lease_commitments": leases,
        "lease_term": term,
        "lease_payments_12m": min(leases, typed(leases / term * between(0.2, 1.5))),
        "lease_liability": typed(booked * between(0, 0.2)),
        "guarantees": typed(booked * between(0, 0.1)) if rng.random() < 0.3 else 0.0,
        "total_debt": debt,
        "debt_due_12m": due_12m,
        "debt_due_24m": due_24m,
        "interest_expense": interest,
        "interest_rate": round(between(0.02, 0.14), 4),
        "floating_share": round(between(0, 1), 2),
        "cash": cash,
        "undrawn_facilities": typed(booked * between(0, 0.4)) if rng.random() < 0.5 else 0.0,
        "committed_capex": committed,
        "hardware_value": hardware,
        "secured_debt": min(debt, typed(hardware * between(0, 1.2))) if rng.random() < 0.7 else 0.0,
        "useful_life": life,
        "ai_depreciation": worn,
        "booked_revenue": booked,
        "ai_revenue": ai,
        "run_rate_revenue": typed(ai * (1 + between(gap0, gap1))),
        "gross_margin": round(between(gm0, gm1), 3),
        "margin_includes_depreciation": rng.choice(("Yes", "No")),
        "operating_margin": income_margin,
        "operating_income": booked * income_margin,
        "depreciation": depreciation,
        "operating_cash_flow": typed(booked * income_margin + depreciation - interest * between(0.5, 1.5)),
        "inventory_build": round(between(0, 0.3), 2) if rng.random() < 0.3 else 0.0,
        "utilization": round(between(0.4, 1), 2),
        "variable_cost_share": round(between(0, 1) ** 2, 2),
    }
    customers = draw_customers(rng, ai, rng.randint(int(n0), int(n1)), typed)
    if rng.random() < 0.5:
        listed = sum(customer["backlog"] or 0 for customer in customers)
        inputs["total_backlog"] = max(listed, typed(listed * between(1, 2)))
    three_part = {"behaviour": "Claims are read", "segment": "Insurers", "margin": "70%"}
    if rng.random() > quality:
        three_part[rng.choice(list(three_part))] = rng.choice((" ", ""))
    return {
        "inputs": inputs,
        "customers": customers,
        "questions": [draw_question(rng, quality) for _ in range(5)],
        "three_part": three_part,
    }


def draw_customers(rng: random.Random, ai: float, count: int, typed: Callable[[float], float]) -> list[dict[str, Any]]:
    """Customers whose revenues stay within AI revenue, the large ones mostly first."""
    steepness = rng.choice((0.3, 1, 2))
    sizes = [rng.uniform(0.1, 1) ** steepness / (place + 1) ** (steepness / 2) for place in range(count)]
    part = ai * rng.choice((1, 1, rng.uniform(0.6, 1), rng.uniform(0.2, 1)))
    rows: list[dict[str, Any]] = []
    crowd = rng.choices(PAYERS, (1, 1, 1, 6, 2, 1, 1, 2), k=count)
    for place, size in enumerate(sizes):
        revenue = part * size / sum(sizes)
        row = {
            "customer": f"Customer no. {place + 1}",
            "kind": crowd[place],
            "revenue": min(revenue, typed(revenue)),
            "backlog": typed(revenue * rng.uniform(0, 5)) if rng.random() < 0.6 else None,
            "credit": rng.choice((*CREDITS, None)),
            "take_or_pay": rng.choice(("Yes", "No", None)),
            "circular": "Yes" if rng.random() < 0.12 else rng.choice(("No", None)),
        }
        rows.append(row)
    return rows


def draw_question(rng: random.Random, quality: float) -> dict[str, Any]:
    """One answer; the better the quality, the more evidence, now and then without its source."""
    status = "Evidence" if rng.random() < quality else rng.choice(("Evidence", "Partial", "Assertion", "None", None))
    return {
        "status": status,
        "answer": rng.choice(("As shown", "", None)),
        "source": "Contract file" if rng.random() < 0.93 else rng.choice((None, "", "  ")),
    }


def draw_scenarios(rng: random.Random) -> list[dict[str, Any]]:
    """Edited rows of the policy's and rows of one's own; no key twice."""
    edited = ("spend_drop", "financing", "utilization", "model_stall", "buyer_halves", "buyer_pauses", "gpu_resale")
    keys = rng.sample((*edited, "inventory_unwind", "bust"), rng.randint(0, 3))
    keys += [f"own_{number}" for number in range(rng.randint(0, 4))]
    rows: list[dict[str, Any]] = []
    for key in keys:
        row: dict[str, Any] = {"scenario": key, "label": rng.choice((None, f"If {key} comes"))}
        for shock in rng.sample(list(SHOCKS), rng.randint(0, 4)):
            highest = SHOCKS[shock]
            drawn = rng.choice((0, highest, None, rng.uniform(0, 0.4) * highest, rng.uniform(0, 1) * highest))
            row[shock] = round(drawn) if shock == "pause" and drawn is not None else drawn
        rows.append(row)
    if rng.random() < 0.1:
        rows.append({"scenario": "base", "label": "Today", "volume": 0})
    return rows


def blank_some(rng: random.Random, review: Review) -> None:
    """Leave optional inputs out, in some reviews none and in some nearly all."""
    inputs = review["inputs"]
    share = rng.choice((0, 0, 0.1, 0.4, 0.9))
    for key in OPTIONAL:
        if rng.random() < share:
            inputs[key] = rng.choice((None, ""))
            if rng.random() < 0.5:
                del inputs[key]
    if inputs["operating_margin"] is not None and rng.random() < 0.5:
        if rng.random() < 0.5 and inputs["booked_revenue"] > 0:
            del inputs["operating_income"]
        else:
            inputs["operating_margin"] = None
    if rng.random() < 0.3 * share and inputs["ai_revenue"] > 0:
        inputs["ai_revenue"] = None
    if rng.random() < 0.3:
        for row in review["customers"]:
            row["backlog"] = None
    for key in ("scope", "unit"):
        if rng.random() < share / 2:
            del inputs[key]


def wrap_some(rng: random.Random, review: Review) -> None:
    """Give some values a basis and a source."""
    inputs = review["inputs"]
    for key, value in inputs.items():
        if rng.random() < 0.5:
            inputs[key] = {"value": value, "basis": "filing", "source": rng.choice(("", "10-K", None))}
    for row in review["customers"]:
        if rng.random() < 0.3:
            row["revenue"] = {"value": row["revenue"], "basis": "assumption", "source": ""}


# Edges: each changes a valid review into another valid one.


def owe_nothing(rng: random.Random, x: Inputs, review: Review) -> None:
    for key in ("total_debt", "debt_for_capex", "debt_due_12m", "debt_due_24m", "interest_expense", "secured_debt"):
        x[key] = 0
    if rng.random() < 0.5:
        for key in ("lease_commitments", "lease_payments_12m", "lease_liability", "guarantees"):
            x[key] = 0
    if rng.random() < 0.3:
        x["committed_capex"] = 0


def pay_no_interest(rng: random.Random, x: Inputs, review: Review) -> None:
    x["interest_expense"] = 0
    x["interest_rate"] = rng.choice((0, None))


def hold_no_cash(rng: random.Random, x: Inputs, review: Review) -> None:
    x["cash"] = 0
    x["undrawn_facilities"] = rng.choice((0, None, x["undrawn_facilities"]))


def sell_no_ai(rng: random.Random, x: Inputs, review: Review) -> None:
    x["ai_revenue"] = 0
    x["run_rate_revenue"] = rng.choice((0, None, x["run_rate_revenue"]))
    x["gross_margin"] = rng.choice((None, x["gross_margin"]))
    x.pop("total_backlog", None)
    for row in review["customers"]:
        row["revenue"] = 0
    if rng.random() < 0.6:
        review["customers"] = []


def book_nothing(rng: random.Random, x: Inputs, review: Review) -> None:
    sell_no_ai(rng, x, review)
    x["booked_revenue"] = 0
    x["operating_income"] = -x["depreciation"] - rng.choice((0, 0.2 * x["annual_capex"]))
    x["operating_margin"] = rng.choice((None, 0.2))
    x["operating_cash_flow"] = rng.choice((None, x["operating_income"]))


def budget_exactly(rng: random.Random, x: Inputs, review: Review) -> None:
    """A project that has its budget in cash and nothing else."""
    owe_nothing(rng, x, review)
    book_nothing(rng, x, review)
    for key in ("lease_commitments", "lease_payments_12m", "lease_liability", "guarantees", "depreciation"):
        x[key] = 0
    x["scope"] = "Project"
    x["operating_income"] = 0
    x["ai_depreciation"] = 0
    x["operating_cash_flow"] = 0
    x["cash"] = x["annual_capex"]
    x["committed_capex"] = x["annual_capex"]
    x["undrawn_facilities"] = 0


def earn_exactly_nothing(rng: random.Random, x: Inputs, review: Review) -> None:
    x["operating_margin"] = None
    x["operating_income"] = rng.choice((-x["depreciation"], 0, (0.1 + 0.2 - 0.3) * rng.choice((-1, 1))))


def lose_heavily(rng: random.Random, x: Inputs, review: Review) -> None:
    x["operating_margin"] = None
    x["operating_income"] = -x["booked_revenue"] * rng.uniform(0.5, 20)
    x["operating_cash_flow"] = x["operating_income"] * 0.8


def sell_to_one_kind(rng: random.Random, x: Inputs, review: Review) -> None:
    kind = rng.choice(("Consumer", "Consumer", "Internal", "Internal", "Hyperscaler"))
    for row in review["customers"]:
        row["kind"] = kind


def sell_to_one(rng: random.Random, x: Inputs, review: Review) -> None:
    row = review["customers"][0]
    row["revenue"] = x["ai_revenue"] * rng.choice((1, 1.005, 0.35, 0.5, 0.25))
    review["customers"] = [row]


def sell_to_twins(rng: random.Random, x: Inputs, review: Review) -> None:
    for row in review["customers"]:
        row["revenue"] = x["ai_revenue"] / len(review["customers"])


def sell_to_many(rng: random.Random, x: Inputs, review: Review) -> None:
    review["customers"] = draw_customers(rng, x["ai_revenue"], 25, draw_rounding(rng))
    x.pop("total_backlog", None)


def sum_with_dust(rng: random.Random, x: Inputs, review: Review) -> None:
    """Thirds of a unit that only nearly add up to what they are part of."""
    unit = x["ai_revenue"]
    x["ai_revenue"] = unit * 0.3
    for row in review["customers"]:
        row["revenue"] = 0
    review["customers"][0]["revenue"] = unit * 0.1 + unit * 0.2
    x["run_rate_revenue"] = None
    debt = x["total_debt"]
    x["total_debt"] = debt * 0.3
    x["debt_due_12m"], x["debt_due_24m"] = debt * 0.1, debt * 0.2
    x["debt_for_capex"] = min(x["debt_for_capex"], x["total_debt"])
    x["secured_debt"] = x["debt_due_12m"] + x["debt_due_24m"]


def borrow_it_all(rng: random.Random, x: Inputs, review: Review) -> None:
    x["debt_for_capex"] = x["annual_capex"]
    x["ai_capex"] = x["annual_capex"]
    x["secured_debt"] = None


def commit_nothing(rng: random.Random, x: Inputs, review: Review) -> None:
    x["committed_capex"] = 0
    x["lease_payments_12m"] = 0


def stand_on_limits(rng: random.Random, x: Inputs, review: Review) -> None:
    """Figures exactly at what a check allows."""
    A = x["ai_revenue"]
    x["run_rate_revenue"] = A * rng.choice((1.25, 0.9, 1, 1.25 + 1e-12))
    x["gross_margin"] = rng.choice((0.25, 0.5, 0.1 + 0.2))
    x["margin_includes_depreciation"] = "No"
    life = x["useful_life"]
    x["hardware_value"] = A * x["gross_margin"] * life * rng.choice((0.75, 0.5))
    x["ai_depreciation"] = 0
    x["secured_debt"] = None
    shares = rng.choice(((0.35, 0.2, 0.15), (0.25, 0.25), (0.05,) * 10, (0.1, 0.2, 0.3), (0.35, 0.35)))
    first = review["customers"][0]
    review["customers"] = [
        {**first, "customer": f"No. {place}", "revenue": A * share, "backlog": None}
        for place, share in enumerate(shares)
    ]


def run_close(rng: random.Random, x: Inputs, review: Review) -> None:
    """Cash and earnings that about cover the year's capex and lenders."""
    service = x["total_debt"] * 0.06 + x["lease_payments_12m"]
    x["interest_rate"] = 0.06
    own_capex = x["committed_capex"] * (1 - x["debt_for_capex"] / x["annual_capex"])
    ebitda = min(service * rng.uniform(0.9, 1.4), 0.9 * x["booked_revenue"])
    x["depreciation"] = ebitda * 0.6
    x["ai_depreciation"] = ebitda * 0.5
    x["operating_margin"] = None
    x["operating_income"] = ebitda * 0.4
    x["operating_cash_flow"] = rng.choice((None, ebitda * 0.8))
    x["lease_commitments"] = x["lease_payments_12m"] * x["lease_term"]
    x["run_rate_revenue"] = max(x["run_rate_revenue"], x["ai_revenue"])
    x["undrawn_facilities"] = 0
    x["cash"] = max(0, own_capex - ebitda + service) + service * rng.uniform(0.1, 2.2)
    if rng.random() < 0.4:
        x["hardware_value"] = max(x["total_debt"] * rng.uniform(0.9, 1.6), 0.01)
        x["secured_debt"] = x["total_debt"]


def turn_every_knob(rng: random.Random, x: Inputs, review: Review) -> None:
    x["utilization"] = rng.choice((1, 0.01, 0.2))
    x["variable_cost_share"] = rng.choice((0, 1))
    x["floating_share"] = rng.choice((0, 1))
    x["inventory_build"] = rng.choice((0, 0.25, 1))
    x["interest_rate"] = rng.choice((0, 1))
    x["useful_life"] = rng.choice((1, 40))


EDGES = (
    owe_nothing,
    pay_no_interest,
    hold_no_cash,
    sell_no_ai,
    book_nothing,
    budget_exactly,
    earn_exactly_nothing,
    lose_heavily,
    sell_to_one_kind,
    sell_to_one_kind,
    sell_to_one,
    sell_to_twins,
    sell_to_many,
    sum_with_dust,
    borrow_it_all,
    commit_nothing,
    stand_on_limits,
    run_close,
    run_close,
    run_close,
    run_close,
    run_close,
    run_close,
    turn_every_knob,
)


# Faults: each makes the review Incomplete.


def leave_out(rng: random.Random, x: Inputs, review: Review) -> None:
    keys = ("entity", "review_type", "period_end", "currency", "annual_capex", "ai_capex", "debt_for_capex")
    keys += ("lease_commitments", "total_debt", "debt_due_12m", "interest_expense", "cash", "booked_revenue")
    x[rng.choice((*keys, "depreciation"))] = rng.choice((None, "", "  "))


def leave_out_margins(rng: random.Random, x: Inputs, review: Review) -> None:
    x["operating_margin"] = x["operating_income"] = None


def go_out_of_bounds(rng: random.Random, x: Inputs, review: Review) -> None:
    faults = (
        ("annual_capex", 0),
        ("annual_capex", -5),
        ("ai_capex", 0),
        ("cash", -1),
        ("total_debt", -3),
        ("floating_share", 1.2),
        ("interest_rate", 5),
        ("utilization", 0),
        ("utilization", 85),
        ("gross_margin", 45),
        ("gross_margin", -21),
        ("operating_margin", 1.5),
        ("inventory_build", -0.1),
        ("lease_term", 0.5),
        ("useful_life", 41),
        ("hardware_value", 0),
        ("depreciation", "12 m"),
        ("booked_revenue", float("nan")),
        ("interest_expense", float("inf")),
        ("cash", True),
        ("margin_includes_depreciation", "Perhaps"),
        ("review_type", "Poem"),
        ("scope", "Half"),
        ("unit", "million"),
        ("period_end", "31/12/2025"),
        ("currency", "Dollars"),
    )
    key, value = rng.choice(faults)
    x[key] = value


def exceed_a_sum(rng: random.Random, x: Inputs, review: Review) -> None:
    smaller, larger = rng.choice(
        (
            ("ai_capex", "annual_capex"),
            ("debt_for_capex", "annual_capex"),
            ("debt_due_12m", "total_debt"),
            ("debt_due_24m", "total_debt"),
            ("secured_debt", "total_debt"),
            ("lease_payments_12m", "lease_commitments"),
            ("ai_depreciation", "depreciation"),
            ("ai_revenue", "booked_revenue"),
            ("operating_income", "booked_revenue"),
        )
    )
    x[smaller] = (x[larger] or 0) * 1.01 + 1


def crowd_customers(rng: random.Random, x: Inputs, review: Review) -> None:
    rows = review["customers"]
    fault = rng.choice(("sum", "twice", "many", "kind", "nameless", "negative", "backlog"))
    if fault == "many" or not rows:
        review["customers"] = [{"customer": f"C{n}", "kind": "Other", "revenue": 0} for n in range(26)]
    elif fault == "sum":
        rows[0]["revenue"] = x["booked_revenue"] * 1.1 + 1
    elif fault == "twice":
        rows.append({**rows[0], "customer": f" {rows[0]['customer'].upper()} ", "revenue": 0, "backlog": None})
    elif fault == "kind":
        rows[-1]["kind"] = rng.choice(("Friend", None))
    elif fault == "nameless":
        rows[-1]["customer"] = rng.choice((None, "  "))
    elif fault == "negative":
        rows[-1][rng.choice(("revenue", "backlog"))] = -x["annual_capex"]
    else:
        rows[0]["backlog"] = x["annual_capex"] * 2
        x["total_backlog"] = x["annual_capex"]


def break_scenarios(rng: random.Random, x: Inputs, review: Review) -> None:
    review["scenarios"] = [
        rng.choice(
            (
                {"scenario": "base", "volume": 0.1},
                {"scenario": "spend_drop", "volume": 1.5},
                {"scenario": "own", "pause": 1.5},
                {"scenario": "own", "pause": 9},
                {"scenario": "own", "delay_days": 731},
                {"scenario": "own", "price": -0.1},
                {"scenario": "own", "rate_add": "3 points"},
            )
        )
    ]


FAULTS = (
    leave_out,
    leave_out_margins,
    go_out_of_bounds,
    go_out_of_bounds,
    exceed_a_sum,
    crowd_customers,
    break_scenarios,
)


def show_spread(count: int) -> None:
    """Print how decisions, ratings, verdicts and first breaks fall over that many reviews."""
    from collections import Counter

    from reference import assess

    tallies: dict[str, Counter[Any]] = {
        name: Counter() for name in ("decision", "rating", "first", "base", "all", "ways", "also")
    }
    checks: Counter[str] = Counter()
    for seed in range(count):
        result = assess(random_review(random.Random(seed)))
        tallies["decision"][result["decision"]] += 1
        if result["decision"] == "Incomplete":
            continue
        tallies["rating"][result["rating"]] += 1
        tallies["first"][result["breaks_first"]] += 1
        tallies["also"][tuple(result["also"])] += 1
        checks.update(key for key, found in result["checks"].items() if found["ok"])
        for row in result["stress"]:
            tallies["all"][row["verdict"]] += 1
            tallies["ways"].update(row["gives_way"])
            if row["scenario"] == "base":
                tallies["base"][row["verdict"]] += 1
    for name, tally in tallies.items():
        print(f"{name:10}", dict(tally.most_common()))
    print(f"{'checks ok':10}", dict(checks))


if __name__ == "__main__":
    import sys

    show_spread(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
