"""A result as JSON: stable keys, plain numbers, nulls said in words; an Incomplete review is empty."""

import json

import pytest
from worked import NO_AI, NOTHING_OWED, result, review

from capexrisk import VERSION, template

KEYS = [
    "inputs", "customers", "questions", "three_part", "scenarios", "sources", "findings", "metrics", "metric_scores",
    "sections", "score", "rating", "decision", "also", "checks", "stress", "breakpoints", "breaks_first", "policy",
    "template", "tool_version", "words",
]  # fmt: skip


def test_the_keys_are_stable():
    found = result().as_json()
    assert list(found) == KEYS
    assert list(found["metrics"]) == list(found["metric_scores"]) == list(template.METRIC)
    assert list(found["sections"]) == list(template.SCORED_SECTIONS)
    assert list(found["checks"]) == [check.key for check in template.CHECKS]
    assert list(found["checks"]["booked"]) == ["ok", "text"]
    assert list(found["stress"][0]) == [
        "scenario", "label", "revenue", "ebitda", "dscr", "lowest_liquidity", "runs_out", "ltv", "gives_way", "verdict",
        "liquidity",
    ]  # fmt: skip
    assert list(found["breakpoints"][0]) == ["driver", "shock", "headroom"]
    assert (found["template"], found["tool_version"]) == (template.TEMPLATE_VERSION, VERSION)


@pytest.mark.parametrize("given", [review(), review([], **NO_AI), review(**NOTHING_OWED), review(cash=None)])
def test_it_is_valid_json_and_every_null_result_is_said(given):
    found = result(given).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    nulls = {f"metrics.{key}" for key, value in found["metrics"].items() if value is None}
    for row in found["stress"]:
        nulls |= {f"stress.{row['scenario']}.{key}" for key in ("dscr", "ltv", "runs_out") if row[key] is None}
    for row in found["breakpoints"]:
        nulls |= {f"breakpoints.{row['driver']}.{key}" for key in ("shock", "headroom") if row[key] is None}
    if found["score"] is not None and found["breaks_first"] is None:
        nulls.add("breaks_first")
    assert nulls <= set(found["words"])
    assert all(found["words"].values())


def test_an_incomplete_review_gives_no_result_at_all():
    found = result(cash=None).as_json()
    assert found["decision"] == "Incomplete"
    assert [found[key] for key in ("score", "rating", "breaks_first")] == [None] * 3
    assert [found[key] for key in ("metrics", "metric_scores", "sections", "checks", "words")] == [{}] * 5
    assert [found[key] for key in ("also", "stress", "breakpoints")] == [[]] * 3
    assert found["findings"][0] == {
        "kind": "missing", "key": "cash", "label": "Cash and liquid investments", "cell": None,
        "text": "Cash and liquid investments is missing.",
    }  # fmt: skip


def test_cells_are_named_where_the_reader_knows_them():
    found = result(cash=None).as_json({("inputs", None, "cash"): "Review!C31"})
    assert found["findings"][0]["cell"] == "Review!C31"
