"""Reviews as the four ranges of a workbook: lists of rows with labels, headers and typed values."""

from typing import Any

from capexrisk import Policy, template

Rows = list[list[Any]]
SCENARIO_COLUMNS = {"scenario": "Scenario", "label": "Label", **{item.key: item.label for item in template.SHOCKS}}

REVIEW: dict[str, Any] = {
    "inputs": {
        "entity": "Northwind Compute",
        "review_type": "Vendor review",
        "period_end": "2025-12-31",
        "currency": "USD",
        "annual_capex": 1000.0,
        "ai_capex": 800.0,
        "debt_for_capex": 300.0,
        "lease_commitments": 600.0,
        "guarantees": 0.0,
        "lease_liability": 50.0,
        "total_debt": 900.0,
        "debt_due_12m": 150.0,
        "interest_expense": 60.0,
        "cash": 700.0,
        "committed_capex": 400.0,
        "booked_revenue": 2000.0,
        "ai_revenue": 1200.0,
        "run_rate_revenue": 1350.0,
        "gross_margin": 0.5,
        "operating_margin": 0.2,
        "depreciation": 250.0,
        "inventory_build": 0.05,
    },
    "customers": [
        {"customer": "Aurora Labs", "kind": "Model lab", "revenue": 420.0, "backlog": 900.0, "take_or_pay": "Yes",
         "credit": "High yield"},
        {"customer": "Meridian Bank", "kind": "Enterprise", "revenue": 300.0, "backlog": 200.0},
        {"customer": "Cobalt Cloud", "kind": "Hyperscaler", "revenue": 240.0, "circular": "Yes"},
        {"customer": "Subscribers", "kind": "Consumer", "revenue": 200.0},
    ],
    "questions": [
        {"status": "Evidence", "answer": "Claims handling", "source": "Contract 12"},
        {"status": "Evidence", "answer": "Aurora Labs", "source": "Invoices"},
        {"status": "Partial", "answer": "Two quarters of cash", "source": "Plan"},
        {"status": "Partial", "answer": "Term loan", "source": "Note 9"},
        {"status": "Assertion", "answer": "Nothing", "source": ""},
    ],
    "three_part": {"behaviour": "Fewer manual claims", "segment": "Insurers", "margin": "60% gross"},
}  # fmt: skip


def plain(given: Any) -> Any:
    """The value alone, of a value or of {"value", "basis", "source"}."""
    return given["value"] if isinstance(given, dict) and "value" in given else given


def inputs_range(inputs: dict[str, Any]) -> Rows:
    """Label and value of every input, section titles between, as on the sheet Review."""
    rows: Rows = []
    section = None
    for item in template.FIELDS:
        if item.section != section:
            section = item.section
            rows.append([section.title(), None])
        value = plain(inputs.get(item.key))
        rows.append([item.label, template.PLAIN_UNIT if item.key == "unit" and value == "" else value])
    return rows


def customers_range(customers: list[dict[str, Any]]) -> Rows:
    keys = [item.key for item in template.CUSTOMER_FIELDS] + ["source"]
    header = [item.label for item in template.CUSTOMER_FIELDS] + ["Source"]
    rows = [[plain(customer.get(key)) for key in keys] for customer in customers]
    return [header, *rows, *[[None] * len(keys) for _ in range(template.MAX_CUSTOMERS - len(rows))]]


def scenarios_range(scenarios: list[dict[str, Any]] | None = None) -> Rows:
    """The policy's table as a blank workbook holds it, with rows of the same key replaced and others added."""
    table: dict[str, dict[str, Any]] = {}
    for key, row in Policy.built_in().scenarios.items():
        table[key] = {"scenario": key, **row} | ({"volume": None} if isinstance(row.get("volume"), str) else {})
    table |= {row["scenario"]: row for row in scenarios or ()}
    rows: Rows = [[row.get(key) for key in SCENARIO_COLUMNS] for row in table.values()]
    blank = [[None] * len(SCENARIO_COLUMNS) for _ in range(template.MAX_SCENARIOS - len(rows))]
    return [list(SCENARIO_COLUMNS.values()), *rows, *blank]


def questions_range(questions: list[dict[str, Any]], three_part: dict[str, Any]) -> Rows:
    rows: Rows = [["Question", "Status", "Answer", "Source"]]
    for item, row in zip(template.QUESTIONS, [*questions, *[{}] * 5], strict=False):
        rows.append([item.text, row.get("status"), row.get("answer"), row.get("source")])
    rows.append([None] * 4)
    return [*rows, *([item.text, None, three_part.get(item.key), None] for item in template.THREE_PART)]


def ranges(review: dict[str, Any]) -> tuple[Rows, Rows, Rows, Rows]:
    """The four ranges of a review in the JSON of `new --from`."""
    return (
        inputs_range(review["inputs"]),
        customers_range(review.get("customers", [])),
        scenarios_range(review.get("scenarios")),
        questions_range(review.get("questions", []), review.get("three_part", {})),
    )
