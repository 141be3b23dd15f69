"""One review out of a run, as a `Result` with every sentence a reader needs."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isinf, isnan

import numpy as np

from capexrisk import template, words
from capexrisk.breakpoints import first_driver
from capexrisk.findings import findings
from capexrisk.questions import questions
from capexrisk.readings import breaks_first, check_texts, decision_text, metric_readings, outcome_text
from capexrisk.records import Record
from capexrisk.result import Breakpoint, CheckResult, Outcome, Result, Value
from capexrisk.run import Run
from capexrisk.scores import ratings
from capexrisk.stress import dscr, ltv, runs_out


def report(run: Run, at: int) -> Result:
    """Give the result of the review at `at` in a run's block."""
    x, policy = run.x, run.policy
    record = run.reviews.records[at] if run.reviews.records else _unread(run, at)
    found = findings(run, at)
    first = next((item.text for item in found if item.blocks), "An input is missing or wrong.")
    incomplete = Result(
        inputs=record.inputs,
        customers=record.customers,
        questions=record.questions,
        three_part=record.three_part,
        scenarios=record.scenarios,
        sources=record.sources,
        findings=found,
        policy_name=policy.name,
        policy_hash=policy.hash,
        breaks_first_sentence=first,
        decision_sentence=f"{template.DECISIONS[0]}: {first}",
    )
    if not run.complete[at]:
        return incomplete

    metrics = {key: float(values[at]) for key, values in run.metrics.items()}
    decided = [name for name, held in zip(template.DECISIONS[1:], run.decisions[:, at], strict=True) if held]
    outcomes = _outcomes(run, at, str(record.inputs.get("unit") or ""))
    points = [
        Breakpoint(driver.name, float(run.shocks[row, at]), float(run.headroom[row, at]))
        for row, driver in enumerate(policy.drivers)
    ]
    first_row = int(first_driver(run.headroom[:, at : at + 1])[0])
    texts = check_texts(run, at, outcomes, record)
    checks = {key: CheckResult(bool(held[at]), texts[key]) for key, held in run.checks.items()}
    score = float(run.score[at])
    return replace(
        incomplete,
        complete=True,
        metrics=metrics,
        metric_scores={key: float(values[at]) for key, values in run.metric_scores.items()},
        sections={key: float(run.sections[row, at]) for row, key in enumerate(template.SCORED_SECTIONS)},
        score=score,
        rating=template.RATINGS[int(ratings(run.score[at : at + 1], policy)[0])],
        decision=decided[0],
        also=decided[1:],
        checks=checks,
        stress=outcomes,
        breakpoints=points,
        breaks_first=policy.drivers[first_row].name if first_row >= 0 else None,
        words=_words(metrics, outcomes, points, first_row, bool(x.assumed["inventory_build"][at])),
        readings=metric_readings(run, at, record),
        breaks_first_sentence=breaks_first(run, at, outcomes, first_row),
        decision_sentence=decision_text(decided, checks, outcomes, score, run, at),
        ask=questions(run, at, checks, outcomes, record),
    )


def _outcomes(run: Run, at: int, unit: str) -> list[Outcome]:
    s = run.stress
    loan, cover = ltv(run.x, s), dscr(run.x, s)
    unstated = bool(run.x.assumed["inventory_build"][at])
    outcomes: list[Outcome] = []
    for slot, key, label in run.slots.listed(at):
        liquidity = s.liquidity(np.array([slot]), np.array([at]))[:, 0]
        outcome = Outcome(
            key,
            label,
            float(s.revenue[slot, at]),
            float(s.ebitda[slot, at]),
            float(cover[slot, at]),
            float(s.lowest[slot, at]),
            runs_out(liquidity, float(run.x.eps[at])),
            float(loan[slot, at]),
            tuple(way for way, gives in zip(template.WAYS, run.gives[:, slot, at], strict=True) if gives),
            template.VERDICTS[int(run.verdicts[slot, at])],
            tuple(float(value) for value in liquidity),
            "",
        )
        not_stated = unstated and slot < len(run.slots.policy) and _from_stocking(run, at, key)
        outcomes.append(outcome.saying(outcome_text(outcome, unit, not_stated)))
    return outcomes


def _from_stocking(run: Run, at: int, key: str) -> bool:
    """Whether a scenario takes its volume from the input inventory_build in this review."""
    if run.policy.scenarios[key].get("volume") != "inventory_build":
        return False
    table = run.reviews.scenarios[at]
    rows = table.rows if table else []
    return all(str(row["scenario"]).casefold() != key.casefold() or row["volume"] is None for row in rows)


def _words(
    metrics: dict[str, float], outcomes: list[Outcome], points: list[Breakpoint], first: int, unstated: bool
) -> dict[str, str]:
    """Say every value that is not a plain number, by its path in the JSON."""
    said = {
        f"metrics.{metric.key}": words.metric_value(metric, metrics[metric.key])
        for metric in template.METRICS
        if not isfinite(metrics[metric.key])
    }
    for outcome in outcomes:
        path = f"stress.{outcome.scenario}"
        if isinf(outcome.dscr):
            said[f"{path}.dscr"] = words.NOTHING_TO_COVER
        if isinf(outcome.ltv):
            said[f"{path}.ltv"] = words.NO_VALUE_LEFT
        if outcome.runs_out is None:
            said[f"{path}.runs_out"] = words.DOES_NOT_RUN_OUT
        if unstated and words.NOT_STATED in outcome.sentence:
            said[path] = words.NOT_STATED
    for point in points:
        if isinf(point.headroom):
            said[f"breakpoints.{point.driver}.shock"] = said[f"breakpoints.{point.driver}.headroom"] = words.NEVER
    if first < 0:
        said["breaks_first"] = words.NOTHING_BREAKS
    return said


def _unread(run: Run, at: int) -> Record:
    """Show a review that came as columns as if it had been read; customers are numbered, other texts are blank."""
    typed: dict[str, Value] = dict.fromkeys(template.FIELD)
    for row, key in enumerate(template.NUMBERS):
        value = float(run.reviews.figures[row, at])
        typed[key] = None if isnan(value) else value
    payers = run.x.payers
    customers: list[dict[str, Value]] = []
    for place in range(int(payers.count[at])):
        kind = int(payers.kind[place, at])
        customers.append(
            {
                "customer": f"Customer {place + 1}",
                "kind": template.KINDS[kind] if kind >= 0 else None,
                "revenue": float(payers.revenue[place, at]),
                "backlog": float(payers.backlog[place, at]),
            }
        )
    return Record(typed, customers, [], {}, [], {})
