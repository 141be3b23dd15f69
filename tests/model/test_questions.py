"""The questions to ask carry the review's own numbers (model, end of section 6)."""

import pytest
from worked import NO_AI, NOTHING_OWED, customer, result, review


def asked(given):
    return " ".join(result(given).ask)


def edited(row, **inputs):
    given = review(**inputs)
    given["scenarios"] = [row]
    return given


BROKE = {"cash": 0, "undrawn_facilities": 0}


def test_each_failing_check_each_breaking_core_scenario_and_each_unshown_number_asks_one_question():
    given = review(**BROKE, guarantees=None, run_rate_revenue=None, committed_capex=400)
    found = result(given)
    core = [row for row in found.stress if row.scenario in
            ("spend_drop", "financing", "utilization", "model_stall", "buyer_halves", "buyer_pauses")]  # fmt: skip
    failing = sum(not check.ok for check in found.checks.values())
    breaking = sum(row.verdict == "Breaks" for row in core)
    assert failing and breaking
    assert len(found.ask) == failing + breaking + 2


def test_a_pause_names_the_customer_and_the_quarters_of_the_reviews_own_row():
    given = edited({"scenario": "buyer_pauses", "pause": 3}, **BROKE)
    assert "if Atlas pauses for 3 quarters (lowest liquidity −" in asked(given)
    assert "pauses for 1 quarter (" in asked(
        edited({"scenario": "buyer_pauses", "pause": 1}, **BROKE, committed_capex=700)
    )


def test_a_cut_names_the_share_of_the_reviews_own_row():
    assert "if Atlas cuts its spend by 90%" in asked(edited({"scenario": "buyer_halves", "top_volume": 0.9}, **BROKE))


def test_tight_lenders_name_what_comes_due():
    given = review(**BROKE, debt_due_12m=400, debt_due_24m=0)
    assert "if lenders renew only 50% of the 400 m USD due within 12 months" in asked(given)


def test_an_edited_row_that_shocks_several_things_is_named_by_its_label():
    row = {"scenario": "buyer_halves", "label": "GPU glut", "top_volume": 0.5, "price": 0.5}
    assert 'in the scenario "GPU glut"' in asked(edited(row, **BROKE))
    assert "cash in Q1 if customer spend drops 25%" in asked(review(**BROKE, committed_capex=800))


def test_hidden_payers_are_asked_for():
    assert "make up only 10% of AI revenue: who pays the rest?" in asked(review([customer(revenue=80)]))


def test_nobody_paying_asks_who_signs_first():
    assert "which customer signs first" in asked(review([], **NO_AI))


def test_internal_customers_ask_for_the_ledger():
    given = review([customer("Claims", "Internal", 800)])
    given["questions"][1]["status"] = "Partial"
    assert "where in the ledger" in asked(given)


@pytest.mark.parametrize(
    ("blank", "words"),
    [
        ("run_rate_revenue", "which month is it stretched from"),
        ("inventory_build", "stocking ahead"),
        ("guarantees", "of others are guaranteed"),
        ("lease_liability", "lease liabilities"),
        ("committed_capex", "committed for the next 12 months"),
    ],
)
def test_a_number_that_is_not_shown_is_asked_for(blank, words):
    assert words in asked(review(**{blank: None}))
    assert words not in asked(review())


def test_open_answers_are_asked_by_number():
    given = review()
    for at in (0, 3):
        given["questions"][at]["status"] = "None"
    assert "Which documents answer questions 1 and 4?" in asked(given)
    given["questions"][0]["status"] = "Evidence"
    given["questions"][1:] = []
    assert "answer questions 2, 3, 4 and 5?" in asked(given)


def test_the_three_part_test_is_not_asked_of_reviews_that_do_not_need_it():
    given = review(**NOTHING_OWED)
    given["three_part"] = {}
    given["questions"] = []
    assert "connect" not in asked(given)
