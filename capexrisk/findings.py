"""What a review's inputs leave to be said: missing, wrong, assumed, unusual, each a sentence with its label."""

from __future__ import annotations

from math import isfinite, isnan, nan

from capexrisk import template, words
from capexrisk.figures import TOLERANCE, Figures
from capexrisk.policy import Policy
from capexrisk.result import Finding
from capexrisk.run import Run
from capexrisk.template import Field

_KINDS = ("missing", "wrong", "assumed", "unusual")
_TABLES = {name: at for at, name in enumerate(("inputs", "customers", "scenarios", "questions", "three_part"))}
_INPUTS = [*template.FIELD, *template.CUSTOMER_FIELD]


def findings(run: Run, at: int) -> list[Finding]:
    """List the findings of the review at `at`: those that block it first, each kind in the template's order.

    What was found while reading comes first: a value that could not be read is wrong, not missing or assumed as well.
    """
    x = run.x
    found = list(run.reviews.readings.get(at, ()))
    read = {(item.table, item.row, item.key) for item in found}
    of_figures = _of_figures(x, at)
    out_of_bounds = {item.key for item in of_figures if item.blocks}
    of_rules = [item for item in _of_rules(x, at) if item.key not in out_of_bounds]
    new = [*of_figures, *of_rules, *_of_customers(x, at), *_of_scenarios(run, at)]
    if not any(item.blocks for item in (*found, *new)):
        new += _unusual(x, run.policy, at)
    found += [item for item in new if (item.table, item.row, item.key) not in read]
    return sorted(found, key=_order)


def _order(item: Finding) -> tuple[bool, int, int, int, int]:
    return (
        not item.blocks,
        0 if item.blocks else _KINDS.index(item.kind),
        _TABLES.get(item.table, len(_TABLES)),
        _INPUTS.index(item.key) if item.table == "inputs" and item.key in _INPUTS else len(_INPUTS),
        -1 if item.row is None else item.row,
    )


def allowed(item: Field) -> str:
    """Say an input's allowed range: "between −20 and 1", "above 0, at most Annual capex"."""
    low, high = item.low, item.high
    if low is not None and high is not None and not item.above_low:
        return f"between {_number(low)} and {_number(high)}"
    parts: list[str] = []
    if low is not None:
        parts.append(f"above {_number(low)}" if item.above_low else f"{_number(low)} or more")
    if high is not None:
        parts.append(f"at most {_number(high)}")
    if item.at_most:
        parts.append(f"at most {template.FIELD[item.at_most].label}")
    return ", ".join(parts) or "any number"


def _of_figures(x: Figures, at: int) -> list[Finding]:
    found: list[Finding] = []
    for row, key in enumerate(template.NUMBERS):
        item = template.FIELD[key]
        value = float(x.typed(key)[at])
        if x.low[row, at] or x.high[row, at]:
            found.append(Finding("wrong", key, item.label, f"{item.named} is {_number(value)}; {_must(item, x, at)}."))
        elif key in x.missing and x.missing[key][at]:
            text = f"{item.named} is missing."
            if key == "operating_income":
                text = f"{item.named} is missing; it is needed when nothing is booked."
            elif key == "operating_margin":
                text = f"{item.named} is missing; give it, or {template.FIELD['operating_income'].label}."
            found.append(Finding("missing", key, item.label, text))
        elif key in x.assumed and x.assumed[key][at]:
            taken = _filled(item, float(getattr(x, key)[at]))
            told = f"{item.default_text}, {taken}," if item.default_text and taken else taken or item.default_text
            found.append(Finding("assumed", key, item.label, f"{item.named} is blank: {told} is assumed."))
    if x.assumed["backlog"][at]:
        label = template.CUSTOMER_FIELD["backlog"].label
        text = f"{label} is blank for every customer: none is assumed (type 0 if there is none)."
        found.append(Finding("assumed", "backlog", label, text, "customers"))
    return found


def _must(item: Field, x: Figures, at: int) -> str:
    most = float(x.typed(item.at_most)[at]) if item.at_most else nan
    cap = f" ({words.money(most)})" if isfinite(most) else ""
    hint = ""
    if item.kind == "share" and 1 < x.typed(item.key)[at] <= 100:
        value = float(x.typed(item.key)[at])
        hint = f" (type {_number(value)}% or {_number(value / 100)})"
    return f"it must be {allowed(item)}{cap}{hint}"


def _filled(item: Field, value: float) -> str:
    if not isfinite(value):
        return ""
    if item.kind == "share":
        return words.share(value)
    return f"{value:g} years" if item.kind == "years" else words.money(value)


def _of_rules(x: Figures, at: int) -> list[Finding]:
    """Inputs that do not fit each other."""
    label = {key: item.label for key, item in template.FIELD.items()}

    def amount(key: str) -> str:
        return words.money(float(getattr(x, key)[at]))

    def total(*keys: str) -> str:
        return words.money(sum(float(getattr(x, key)[at]) for key in keys))

    texts = {
        "debt_due_24m": lambda: (
            f"{label['debt_due_12m']} and in months 13 to 24 add up to {total('debt_due_12m', 'debt_due_24m')}; "
            f"together they must be at most {label['total_debt']} ({amount('total_debt')})."
        ),
        "total_backlog": lambda: (
            f"{label['total_backlog']} is {amount('total_backlog')}; it must be at least the backlogs listed under "
            f"Customers ({words.money(float(x.payers.backlog_total[at]))})."
        ),
        "agreement": lambda: (
            f"{label['operating_margin']} of {words.share(float(x.operating_margin[at]))} and "
            f"{label['operating_income']} of {amount('operating_income')} do not agree on {label['booked_revenue']} "
            f"of {amount('booked_revenue')}; correct one of them or leave it blank."
        ),
        "operating_income": lambda: (
            f"{label['operating_income']} and {label['depreciation']} add up to "
            f"{total('operating_income', 'depreciation')}; together they must be at most {label['booked_revenue']} "
            f"({amount('booked_revenue')}), or costs would be negative."
        ),
    }
    named = {**{key: key for key in texts}, "agreement": "operating_income"}
    return [Finding("wrong", named[key], label[named[key]], text()) for key, text in texts.items() if x.wrong[key][at]]


def _of_customers(x: Figures, at: int) -> list[Finding]:
    fields, found, payers = template.CUSTOMER_FIELD, list[Finding](), x.payers
    first, last = int(payers.starts[at]), int(payers.starts[at + 1])
    for row, kind in enumerate(payers.kind[: last - first, at]):
        if kind < 0:
            label, choices = fields["kind"].label, ", ".join(template.KINDS)
            text = f"{label} of customer {row + 1} is missing; it must be one of {choices}."
            found.append(Finding("missing", "kind", label, text, "customers", row))
    for key, blank_allowed in (("revenue", False), ("backlog", True)):
        label = fields[key].label
        for row, value in enumerate(payers.typed(key)[first:last]):
            if isnan(value) and not blank_allowed:
                text = f"{label} of customer {row + 1} is missing; type 0 if nothing was booked."
                found.append(Finding("missing", key, label, text, "customers", row))
            elif value < -x.eps[at]:
                text = f"{label} of customer {row + 1} is {_number(float(value))}; it must be 0 or more."
                found.append(Finding("wrong", key, label, text, "customers", row))
    if x.missing["customer"][at]:
        text = "No customer is listed; list who pays, one row for each ultimate parent, or type 0 as AI revenue."
        found.append(Finding("missing", "customer", fields["customer"].label, text, "customers"))
    if x.wrong["customer"][at]:
        total, limit = words.money(float(payers.revenue_total[at])), words.money(float(x.A[at]))
        text = f"Customers' revenues add up to {total}; they must not exceed AI revenue ({limit}) by more than 0.5%."
        found.append(Finding("wrong", "revenue", fields["revenue"].label, text, "customers"))
    return found


def _of_scenarios(run: Run, at: int) -> list[Finding]:
    if at not in run.slots.crowded:
        return []
    rows, most = len(run.slots.listed(at)), template.MAX_SCENARIOS
    text = f"The scenario table has {rows} rows, the policy's own among them; at most {most} fit, so leave some out."
    return [Finding("wrong", "scenario", "Scenario", text, "scenarios")]


def _unusual(x: Figures, policy: Policy, at: int) -> list[Finding]:
    limits = policy.data["unusual"]
    a = float(x.A[at])
    debt, interest, margin = float(x.total_debt[at]), float(x.interest_expense[at]), float(x.gross_margin[at])
    life, booked, capex = float(x.useful_life[at]), float(x.booked_revenue[at]), float(x.annual_capex[at])
    found: list[Finding] = []

    def add(key: str, text: str) -> None:
        found.append(Finding("unusual", key, template.FIELD[key].label, text))

    if debt > 0 and interest / debt > limits["interest_rate_max"] + TOLERANCE:
        add("interest_expense", f"Interest is {words.share(interest / debt)} of total debt; is one of them mistyped?")
    if a > 0 and x.includes_depreciation[at] and margin + float(x.ai_depreciation[at]) / a > 1 + TOLERANCE:
        add("gross_margin", "Gross margin before depreciation is above 100%; is depreciation really inside it?")
    if a > 0 and float(x.run_rate_revenue[at]) < a - x.eps[at]:
        add("run_rate_revenue", "The run rate is below the AI revenue booked; is revenue falling?")
    if life > limits["useful_life_max"] * (1 + TOLERANCE):
        longest = f"{limits['useful_life_max']:g} years"
        add("useful_life", f"Useful life is {life:g} years; more than {longest} is rare for AI hardware.")
    if booked > 0 and max(booked / capex, capex / booked) > limits["scale_max"] * (1 + TOLERANCE):
        apart = f"{limits['scale_max']:,g}"
        add("booked_revenue", f"Booked revenue and annual capex are more than {apart} times apart; another unit?")
    return found


def _number(value: float) -> str:
    return f"{value:,.10g}".replace("-", "−")
