"""Many reviews as columns: order and batch size change nothing, columns serve as records do, bad ones are refused."""

from random import Random

import numpy as np
import pytest
from random_reviews import random_review
from worked import WORKED, result, review

from capexrisk import InputError, Policy, Reviews, assess, template

COLUMNS = (
    "complete", "metrics", "metric_scores", "sections", "score", "rating", "decision", "also", "checks", "verdicts",
    "shocks", "headroom", "breaks_first",
)  # fmt: skip
RECORDS = [random_review(Random(seed)) for seed in range(150)]
POLICY = Policy.built_in()


def changed(one, other, order=slice(None)):
    """Names of the columns in which two assessments differ in any bit."""
    pairs = {key: (getattr(one, key)[..., order], getattr(other, key)) for key in COLUMNS}
    return [key for key, (a, b) in pairs.items() if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f")]


@pytest.mark.parametrize("block", [1, 7, 64, 149, 150, 4096])
def test_batch_size_changes_no_bit(block):
    whole = assess(Reviews.from_records(RECORDS), POLICY)
    assert not changed(whole, assess(Reviews.from_records(RECORDS), POLICY, block=block))


def test_order_of_reviews_changes_no_bit():
    order = np.random.default_rng(5).permutation(len(RECORDS))
    whole = assess(Reviews.from_records(RECORDS), POLICY)
    assert not changed(whole, assess(Reviews.from_records([RECORDS[at] for at in order]), POLICY), order)


def test_a_review_alone_is_the_review_in_a_batch_to_the_bit():
    whole = assess(Reviews.from_records(RECORDS), POLICY)
    for at in range(0, len(RECORDS), 5):
        alone = result(RECORDS[at])
        assert alone.as_json() == whole.result(at).as_json()
        assert alone.score is None or alone.score == whole.score[at]
        assert list(alone.metrics.values()) == pytest.approx(
            list(whole.metrics[:, at]) if alone.complete else [], rel=0, abs=0, nan_ok=True
        )


@pytest.mark.parametrize("table", ["customers", "scenarios"])
def test_order_of_rows_changes_nothing(table):
    given = review()
    given["scenarios"] = [{"scenario": f"own_{at}", "volume": at / 10} for at in range(5)]
    turned = {**given, table: given[table][::-1]}
    one, other = result(given), result(turned)
    assert (one.score, one.decision, one.breaks_first) == (other.score, other.decision, other.breaks_first)
    assert one.metrics == pytest.approx(other.metrics)
    by_key = {row.scenario: row.liquidity for row in other.stress}
    assert all(row.liquidity == pytest.approx(by_key[row.scenario]) for row in one.stress)


# --- Columns ---


def columns(records):
    """The records' complete reviews as columns, codes as from_columns takes them."""
    typed = Reviews.from_records(records)
    payers = typed.customers
    return Reviews.from_columns(
        dict(zip(template.NUMBERS, typed.figures, strict=True)),
        {
            "review": np.repeat(np.arange(len(records)), np.diff(payers.starts)),
            "revenue": payers.revenue, "backlog": payers.backlog, "kind": payers.kind, "credit": payers.credit,
            "take_or_pay": payers.take_or_pay, "circular": payers.circular,
        },
        review_type=typed.review_type,
        includes_depreciation=typed.includes_depreciation,
        statuses=typed.statuses,
        sourced=typed.sourced,
        tested=typed.tested,
    )  # fmt: skip


def test_columns_give_what_records_give_to_the_bit():
    plain = [{key: part for key, part in one.items() if key != "scenarios"} for one in RECORDS]
    complete = [one for one in plain if result(one).complete]
    assert len(complete) > 100
    assert not changed(assess(Reviews.from_records(complete), POLICY), assess(columns(complete), POLICY))


def test_a_review_from_columns_has_a_result_with_numbered_customers():
    found = assess(columns([WORKED]), POLICY).result(0)
    assert found.score == result().score
    assert [row["customer"] for row in found.customers] == [f"Customer {at}" for at in range(1, 6)]
    assert "Customer 1 is 30% of AI revenue" in " ".join(found.ask)


def test_a_blank_kind_in_columns_is_missing():
    figures = dict(zip(template.NUMBERS, Reviews.from_records([WORKED]).figures, strict=True))
    found = assess(Reviews.from_columns(figures, {"review": [0], "revenue": [800]}), POLICY).result(0)
    assert [item.text for item in found.findings if item.blocks] == [
        f"Kind of customer 1 is missing; it must be one of {', '.join(template.KINDS)}."
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"figures": {"cahs": [1.0]}}, r"input 'cahs' is not known. Did you mean 'cash'\? Known: annual_capex"),
        (
            {"figures": {"cash": [1.0], "total_debt": [1.0, 2.0]}},
            r"Column cash has the shape \(1,\); it must be \(2,\)",
        ),
        ({"figures": {"cash": ["much"]}}, "Column cash must hold numbers only, nan for blank"),
        ({"figures": {"cash": [1e19]}}, "Column cash holds a number of more than 18 digits"),
        ({"figures": {"cash": [np.inf]}}, "Column cash holds a number of more than 18 digits"),
        ({"figures": {"cash": [1.0]}, "customers": {"reviw": [0]}}, "customer column 'reviw' is not known"),
        ({"figures": {"cash": [1.0]}, "customers": {"review": [1]}}, "review must hold whole numbers from 0 to 0"),
        ({"figures": {"cash": [1, 2]}, "customers": {"review": [1, 0]}}, "Customers must be ordered by review"),
        ({"figures": {"cash": [1.0]}, "customers": {"review": [0] * 26}}, "more than 25 customers"),
        ({"figures": {"cash": [1.0]}, "customers": {"review": [0], "revenue": [1, 2]}}, "Column revenue has the shape"),
        (
            {"figures": {"cash": [1.0]}, "customers": {"review": [0], "kind": [8]}},
            "kind must hold whole numbers from -1",
        ),
        (
            {"figures": {"cash": [1.0]}, "customers": {"kind": [1]}},
            r"Column kind has the shape \(1,\); it must be \(0,\)",
        ),
        (
            {"figures": {"cash": [1.0]}, "statuses": [[0]]},
            r"Column statuses has the shape \(1, 1\); it must be \(5, 1\)",
        ),
        ({"figures": {"cash": [1.0]}, "review_type": [1.5]}, "review_type must hold whole numbers from -1 to 3"),
    ],
)
def test_bad_columns_are_refused_with_a_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        Reviews.from_columns(**arguments)


def test_no_reviews_are_no_results():
    none = assess(Reviews.from_records([]), POLICY)
    assert len(none) == 0 and list(none.results()) == []


def test_a_review_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        assess(Reviews.from_records([WORKED]), POLICY).result(1)
