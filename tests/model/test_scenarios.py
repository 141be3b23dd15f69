"""Scenario tables: edits over the policy's, whole tables with stand-ins, rows of one's own (model, section 4)."""

import pytest
from worked import result, review

from capexrisk import Policy, Reviews, assess, template

POLICY = Policy.built_in()
KEYS = list(POLICY.scenarios)
CORE = list(POLICY.core)


def edited(*rows):
    return result(review() | {"scenarios": list(rows)})


def whole(*rows):
    return result(review() | {"scenario_table": list(rows)})


def keys(found):
    return [row.scenario for row in found.stress]


def row(found, key):
    return next(outcome for outcome in found.stress if outcome.scenario == key)


def test_an_edited_row_replaces_the_policys_in_its_place_and_nothing_else():
    found = edited({"scenario": "financing", "label": "Banks leave", "financing_cut": 1})
    assert keys(found) == KEYS
    assert row(found, "financing").label == "Banks leave"
    assert row(found, "financing").liquidity != row(result(), "financing").liquidity
    others = [key for key in KEYS if key != "financing"]
    assert [row(found, key) for key in others] == [row(result(), key) for key in others]


def test_an_edited_row_keeps_no_shock_it_does_not_type():
    assert row(edited({"scenario": "financing"}), "financing").liquidity == row(result(), "base").liquidity


def test_a_key_is_known_without_regard_to_case_and_a_blank_label_is_the_policys():
    found = edited({"scenario": " SPEND_DROP ", "volume": 0.5})
    assert keys(found) == KEYS
    assert row(found, "spend_drop").label == "If customer spend drops 25%"
    assert row(found, "spend_drop").revenue == pytest.approx(600)


def test_rows_of_ones_own_follow_in_their_order_and_are_called_by_their_key():
    found = edited({"scenario": "z"}, {"scenario": "a", "label": "A"})
    assert keys(found) == [*KEYS, "z", "a"]
    assert [row(found, key).label for key in ("z", "a")] == ["z", "A"]


def test_scores_and_decision_use_the_core_scenarios_as_edited():
    found = edited({"scenario": "spend_drop", "volume": 1})
    assert row(found, "spend_drop").verdict == "Breaks"
    assert not found.checks["survives"].ok
    assert found.sections["breaks"] > result().sections["breaks"]


def test_a_row_of_ones_own_moves_no_score():
    assert edited({"scenario": "own", "volume": 1}).score == result().score


def test_in_a_whole_table_what_is_not_there_is_gone_and_base_and_core_stand_in_last():
    found = whole({"scenario": "own", "label": "Own", "price": 0.1}, {"scenario": "gpu_resale", "resale": 0.9})
    assert keys(found) == ["own", "gpu_resale", "base", *CORE]
    assert row(found, "spend_drop") == row(result(), "spend_drop")
    assert found.score == result().score


def test_a_whole_table_in_the_policys_order_is_the_policys():
    rows = [{"scenario": key, **shocks} for key, shocks in POLICY.scenarios.items()]
    for one in rows:
        if one.get("volume") == "inventory_build":
            del one["volume"]
    assert whole(*rows).stress == result().stress
    assert keys(whole(*rows[::-1])) == KEYS[::-1]


def test_a_blank_table_leaves_base_and_core():
    assert keys(whole()) == ["base", *CORE]


def test_columns_hold_no_verdict_for_a_scenario_that_is_not_in_the_reviews_table():
    reviews = Reviews.from_records([review(), review() | {"scenario_table": [{"scenario": "bust", "volume": 0.25}]}])
    verdicts = assess(reviews, POLICY).verdicts
    assert (verdicts[:, 0] >= 0).all()
    held = [key for key, verdict in zip(KEYS, verdicts[:, 1], strict=True) if verdict >= 0]
    assert held == [key for key in KEYS if key in ("base", "bust", *CORE)]


def test_unwinding_with_a_volume_typed_uses_it_and_is_not_not_stated():
    found = result(review(inventory_build=None) | {"scenarios": [{"scenario": "inventory_unwind", "volume": 0.5}]})
    assert row(found, "inventory_unwind").revenue == pytest.approx(600)
    assert "not stated" not in row(found, "inventory_unwind").sentence


def test_unwinding_edited_without_a_volume_keeps_the_input():
    found = edited({"scenario": "inventory_unwind", "label": "Destocking", "price": 0.5})
    assert row(found, "inventory_unwind").revenue == pytest.approx(200 + 800 * 0.9 * 0.5)


def test_a_table_has_room_for_24_rows():
    free = template.MAX_SCENARIOS - len(KEYS)
    own = [{"scenario": f"own_{at}", "volume": 0.01} for at in range(free + 1)]
    assert edited(*own[:free]).complete
    assert [item.text for item in edited(*own).findings] == [
        "The scenario table has 25 rows, the policy's own among them; at most 24 fit, so leave some out."
    ]


def test_a_whole_table_of_24_rows_is_complete_with_its_stand_ins():
    own = [{"scenario": f"own_{at}"} for at in range(25)]
    assert len(whole(*own[:24]).stress) == 24 + 1 + len(CORE)
    assert [item.text for item in whole(*own).findings] == ["Scenario table has more than 24 rows; leave some out."]


def test_a_review_with_a_table_of_its_own_changes_no_other_in_the_batch():
    own = review() | {"scenarios": [{"scenario": "own", "pause": 8, "delay_days": 30}, {"scenario": "bust"}]}
    beside = assess(Reviews.from_records([review(), own, review(cash=100)]), POLICY)
    assert beside.score[0] == result().score
    assert beside.score[2] == result(cash=100).score
    assert beside.result(0).stress == result().stress
