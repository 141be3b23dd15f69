"""The functions as plain Python: ranges as lists of rows in, a value or rows of values out.

The first line of each docstring is the function's help in Excel. A review that is Incomplete gives "" where a number
stands otherwise, the sentence of the first missing or wrong input where text does, and empty tables, except that
CAPEX_FINDINGS says all of them, CAPEX_CHECKS and CAPEX_ASK the first. A value that is not a number is said in words
("never"). A call that is wrong in itself raises `CallError`, whose text is a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

from capexrisk import Policy, template
from capexrisk.errors import unknown
from capexrisk.version import VERSION
from capexrisk_udfs import policy_table
from capexrisk_udfs.cells import CallError, Rows, scalar
from capexrisk_udfs.ranges import RANGES, SHEETS
from capexrisk_udfs.runs import Run, policy_in_force, run
from capexrisk_udfs.tables import table

Number = float | str
Text = str

MOST_TO_ASK = len(template.CHECKS) + len(Policy.built_in().core) + len(template.NOT_SHOWN)
"""One question for each check, core scenario and assumed input of section 5's list."""

DIRECT_CUSTOMERS = "direct_customers"
"""A reading that belongs to no metric: how many payers, and how much of AI revenue they make up."""


def capex_metric(metric: Text, inputs: Rows, customers: Rows) -> Number:
    """One metric of the review, such as "interest_cover"; unrounded, shares as fractions (0.25 is 25%)."""
    return _metric(_metric_key(metric), inputs, customers)


def capex_concentration(inputs: Rows, customers: Rows) -> Number:
    """Concentration risk: the Herfindahl-Hirschman index of customers, from 0 to 10,000 (one customer)."""
    return _metric("concentration", inputs, customers)


def capex_top_share(inputs: Rows, customers: Rows, count: float | None = None) -> Number:
    """Share of AI revenue that comes from the three largest customers, or from the largest alone; Consumer left out."""
    known = {1: "top_customer", 3: "top_3_customers"}
    number = scalar(count)
    if number is None:
        number = 3
    if isinstance(number, bool) or number not in known:
        raise CallError(f"The number of customers is {number!r}; it must be 1 or 3.")
    return _metric(known[int(number)], inputs, customers)


def capex_lab_dependency(inputs: Rows, customers: Rows) -> Number:
    """Dependency on one model lab or one hyperscaler: its largest share of AI revenue or of backlog."""
    return _metric("lab_dependency", inputs, customers)


def capex_run_rate_gap(inputs: Rows, customers: Rows) -> Number:
    """How far the run rate stands above booked AI revenue; 0.25 is a quarter above."""
    return _metric("run_rate_gap", inputs, customers)


def capex_payback(inputs: Rows, customers: Rows) -> Number:
    """Payback period in years: book value of AI hardware over yearly cash from AI revenue."""
    return _metric("payback", inputs, customers)


def capex_reading(metric: Text, inputs: Rows, customers: Rows) -> Text:
    """One metric in a short sentence, such as which customer is the largest; also "direct_customers"."""
    key = _metric_key(metric, DIRECT_CUSTOMERS)
    found = run(inputs, customers)
    return found.sentence or found.result.readings.get(key, "")


@table(len(template.METRICS), "Metric", "Value", "Score", "Section")
def capex_metrics(inputs: Rows, customers: Rows) -> Rows:
    """Table of all metrics: label, value, risk score (0 best, 100 worst) and section."""
    result = run(inputs, customers).result
    names = {section.key: section.name for section in template.SECTIONS}
    return [
        [item.label, _number(result.metrics[item.key], result.words.get(f"metrics.{item.key}")),
         result.metric_scores[item.key], names[item.section]]
        for item in template.METRICS
        if result.complete
    ]  # fmt: skip


@table(len(template.SCORED_SECTIONS), "Section", "Score", "Weight")
def capex_sections(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Rows:
    """Table of the five scored sections: name, risk score (0 best, 100 worst) and weight."""
    found = _whole(inputs, customers, scenarios, questions)
    weights = found.policy.data["sections"]
    return [
        [section.name, found.result.sections[section.key], float(weights[section.key])]
        for section in template.SECTIONS
        if section.scored and found.result.complete
    ]


def capex_score(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Number:
    """The overall risk score, from 0 (best) to 100 (worst); blank while the review is incomplete."""
    score = _whole(inputs, customers, scenarios, questions).result.score
    return "" if score is None else score


def capex_rating(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Text:
    """The risk rating: Low, Moderate, High or Severe; or the first input that is missing or wrong."""
    found = _whole(inputs, customers, scenarios, questions)
    return found.result.rating or found.sentence


@table(
    template.MAX_SCENARIOS,
    "Scenario",
    "Label",
    "Verdict",
    "What gives way",
    "Revenue of the year",
    "EBITDA of the year",
    "DSCR after refinancing",
    "Lowest liquidity",
    "Runs out in quarter",
    "Loan to value",
    "In a sentence",
)
def capex_stress(inputs: Rows, customers: Rows, scenarios: Rows) -> Rows:
    """Table of stress outcomes, one row a scenario: verdict, what gives way, and the figures behind it."""
    found = _stressed(inputs, customers, scenarios)
    words = found.result.words
    return [
        [
            outcome.scenario,
            outcome.label,
            outcome.verdict,
            ", ".join(outcome.gives_way),
            outcome.revenue,
            outcome.ebitda,
            _number(outcome.dscr, words.get(f"stress.{outcome.scenario}.dscr")),
            outcome.lowest_liquidity,
            _number(outcome.runs_out or nan, words.get(f"stress.{outcome.scenario}.runs_out")),
            _number(outcome.ltv, words.get(f"stress.{outcome.scenario}.ltv")),
            outcome.sentence,
        ]
        for outcome in found.result.stress
    ]


def capex_outcome(scenario: Text, inputs: Rows, customers: Rows, scenarios: Rows) -> Text:
    """What one scenario does to the review, in one sentence; the scenario by its key or its label."""
    found = _stressed(inputs, customers, scenarios)
    if found.sentence:
        return found.sentence
    name = _folded(scalar(scenario))
    for outcome in found.result.stress:
        if name in (_folded(outcome.scenario), _folded(outcome.label)):
            return outcome.sentence
    raise CallError(unknown("Scenario", scenario, [outcome.scenario for outcome in found.result.stress]))


@table(template.QUARTERS, *(f"Scenario {n + 1}" for n in range(template.MAX_SCENARIOS)))
def capex_liquidity(inputs: Rows, customers: Rows, scenarios: Rows) -> Rows:
    """Table of liquidity at the end of each of eight quarters (rows), by scenario (columns, as in CAPEX_STRESS)."""
    columns: list[Sequence[Number]] = [
        outcome.liquidity for outcome in _stressed(inputs, customers, scenarios).result.stress
    ]
    if len(columns) > template.MAX_SCENARIOS:
        left = len(columns) - template.MAX_SCENARIOS + 1
        columns = [*columns[: template.MAX_SCENARIOS - 1], [f"and {left} more", *[""] * (template.QUARTERS - 1)]]
    return [list(quarter) for quarter in zip(*columns, strict=True)]


@table(len(Policy.built_in().drivers), "Driver", "Shock that breaks it", "Headroom")
def capex_breakpoints(inputs: Rows, customers: Rows) -> Rows:
    """Table of drivers: the smallest shock that breaks the review, and its headroom over the shock tried."""
    result = run(inputs, customers).result
    return [
        [
            point.driver,
            _number(point.shock, result.words.get(f"breakpoints.{point.driver}.shock")),
            _number(point.headroom, result.words.get(f"breakpoints.{point.driver}.headroom")),
        ]
        for point in result.breakpoints
    ]


def capex_breaks_first(inputs: Rows, customers: Rows) -> Text:
    """What breaks the review first, in one sentence: the driver with the least headroom."""
    found = run(inputs, customers)
    return found.sentence or found.result.breaks_first_sentence


def capex_decision(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Text:
    """The decision: Speculative, Restructure, Conditional or Proven; or the first input that is missing or wrong."""
    found = _whole(inputs, customers, scenarios, questions)
    return found.sentence or found.result.decision


def capex_reason(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Text:
    """The decision with its reasons in one sentence: what else would hold, and which checks fail."""
    found = _whole(inputs, customers, scenarios, questions)
    return found.sentence or found.result.decision_sentence


@table(len(template.CHECKS), "Check", "Holds", "Why")
def capex_checks(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Rows:
    """Table of the six checks of the decision rule: check, whether it holds (Yes or No), and why."""
    found = _whole(inputs, customers, scenarios, questions)
    if found.sentence:
        return [["", "", found.sentence]]
    results = [(item.label, found.result.checks[item.key]) for item in template.CHECKS]
    return [[label, template.YES_NO[0] if check.ok else template.YES_NO[1], check.text] for label, check in results]


@table(MOST_TO_ASK, "Ask")
def capex_ask(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Rows:
    """The questions to ask in the meeting, made sharper from the review itself, one a row."""
    found = _whole(inputs, customers, scenarios, questions)
    return [[found.sentence]] if found.sentence else [[question] for question in found.result.ask]


@table(40, "Kind", "Sheet", "Label", "Finding", "Range", "Row", "Column")
def capex_findings(inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Rows:
    """Table of what is missing, wrong, assumed or unusual, and where: range, row and column in it, from 1."""
    found = _whole(inputs, customers, scenarios, questions)
    found_rows: Rows = []
    for finding in found.result.findings:
        place = found.places.get((finding.table, finding.row, finding.key))
        where = ["", "", ""] if place is None else [RANGES[finding.table], float(place[0] + 1), float(place[1] + 1)]
        found_rows.append([finding.kind, SHEETS[finding.table], finding.label, finding.text, *where])
    return found_rows


def capex_finding(field: Text, inputs: Rows, customers: Rows, scenarios: Rows, questions: Rows) -> Text:
    """What is missing, wrong, assumed or unusual about one input, in short; "" when nothing is."""
    item = _FIELDS.get(_folded(scalar(field)))
    if item is None:
        raise CallError(unknown("Input", field, list(template.FIELD)))
    texts = _whole(inputs, customers, scenarios, questions).of_inputs.get(item.key, ())
    text = " ".join(texts).replace(f"{item.named} is missing", "Required").replace(f"{item.named} is blank:", "Blank:")
    return text.strip()


@table(policy_table.SIZE, "Policy", "Values", "Source")
def capex_policy() -> Rows:
    """Table of the policy in force: name and hash, then every table with its values and their source."""
    policy = policy_in_force()
    return policy_table.rows(policy)


def capex_version() -> Text:
    """The versions of tool and template, and the name and hash of the policy in force."""
    policy = policy_in_force()
    return f"capexrisk {VERSION}, template {template.TEMPLATE_VERSION}, policy {policy.name} ({policy.hash})"


def _whole(inputs: Any, customers: Any, scenarios: Any, questions: Any) -> Run:
    for name, values in (("scenarios", scenarios), ("questions", questions)):
        if values is None:
            raise CallError(f"The range {name} is missing.")
    return run(inputs, customers, scenarios, questions)


def _stressed(inputs: Any, customers: Any, scenarios: Any) -> Run:
    if scenarios is None:
        raise CallError("The range scenarios is missing.")
    return run(inputs, customers, scenarios)


def _metric(key: str, inputs: Any, customers: Any) -> Number:
    result = run(inputs, customers).result
    return _number(result.metrics[key], result.words.get(f"metrics.{key}")) if result.complete else ""


def _number(value: float, words: str | None) -> Number:
    return float(value) if isfinite(value) else words or "no value"


def _metric_key(metric: Any, *more: str) -> str:
    name = _folded(scalar(metric))
    if name in _METRICS:
        return _METRICS[name].key
    if name in more:
        return name
    raise CallError(unknown("Metric", metric, [*template.METRIC, *more]))


def _folded(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


_FIELDS = {name: item for item in reversed(template.FIELDS) for name in (_folded(item.label), item.key)}
_METRICS = {name: item for item in reversed(template.METRICS) for name in (_folded(item.label), item.key)}
"""Inputs and metrics by key and label; the first of the template wins where a name could be two."""
