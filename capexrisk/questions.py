"""The questions to ask, sharpened with the review's own numbers (model, end of section 6)."""

from __future__ import annotations

from capexrisk import template, words
from capexrisk.decision import lacks_three_part
from capexrisk.records import Record
from capexrisk.result import CheckResult, Outcome
from capexrisk.run import Run
from capexrisk.scores import hidden_payers
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
    if hidden_payers(run.x, run.policy)[at]:
        listed = share(float(run.x.payers.revenue_total[at]) / float(run.x.A[at]))
        return f"The listed customers make up only {listed} of AI revenue: who pays the rest?"
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
    asked: list[str] = []
    unproven = [str(row + 1) for row in range(len(run.points)) if run.points[row, at] > 0]
    if unproven:
        asked.append(f"Which documents answer question{'s' if len(unproven) > 1 else ''} {words.listed(unproven)}?")
    if lacks_three_part(run.reviews, run.policy)[at]:
        parts = words.listed([words.lowered(part.text) for part in template.THREE_PART])
        asked.append(f"Can anyone connect {parts}?")
    return " ".join(asked)


_ASK_CHECK = {
    "booked": _booked,
    "margin": _margin,
    "payback": _payback,
    "demand": _demand,
    "survives": _survives,
    "evidence": _evidence,
}


def _about_scenario(run: Run, at: int, outcome: Outcome, record: Record, unit: str) -> str:
    what = f"runs out of cash in Q{outcome.runs_out}" if outcome.runs_out else "cannot serve its lenders"
    if outcome.gives_way == ("Collateral",):
        what = "owes its secured lenders more than the hardware is worth"
    lowest = money(outcome.lowest_liquidity, unit)
    return f"It {what} {_when(run, at, outcome, record, unit)} (lowest liquidity {lowest}): what would you do first?"


def _when(run: Run, at: int, outcome: Outcome, record: Record, unit: str) -> str:
    """Say a scenario with the review's own numbers, where it shocks one thing only; else by its label."""
    slot = next(item.slot for item in run.slots.listed(at) if item.key == outcome.scenario)
    shocks = run.slots.shocks.of(len(run.policy.drivers) + slot, at)
    if set(shocks) == {"top_volume"}:
        return f"if {_top(run, at, record)} cuts its spend by {share(shocks['top_volume'])}"
    if set(shocks) == {"pause"}:
        quarters = int(shocks["pause"])
        return f"if {_top(run, at, record)} pauses for {quarters} quarter{'s' if quarters > 1 else ''}"
    if "financing_cut" in shocks and set(shocks) <= {"financing_cut", "rate_add", "draw_cut"}:
        due = money(float(run.x.debt_due_12m[at]), unit)
        return f"if lenders renew only {share(1 - shocks['financing_cut'])} of the {due} due within 12 months"
    label = words.lowered(outcome.label)
    return label if label.startswith("if ") else f'in the scenario "{outcome.label}"'


_ASK_NUMBER = {
    "run_rate_revenue": "What is the run rate, and which month is it stretched from?",
    "inventory_build": "How much of AI revenue is customers stocking ahead of use? Say 0 if there is none.",
    "guarantees": "Which debts or leases of others are guaranteed, and for how much? Say 0 if there are none.",
    "lease_liability": "What lease liabilities stand on the balance sheet? Say 0 if there are none.",
    "committed_capex": "How much capex is committed for the next 12 months?",
    "backlog": "How much revenue is contracted and not yet booked, customer by customer? Say 0 if there is none.",
}
