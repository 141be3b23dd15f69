"""The questions to ask, sharpened with the review's own numbers (model, end of section 6)."""

from __future__ import annotations

from capexrisk import template, words
from capexrisk.assessment import Run
from capexrisk.records import Record
from capexrisk.result import CheckResult, Outcome
from capexrisk.words import money, share


def questions(run: Run, at: int, checks: dict[str, CheckResult], outcomes: list[Outcome], record: Record) -> list[str]:
    """Ask one question for each failing check, each core scenario that breaks, each number assumed and not shown."""
    asked = [_ASK_CHECK[check.key](run, at, record) for check in template.CHECKS if not checks[check.key].ok]
    unit = _unit(record)
    for key in run.policy.core:
        outcome = next(outcome for outcome in outcomes if outcome.scenario == key)
        if outcome.verdict == "Breaks":
            asked.append(_about_scenario(run, at, outcome, record, unit))
    asked += [_ASK_NUMBER[key] for key in template.NOT_SHOWN if run.x.assumed[key][at]]
    return asked


def _unit(record: Record) -> str:
    currency, unit = record.inputs.get("currency"), record.inputs.get("unit")
    return " ".join(str(part) for part in (unit, currency) if part)


def _top(run: Run, at: int, record: Record) -> str:
    place = int(run.x.payers.largest[at])
    return str(record.customers[place]["customer"]) if 0 <= place < len(record.customers) else "the largest customer"


def _booked(run: Run, at: int, record: Record) -> str:
    x = run.x
    run_rate, booked = money(float(x.run_rate_revenue[at]), _unit(record)), money(float(x.A[at]), _unit(record))
    return f"The run rate is {run_rate} and {booked} of AI revenue is booked: which signed contracts close the gap?"


def _margin(run: Run, at: int, record: Record) -> str:
    margin = words.metric_value(
        template.METRIC["adjusted_gross_margin"], float(run.metrics["adjusted_gross_margin"][at])
    )
    income = money(float(run.x.EBIT[at]), _unit(record))
    return f"Gross margin after depreciation is {margin} and operating income {income}: what does it cost to serve?"


def _payback(run: Run, at: int, record: Record) -> str:
    value = words.metric_value(template.METRIC["payback"], float(run.metrics["payback"][at]))
    life = float(run.x.useful_life[at])
    return f"Payback is {value} on hardware with a useful life of {life:g} years: who pays the rest, and by when?"


def _demand(run: Run, at: int, record: Record) -> str:
    if not run.x.A[at] > 0:
        return "Nobody pays yet: which customer signs first, for how much, and when?"
    if run.x.payers.internal_only[at]:
        return "Every customer is internal: where in the ledger is the saving booked, and who signs for it?"
    top = float(run.metrics["top_customer"][at])
    lab = float(run.metrics["lab_dependency"][at])
    return (
        f"{_top(run, at, record)} is {share(top)} of AI revenue and one lab or hyperscaler up to {share(lab)} of "
        "revenue or backlog: who would take its place?"
    )


def _survives(run: Run, at: int, record: Record) -> str:
    due = money(float(run.x.debt_due_12m[at]), _unit(record))
    cash = money(float(run.x.cash[at]), _unit(record))
    return f"{due} of debt comes due within 12 months against cash of {cash}: what is the plan if a scenario happens?"


def _evidence(run: Run, at: int, record: Record) -> str:
    unproven = [str(row + 1) for row in range(len(run.points)) if run.points[row, at] > 0]
    text = f"Which documents answer question {words.listed(unproven)}?" if unproven else ""
    if "three-part" in run.policy.data["checks"]["evidence"] or not run.reviews.tested[at]:
        parts = words.listed([part.text.lower() for part in template.THREE_PART])
        text = f"{text} Can anyone connect {parts}?".strip()
    return text


_ASK_CHECK = {
    "booked": _booked,
    "margin": _margin,
    "payback": _payback,
    "demand": _demand,
    "survives": _survives,
    "evidence": _evidence,
}


def _about_scenario(run: Run, at: int, outcome: Outcome, record: Record, unit: str) -> str:
    when = f"runs out of cash in Q{outcome.runs_out}" if outcome.runs_out else "cannot serve its lenders"
    if outcome.gives_way == ("Collateral",):
        when = "owes its secured lenders more than the hardware is worth"
    lowest = money(outcome.lowest_liquidity, unit)
    if outcome.scenario == "buyer_halves":
        who = f"if {_top(run, at, record)} halves its spend"
    elif outcome.scenario == "buyer_pauses":
        quarters = 2 if run.slots.shocks.pause.shape[1] == 1 else _pause(run, at, outcome.scenario)
        who = f"if {_top(run, at, record)} pauses for {quarters} quarters"
    elif outcome.scenario == "financing":
        due = money(float(run.x.debt_due_12m[at]), unit)
        who = f"if financing tightens while {due} comes due within 12 months"
    else:
        who = outcome.label[:1].lower() + outcome.label[1:]
    return f"It {when} {who} (lowest liquidity {lowest}): what would you do in the first quarter?"


def _pause(run: Run, at: int, key: str) -> int:
    return int(run.slots.shocks.pause[run.slots.keys.index(key), at])


_ASK_NUMBER = {
    "run_rate_revenue": "What is the run rate, and which month is it stretched from?",
    "inventory_build": "How much of AI revenue is customers stocking ahead of use? Say 0 if there is none.",
    "guarantees": "Which debts or leases of others are guaranteed, and for how much? Say 0 if there are none.",
    "lease_liability": "What lease liabilities stand on the balance sheet? Say 0 if there are none.",
    "committed_capex": "How much capex is committed for the next 12 months?",
    "backlog": "How much revenue is contracted and not yet booked, customer by customer? Say 0 if there is none.",
}
