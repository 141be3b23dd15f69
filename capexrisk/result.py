"""One review's results, for people and for JSON. Batches stay columnar; a `Result` is made when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from capexrisk.template import DECISIONS, TEMPLATE_VERSION
from capexrisk.version import VERSION

Value = str | float | None


@dataclass(frozen=True)
class Finding:
    """Something about the inputs that a person should know.

    `kind` is missing, wrong (these two make the review Incomplete), assumed or unusual. `table` is inputs,
    customers, scenarios, questions or three_part and `row` the position in that table (None for inputs), so that a
    reader of a workbook can name the cell. `text` is a whole sentence with the label in it.
    """

    kind: str
    key: str
    label: str
    text: str
    table: str = "inputs"
    row: int | None = None

    @property
    def blocks(self) -> bool:
        """Whether it makes the review Incomplete."""
        return self.kind in ("missing", "wrong")


@dataclass(frozen=True)
class CheckResult:
    """Whether a check of the decision rule holds, and the sentence that says so with number and limit."""

    ok: bool
    text: str


@dataclass(frozen=True)
class Outcome:
    """What one scenario does to the review; `liquidity` has eight quarters, `dscr` and `ltv` may be inf."""

    scenario: str
    label: str
    revenue: float
    ebitda: float
    dscr: float
    lowest_liquidity: float
    runs_out: int | None
    ltv: float
    gives_way: tuple[str, ...]
    verdict: str
    liquidity: tuple[float, ...]
    sentence: str

    def saying(self, sentence: str) -> Outcome:
        """Give the same outcome with its sentence."""
        return replace(self, sentence=sentence)


@dataclass(frozen=True)
class Breakpoint:
    """The smallest shock of one driver that breaks the review, and its headroom; both inf for never."""

    driver: str
    shock: float
    headroom: float


@dataclass(frozen=True)
class Result:
    """Everything about one review. When it is Incomplete, `complete` is False and every result is None or empty.

    Numbers are unrounded; a metric may be inf (beyond every knot) or nan (no value); `words` says such values by
    their path, for example ``metrics.payback`` -> "never". `readings` says each metric in a short sentence.
    """

    inputs: dict[str, Value]
    customers: list[dict[str, Value]]
    questions: list[dict[str, Value]]
    three_part: dict[str, Value]
    scenarios: list[dict[str, Value]]
    sources: dict[str, Value]
    findings: list[Finding]
    policy_name: str
    policy_hash: str
    complete: bool = False
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    metric_scores: dict[str, float] = field(default_factory=dict[str, float])
    sections: dict[str, float] = field(default_factory=dict[str, float])
    score: float | None = None
    rating: str | None = None
    decision: str = DECISIONS[0]
    also: list[str] = field(default_factory=list[str])
    checks: dict[str, CheckResult] = field(default_factory=dict[str, CheckResult])
    stress: list[Outcome] = field(default_factory=list[Outcome])
    breakpoints: list[Breakpoint] = field(default_factory=list[Breakpoint])
    breaks_first: str | None = None
    words: dict[str, str] = field(default_factory=dict[str, str])
    readings: dict[str, str] = field(default_factory=dict[str, str])
    breaks_first_sentence: str = ""
    decision_sentence: str = ""
    ask: list[str] = field(default_factory=list[str])

    def as_json(self, cells: dict[tuple[str, int | None, str], str] | None = None) -> dict[str, Any]:
        """Give the object that `show --json` prints; `cells` names the cell of (table, row, key)."""
        cells = cells or {}
        return {
            "inputs": self.inputs,
            "customers": self.customers,
            "questions": self.questions,
            "three_part": self.three_part,
            "scenarios": self.scenarios,
            "sources": self.sources,
            "findings": [
                {
                    "kind": finding.kind,
                    "key": finding.key,
                    "label": finding.label,
                    "cell": cells.get((finding.table, finding.row, finding.key)),
                    "text": finding.text,
                }
                for finding in self.findings
            ],
            "metrics": {key: plain(value) for key, value in self.metrics.items()},
            "metric_scores": self.metric_scores,
            "sections": self.sections,
            "score": self.score,
            "rating": self.rating,
            "decision": self.decision,
            "also": self.also,
            "checks": {key: {"ok": check.ok, "text": check.text} for key, check in self.checks.items()},
            "stress": [
                {
                    "scenario": outcome.scenario,
                    "label": outcome.label,
                    "revenue": outcome.revenue,
                    "ebitda": outcome.ebitda,
                    "dscr": plain(outcome.dscr),
                    "lowest_liquidity": outcome.lowest_liquidity,
                    "runs_out": outcome.runs_out,
                    "ltv": plain(outcome.ltv),
                    "gives_way": list(outcome.gives_way),
                    "verdict": outcome.verdict,
                    "liquidity": list(outcome.liquidity),
                }
                for outcome in self.stress
            ],
            "breakpoints": [
                {"driver": point.driver, "shock": plain(point.shock), "headroom": plain(point.headroom)}
                for point in self.breakpoints
            ],
            "breaks_first": self.breaks_first,
            "policy": {"name": self.policy_name, "hash": self.policy_hash},
            "template": TEMPLATE_VERSION,
            "tool_version": VERSION,
            "words": self.words,
        }


def plain(value: float) -> float | None:
    """Give a number as JSON holds it: inf and nan are null."""
    return value if isfinite(value) else None
