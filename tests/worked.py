"""One review in round figures, every input typed, that the worked examples start from; and ways to change it.

Money in millions. EBIT 200, EBITDA 320, AI revenue 800, nothing assumed, nothing unusual.
"""

from copy import deepcopy
from typing import Any

from capexrisk import Policy, Result, Reviews, assess
from capexrisk.result import Outcome

Review = dict[str, Any]

WORKED: Review = {
    "inputs": {
        "entity": "Northwind Compute",
        "review_type": "Investment",
        "scope": "Whole entity",
        "period_end": "2025-12-31",
        "currency": "USD",
        "unit": "m",
        "annual_capex": 400,
        "ai_capex": 300,
        "debt_for_capex": 100,
        "lease_commitments": 150,
        "lease_term": 15,
        "lease_payments_12m": 10,
        "lease_liability": 20,
        "guarantees": 5,
        "total_debt": 500,
        "debt_due_12m": 40,
        "debt_due_24m": 60,
        "interest_expense": 30,
        "interest_rate": 0.06,
        "floating_share": 0.5,
        "cash": 200,
        "undrawn_facilities": 100,
        "committed_capex": 160,
        "hardware_value": 300,
        "secured_debt": 100,
        "useful_life": 6,
        "ai_depreciation": 50,
        "total_backlog": 1000,
        "booked_revenue": 1000,
        "ai_revenue": 800,
        "run_rate_revenue": 880,
        "gross_margin": 0.5,
        "margin_includes_depreciation": "Yes",
        "operating_margin": 0.2,
        "operating_income": 200,
        "depreciation": 120,
        "operating_cash_flow": 280,
        "inventory_build": 0.1,
        "utilization": 0.8,
        "variable_cost_share": 0.25,
    },
    "customers": [
        {"customer": "Atlas", "kind": "Model lab", "revenue": 240, "backlog": 500, "credit": "Investment grade",
         "take_or_pay": "Yes", "circular": "No"},
        {"customer": "Borealis", "kind": "Hyperscaler", "revenue": 160, "backlog": 100, "credit": "High yield",
         "take_or_pay": "No", "circular": "Yes"},
        {"customer": "Cobalt", "kind": "Enterprise", "revenue": 120, "backlog": 0, "credit": "High yield",
         "take_or_pay": "Yes", "circular": "No"},
        {"customer": "Dunmore", "kind": "Government", "revenue": 80, "backlog": 0, "credit": "Unrated",
         "take_or_pay": "Yes", "circular": "No"},
        {"customer": "The public", "kind": "Consumer", "revenue": 160, "backlog": 0, "credit": "Unrated",
         "take_or_pay": "No", "circular": "No"},
    ],
    "questions": [{"status": "Evidence", "answer": "See file", "source": "Contract 12"} for _ in range(5)],
    "three_part": {"behaviour": "Claims are read", "segment": "Insurers", "margin": "60% gross"},
}  # fmt: skip

NO_DEBT = dict.fromkeys(
    ("total_debt", "debt_for_capex", "debt_due_12m", "debt_due_24m", "interest_expense", "secured_debt"), 0
)
NOTHING_OWED = NO_DEBT | dict.fromkeys(("lease_commitments", "lease_payments_12m", "lease_liability", "guarantees"), 0)
NO_AI = {"ai_revenue": 0, "run_rate_revenue": 0, "gross_margin": None}
NOTHING_BOOKED = {**NO_AI, "booked_revenue": 0, "operating_margin": None, "total_backlog": None}


def customer(name: str = "Atlas", kind: str = "Enterprise", revenue: float = 0, **terms: Any) -> dict[str, Any]:
    """A row of the table of payers, with terms that assume nothing."""
    return {"customer": name, "kind": kind, "revenue": revenue, "backlog": 0, "credit": "Unrated",
            "take_or_pay": "No", "circular": "No", **terms}  # fmt: skip


MANY = [customer(f"C{at}", revenue=40) for at in range(20)]
SOUND: dict[str, Any] = {
    **NOTHING_OWED, "cash": 5000, "undrawn_facilities": 0, "committed_capex": 0, "annual_capex": 300,
    "gross_margin": 0.75, "operating_income": 400, "operating_margin": None, "operating_cash_flow": 700,
    "inventory_build": 0, "run_rate_revenue": 800,
}  # fmt: skip


def review(customers: list[dict[str, Any]] | None = None, **inputs: Any) -> Review:
    """The worked review with some inputs, or all customers, replaced."""
    changed = deepcopy(WORKED)
    changed["inputs"] |= inputs
    if customers is not None:
        changed["customers"] = customers
    return changed


def sound(customers: list[dict[str, Any]] | None = None, **inputs: Any) -> Review:
    """A review that passes every check: nothing owed, margins of 75%, much cash, twenty equal customers."""
    return review(MANY if customers is None else customers, **SOUND | inputs)


def result(given: Review | None = None, policy: Policy | None = None, /, **inputs: Any) -> Result:
    """The result of a review, or of the worked one with some inputs replaced; under the built-in policy."""
    given = review(**inputs) if given is None else given
    return assess(Reviews.from_records([given]), policy or Policy.built_in()).result(0)


def outcome(shocks: dict[str, float], given: Review | None = None, /, **inputs: Any) -> Outcome:
    """The outcome of one scenario of its own."""
    given = review(**inputs) if given is None else deepcopy(given)
    given["scenarios"] = [{"scenario": "own", "label": "Own", **shocks}]
    found = result(given)
    assert found.complete, found.decision_sentence
    return next(row for row in found.stress if row.scenario == "own")


def texts(given: Review, kind: str) -> list[str]:
    """The sentences of one kind of finding."""
    return [finding.text for finding in result(given).findings if finding.kind == kind]
