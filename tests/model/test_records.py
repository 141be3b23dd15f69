# ruff: noqa: E501 (sentences stand whole)
"""Reviews as JSON hands them over: unknown keys list the known ones, bad shapes never end in a traceback."""

import json
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked import WORKED, result, review

from capexrisk import ErrorCell, Finding, InputError, Policy, Result, Reviews, assess, template
from capexrisk.records import read_record


def refused(raw):
    with pytest.raises(InputError) as error:
        read_record(raw)
    return str(error.value)


# --- Shapes and keys that are not known ---


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"input": {}}, "key 'input' is not known in a review. Did you mean 'inputs'? Known: inputs, customers, "),
        ({"inputs": {"cahs": 1}}, "input 'cahs' is not known in inputs. Did you mean 'cash'? Known: entity, "),
        ({"inputs": {5: 1}}, "input '5' is not known in inputs."),
        ({"inputs": {"cash": {"valu": 1}}}, "key 'valu' is not known in cash. Did you mean 'value'? Known: value, basis, source."),
        ({"customers": [{"nmae": "X"}]}, "column 'nmae' is not known in customers."),
        ({"customers": [{"revenue": {"amount": 1}}]}, "key 'amount' is not known in revenue."),
        ({"questions": [{"stauts": "None"}]}, "key 'stauts' is not known in questions. Did you mean 'status'? Known: status, answer, source."),
        ({"questions": [{}] * 6}, "questions holds 6 rows; the template has 5."),
        ({"three_part": {"behavior": "x"}}, "part 'behavior' is not known in three_part. Did you mean 'behaviour'? Known: behaviour, segment, margin."),
        ({"scenarios": [{"scenario": "own", "volum": 1}]}, "column 'volum' is not known in scenarios. Did you mean 'volume'?"),
        ({"inputs": []}, "A review cannot be read: inputs must be an object with keys, not list."),
        ({"customers": {}}, "A review cannot be read: customers must be a list of rows."),
        ({"customers": [5]}, "A review cannot be read: a row of customers must be an object with keys, not int."),
        ({"scenarios": "base"}, "A review cannot be read: scenarios must be a list of rows."),
        ({"three_part": "yes"}, "A review cannot be read: three_part must be an object with keys, not str."),
        ({"findings": [{"kind": "wrong"}]}, "findings are made while a review is read; leave the key out."),
        ({"findings": 5}, "findings are made while a review is read; leave the key out."),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_with_what_is(changes, sentence):
    assert refused(review() | changes).startswith(sentence)


@pytest.mark.parametrize("raw", [[], 5, "review", True])
def test_a_review_must_be_an_object(raw):
    assert refused(raw).startswith("A review cannot be read: a review must be an object with keys")


def test_an_empty_review_is_incomplete_and_says_what_is_missing():
    found = result({})
    missing = {item.key for item in found.findings if item.kind == "missing"}
    assert found.decision == "Incomplete"
    assert missing == {item.key for item in template.FIELDS if item.required} | {"customer"}


# --- Values ---


def test_sources_are_kept_with_their_basis():
    given = review(
        cash={"value": 200, "basis": "filing", "source": "10-K p. 80"}, guarantees={"value": 5, "basis": None}
    )
    given["customers"][0]["revenue"] = {"value": 240, "basis": "assumption", "source": "press"}
    given["customers"][1]["source"] = "invoice"
    found = result(given)
    assert found.sources == {"cash": "filing: 10-K p. 80"}
    assert [row["source"] for row in found.customers] == ["Revenue: assumption: press", "invoice", None, None, None]
    assert found.score == result().score


def test_a_long_citation_is_kept_to_its_last_word():
    citation = "10-K 2025, note 9, table of maturities, read together with the press release; " * 5 + "page 143"
    given = review(cash={"value": 200, "source": citation})
    given["customers"][1]["source"] = citation
    found = result(given)
    assert found.sources == {"cash": citation}
    assert found.customers[1]["source"] == citation


def test_a_source_that_is_no_text_is_shown_as_it_is():
    assert result(cash={"value": 200, "source": [1]}).sources == {"cash": "[1]"}


def test_inputs_are_given_back_as_read():
    found = result(
        review(
            cash="1,200,000", gross_margin="50%", period_end=46022, currency="usd", margin_includes_depreciation=True
        )
    )
    assert [found.inputs[key] for key in ("cash", "gross_margin", "period_end", "currency", "margin_includes_depreciation")] == [
        1_200_000.0, 0.5, "2025-12-31", "USD", "Yes",
    ]  # fmt: skip
    assert found.inputs["prepared_by"] is None


def test_a_value_that_cannot_be_read_is_given_back_as_typed():
    assert result(cash="much").inputs["cash"] == "much"
    assert result(cash=ErrorCell("#N/A")).inputs["cash"] == "#N/A"


def test_a_status_may_stand_alone():
    given = review()
    given["questions"] = ["Evidence", "None"]
    assert [row["status"] for row in result(given).questions] == ["Evidence", "None", None, None, None]


def test_a_blank_status_is_assumed_and_an_unknown_one_lists_the_known():
    given = review()
    given["questions"][0]["status"] = None
    given["questions"][1]["status"] = "Proof"
    found = {item.key: item.text for item in result(given).findings}
    assert found["question_1"] == "Status of question 1 is blank: None is assumed."
    assert (
        found["question_2"] == "Status of question 2 is 'Proof'; it must be one of Evidence, Partial, Assertion, None."
    )


def test_findings_made_before_count():
    earlier = Finding("wrong", "cash", "Cash and liquid investments", "Cash stands twice.")
    found = result(review() | {"findings": [earlier]})
    assert found.decision == "Incomplete" and found.findings == [earlier]


# --- Scenario rows ---


@pytest.mark.parametrize("shock", template.SHOCKS, ids=lambda item: item.key)
def test_a_shock_outside_its_bounds_is_wrong(shock):
    for value in (shock.high + 1, shock.high + 0.001, -1):
        given = review() | {"scenarios": [{"scenario": "own", shock.key: value}]}
        (text,) = [item.text for item in result(given).findings if item.kind == "wrong"]
        whole = "a whole number " if shock.key == "pause" else ""
        assert text == f"{shock.label} in scenario own is {value:g}; it must be {whole}between 0 and {shock.high:g}."


@pytest.mark.parametrize("shock", template.SHOCKS, ids=lambda item: item.key)
def test_a_shock_at_its_bounds_or_within_noise_is_allowed(shock):
    for value in (0, shock.high, shock.high + 1e-10, -1e-10):
        assert result(review() | {"scenarios": [{"scenario": "own", shock.key: value}]}).complete


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([{"scenario": "own", "pause": 1.5}], "Pause in scenario own is 1.5; it must be a whole number between 0 and 8."),
        ([{"scenario": "own", "volume": "a lot"}], "Volume in scenario own is the text 'a lot'; it must be a number."),
        ([{"scenario": "base", "volume": 0.1}], "Scenario 'base' is today and may have no shock; add a row of your own instead."),
        ([{"scenario": "A"}, {"scenario": "a "}], "Scenario 'a' stands twice; give the second a key of its own."),
        ([{"label": "No key"}], "Scenario in row 1 of the scenario table has no key; give it a short name of its own."),
    ],
)  # fmt: skip
def test_scenario_rows_with_their_sentences(rows, text):
    assert [item.text for item in result(review() | {"scenarios": rows}).findings if item.blocks] == [text]


def test_noise_in_the_base_row_is_no_shock():
    assert result(review() | {"scenarios": [{"scenario": "base", "volume": 1e-10}]}).stress == result().stress


# --- Anything ---

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(
    ["45%", "1,234", "Evidence", "Model lab", "USD", "2025-12-31", 1e300, -1e300, 10**30]
)  # fmt: skip
JSON = st.recursive(
    LEAF, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4)
)
KEYS = st.sampled_from(
    [*template.FIELD, *template.CUSTOMER_FIELD, *template.SHOCK, "scenario", "label", "status", "source"]
)


def is_answered(raw):
    """An InputError with a sentence, or a result whose JSON can be written."""
    try:
        found = assess(Reviews.from_records([raw]), Policy.built_in()).result(0)
    except InputError as error:
        return len(str(error)) > 20
    json.dumps(found.as_json(), allow_nan=False)
    return isinstance(found, Result) and (found.complete or any(item.blocks for item in found.findings))


@given(JSON | st.dictionaries(st.sampled_from(["inputs", "customers", "questions", "three_part", "scenarios",
                                               "scenario_table", "findings"]), JSON, max_size=4))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_json_gives_a_sentence_or_a_result(raw):
    assert is_answered(raw)


@given(st.lists(st.tuples(st.lists(KEYS | st.integers(0, 4), min_size=1, max_size=2), JSON), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_value_anywhere_in_a_review_gives_a_sentence_or_a_result(changes):
    raw = deepcopy(WORKED) | {"scenarios": [{"scenario": "own", "volume": 0.1}]}
    for path, value in changes:
        key = next((part for part in path if isinstance(part, str)), "cash")
        at = next((part for part in path if isinstance(part, int)), 0)
        if key in template.FIELD:
            raw["inputs"][key] = value
        elif key in template.CUSTOMER_FIELD:
            raw["customers"][at][key] = value
        elif key in ("status", "source"):
            raw["questions"][at][key] = value
        else:
            raw["scenarios"][0][key] = value
    assert is_answered(raw)
