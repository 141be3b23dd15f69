"""Section 7 of the model by hand. Every review here is as plain as can be, so that its breaking volume is known.

`review` earns 100 m, all of it AI revenue, at an EBITDA of 30 m and costs that do not fall with volume; it owes nothing
and has `cash`. When a share v of its volume goes away it earns 30 - 100 v a year, and over two years of it the cash
runs out when cash + 2 (30 - 100 v) < 0: just beyond v = 0.30 + cash / 200.
"""

import random

import numpy as np
import pytest
from random_reviews import random_review

from capexrisk import InputError, Policy, Reviews, assess
from capexrisk.contagion import breaking_cuts, spread
from capexrisk.currencies import Rates
from capexrisk.names import Aliases, look_alikes, says_nothing
from capexrisk.portfolio import Filed, Portfolio


def review(entity, payers, cash=20.0, period="2025-12-31", currency="USD", unit="m", size=1.0, **more):
    """A review whose payers are {name: revenue of 100}; more than 100 m by `size`."""
    inputs = {
        "entity": entity, "review_type": "Vendor review", "period_end": period, "currency": currency, "unit": unit,
        "annual_capex": 10 * size, "ai_capex": 10 * size, "debt_for_capex": 0, "lease_commitments": 0,
        "total_debt": 0, "debt_due_12m": 0, "interest_expense": 0, "cash": cash * size, "committed_capex": 0,
        "booked_revenue": 100 * size, "gross_margin": 0.6, "operating_margin": 0.2, "depreciation": 10 * size,
        "variable_cost_share": 0,
    }  # fmt: skip
    customers = [{"customer": name, "kind": "Enterprise", "revenue": part * size} for name, part in payers.items()]
    for row in customers:
        row.update(more.get("terms", {}).get(row["customer"], {}))
    return {"inputs": {**inputs, **more.get("inputs", {})}, "customers": customers}


def filed(*records, changed=None):
    reviews = Reviews.from_records(records)
    return Filed.from_reviews(reviews, assess(reviews).complete.tolist(), changed)


def portfolio(*records, rates=None, aliases=None, changed=None):
    return Portfolio.of(filed(*records, changed=changed), rates, aliases)


BROKE = {"inputs": {"operating_margin": -0.5, "cash": 0}}
"""What makes a review break before any cut: it loses 40 m a year and has no cash."""


# --- One review an entity ---


def test_of_two_periods_the_later_counts():
    found = portfolio(
        review("Acme", {"OpenAI": 50}, period="2025-12-31"),
        review("ACME ", {"OpenAI": 10}, period="2024-12-31"),
    )
    assert found.places.tolist() == [0]
    assert found.superseded.tolist() == [1]


def test_of_equal_periods_the_file_changed_last_counts():
    one, two = review("Acme", {"OpenAI": 50}), review("Acme", {"OpenAI": 10})
    assert portfolio(one, two, changed=[2.0, 1.0]).places.tolist() == [0]
    assert portfolio(one, two, changed=[1.0, 2.0]).places.tolist() == [1]


def test_an_incomplete_latest_review_is_not_replaced_by_an_older_one():
    found = portfolio(
        review("Acme", {"OpenAI": 50}, period="2024-12-31"),
        review("Acme", {"OpenAI": 50}, period="2025-12-31", inputs={"cash": None}),
    )
    assert len(found) == 0
    assert found.incomplete.tolist() == [1]


def test_reviews_of_entities_that_name_nobody_stand_for_themselves():
    found = portfolio(review("Not disclosed", {"OpenAI": 50}), review("not disclosed", {"OpenAI": 10}))
    assert len(found) == 2


def test_an_alias_makes_two_entities_one():
    aliases = Aliases.of([("Acme Inc.", "Acme")])
    records = review("Acme", {"X Corp": 1}, period="2024-12-31"), review("Acme Inc.", {"X Corp": 1})
    assert portfolio(*records, aliases=aliases).entities == ("Acme Inc.",)
    assert len(portfolio(*records)) == 2


# --- Shared exposure ---


def test_exposure_adds_up_a_payer_over_reviews_without_regard_to_case_and_outer_spaces():
    found = portfolio(
        review("Acme", {"OpenAI": 50}, terms={"OpenAI": {"backlog": 70, "kind": "Model lab"}}),
        review("Birch", {" openai": 10, "Meta": 30}, terms={" openai": {"backlog": 5}}),
    )
    openai, meta = found.exposures()
    assert (openai.counterparty, openai.reviews, openai.revenue, openai.backlog) == ("OpenAI", 2, 60, 75)
    assert openai.share == pytest.approx(60 / 200)
    assert openai.kind == "Model lab"
    assert openai.kinds == ("Model lab", "Enterprise")
    assert (meta.counterparty, meta.share) == ("Meta", 0.15)


def test_units_are_converted():
    found = portfolio(review("Acme", {"OpenAI": 50}), review("Birch", {"OpenAI": 0.05}, unit="bn", size=1))
    assert found.unit == "m"
    (openai,) = found.exposures()
    assert openai.revenue == pytest.approx(50 + 0.05e3)
    assert openai.share == pytest.approx((50 + 50) / (100 + 100e3))


def test_currencies_stand_apart_without_rates():
    found = portfolio(review("Acme", {"OpenAI": 50}), review("Birch", {"OpenAI": 20}, currency="EUR"))
    assert found.currency is None
    assert [(item.currency, item.revenue, item.share) for item in found.exposures()] == [
        ("USD", 50, 0.5),
        ("EUR", 20, 0.2),
    ]


def test_currencies_are_added_with_rates():
    rates = Rates.of_pairs([("usd", 1), ("EUR", "1.25")])
    found = portfolio(review("Acme", {"OpenAI": 50}), review("Birch", {"OpenAI": 20}, currency="EUR"), rates=rates)
    (openai,) = found.exposures()
    assert (openai.currency, openai.revenue) == ("USD", 75)
    assert openai.share == pytest.approx(75 / 225)


def test_a_currency_without_a_rate_is_refused():
    with pytest.raises(InputError, match="no rate for EUR"):
        portfolio(review("Birch", {"OpenAI": 20}, currency="EUR"), rates=Rates.of_pairs([("USD", 1)]))


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("USD", 2)], "rate 1"),
        ([("USD", 1), ("EUR", "about one")], "number above 0"),
        ([("USD", 1), ("EUR", -1)], "number above 0"),
        ([("USD", 1), ("Euro", 1.1)], "ISO 4217"),
        ([("USD", 1), ("EUR", 1.1), ("EUR", 1.2)], "two rates"),
    ],
)
def test_rates_that_make_no_sense_are_refused(pairs, says):
    with pytest.raises(InputError, match=says):
        Rates.of_pairs(pairs)


def test_tables_are_read_with_and_without_a_header_and_with_semicolons(tmp_path):
    (tmp_path / "fx.csv").write_text("currency;rate\nUSD;1\nEUR;1.25\n", encoding="utf-8-sig")
    assert Rates.load(tmp_path / "fx.csv").values == {"USD": 1, "EUR": 1.25}
    (tmp_path / "alias.csv").write_text("Open AI,OpenAI\n\n", encoding="utf-8")
    assert Aliases.load(tmp_path / "alias.csv").name(" open ai ") == "OpenAI"
    (tmp_path / "alias.csv").write_text("Open AI\n", encoding="utf-8")
    with pytest.raises(InputError, match="two cells"):
        Aliases.load(tmp_path / "alias.csv")


# --- Names ---


@pytest.mark.parametrize(
    "name",
    [
        "Customer A", "customer 1", "not disclosed", "Other", "other hyperscalers", "Others (Acme, Birch)",
        "Largest customer (not disclosed)", "Second-largest customer", "Hosting customer B", "Anchor customer",
        "Hyperscaler one", "Undisclosed cloud", "Confidential client, US", "n/a", "#3", "Client C1", "Model lab",
        "Neocloud", "everyone else", "???", " ",
    ],
)  # fmt: skip
def test_a_name_says_nothing(name):
    assert says_nothing(name)


@pytest.mark.parametrize(
    "name",
    ["OpenAI", "Meta", "Customer Alder Bank", "US Government", "Delta", "All Nippon Airways", "3M", "xAI", "中国电信"],
)
def test_a_name_says_something(name):
    assert not says_nothing(name)


def test_names_that_say_nothing_are_never_matched():
    found = portfolio(review("Acme", {"Customer A": 50}), review("Birch", {"Customer A": 50, "OpenAI": 1}))
    assert found.parties == ("OpenAI",)
    with pytest.raises(InputError, match="names nobody"):
        spread(found, {"Customer A": 0.5})


def test_look_alikes_are_reported_and_never_merged():
    names = ["OpenAI", "Open AI", "OpenAI Inc.", "Opena1", "Meta", "Meta Platforms", "Microsoft", "Micorsoft", "Oracle",
             "Bank 1", "Bank 2", "Société X", "Societe X"]  # fmt: skip
    assert look_alikes(names) == [
        ("Meta", "Meta Platforms"),
        ("Micorsoft", "Microsoft"),
        ("Open AI", "OpenAI", "OpenAI Inc."),
        ("Societe X", "Société X"),
    ]
    found = portfolio(review("Acme", {"OpenAI": 50}), review("Birch", {"Open AI": 10}))
    assert found.look_alikes() == [("Open AI", "OpenAI")]
    assert [item.revenue for item in found.exposures()] == [50, 10]


def test_an_alias_table_merges_look_alikes_also_within_one_review():
    aliases = Aliases.of([("Open AI", "OpenAI"), ("OpenAI Inc.", "Open AI")])
    found = portfolio(
        review("Acme", {"OpenAI Inc.": 50, "open ai": 7}), review("Birch", {"OpenAI": 10}), aliases=aliases
    )
    (openai,) = found.exposures()
    assert (openai.counterparty, openai.reviews, openai.revenue) == ("OpenAI", 2, 67)
    assert found.look_alikes() == []
    assert spread(found, {"OPEN AI": 0.5}).volume == pytest.approx([0.285, 0.05])


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("A Bank", "B Bank"), ("B Bank", "A Bank")], "circle"),
        ([("A Bank", "B Bank"), ("a bank", "C Bank")], "means both"),
        ([("Customer A", "B Bank")], "names nobody"),
    ],
)
def test_alias_tables_that_make_no_sense_are_refused(pairs, says):
    with pytest.raises(InputError, match=says):
        Aliases.of(pairs)


# --- Contagion ---


def test_a_cut_breaks_where_the_share_of_the_payer_is_large_enough():
    # Each breaks just beyond a volume of 0.40. OpenAI halves: Acme loses 0.5 x 0.90 = 0.45, Birch 0.5 x 0.70 = 0.35.
    found = portfolio(review("Acme", {"OpenAI": 90}), review("Birch", {"OpenAI": 70}))
    result = spread(found, {"openai ": 0.5})
    assert result.volume == pytest.approx([0.45, 0.35])
    assert result.round.tolist() == [0, -1]
    assert [(item.number, item.broken) for item in result.rounds] == [(0, (0,))]
    assert result.rounds[0].lost == {"USD": pytest.approx(80)}
    assert result.chains == {0: ("OpenAI", "Acme")}
    assert result.cuts == {"OpenAI": 0.5}


def test_cuts_of_several_counterparties_add_up():
    # 0.5 x 0.40 + 0.25 x 0.50 = 0.325 holds; 0.5 x 0.40 + 0.5 x 0.50 = 0.45 breaks, and Meta took most of it.
    found = portfolio(review("Acme", {"OpenAI": 40, "Meta": 50}))
    assert spread(found, {"OpenAI": 0.5, "Meta": 0.25}).broken == 0
    result = spread(found, {"OpenAI": 0.5, "Meta": 0.5})
    assert result.chains == {0: ("Meta", "Acme")}


def test_a_chain_begins_with_whoever_took_most_under_all_its_names():
    # OpenAI took 0.5 x (0.30 + 0.25), Meta 0.5 x 0.40.
    aliases = Aliases.of([("Open AI", "OpenAI")])
    found = portfolio(review("Acme", {"OpenAI": 30, "Meta": 40, "Open AI": 25}), aliases=aliases)
    assert spread(found, {"OpenAI": 0.5, "Meta": 0.5}).chains == {0: ("OpenAI", "Acme")}


def test_a_broken_entity_cuts_its_own_spend_by_half_from_the_next_round():
    # Round 0: CoreWeave loses 0.5 x 0.90 and breaks. Round 1: it halves its spend at Applied, which loses 0.45 and
    # breaks. Round 2: Applied halves at Quarry, which loses 0.5 x 0.60 = 0.30, less than 0.40, and holds.
    found = portfolio(
        review("Quarry", {"applied": 60}),
        review("CoreWeave", {"OpenAI": 90}),
        review("Applied", {"CoreWeave": 90}),
    )
    result = spread(found, {"OpenAI": 0.5})
    assert result.round.tolist() == [-1, 0, 1]
    assert [item.broken for item in result.rounds] == [(1,), (2,), ()]
    assert [item.lost["USD"] for item in result.rounds] == pytest.approx([45, 45, 30])
    assert result.volume == pytest.approx([0.30, 0.45, 0.45])
    assert result.chains == {1: ("OpenAI", "CoreWeave"), 2: ("OpenAI", "CoreWeave", "Applied")}


def test_the_largest_cut_of_a_counterparty_counts():
    # Acme breaks and would halve its spend, but was cut by 80% already: Birch loses 0.8 x 0.30, not 0.5 x 0.30 more.
    found = portfolio(review("Acme", {"OpenAI": 90}), review("Birch", {"Acme": 30}))
    result = spread(found, {"OpenAI": 0.5, "Acme": 0.8})
    assert result.volume == pytest.approx([0.45, 0.24])
    assert len(result.rounds) == 1
    # Cut by 20% before, it halves now: 0.5 x 0.30 in all.
    result = spread(found, {"OpenAI": 0.5, "Acme": 0.2})
    assert result.volume == pytest.approx([0.45, 0.15])
    assert [item.lost["USD"] for item in result.rounds] == pytest.approx([45 + 6, 9])


def test_an_entity_that_breaks_cuts_nothing_in_its_own_review():
    # Meta loses 0.8 x 0.60 = 0.48 and breaks. It halves at Birch, 0.5 x 0.30; what it pays itself stays as it is.
    found = portfolio(review("Meta", {"OpenAI": 60, "Meta": 40}), review("Birch", {"Meta": 30}))
    result = spread(found, {"OpenAI": 0.8})
    assert result.volume == pytest.approx([0.48, 0.15])
    assert [item.lost["USD"] for item in result.rounds] == pytest.approx([48, 15])
    # Who pays in no other review leads to no further round.
    alone = spread(portfolio(review("Meta", {"OpenAI": 60, "Meta": 40})), {"OpenAI": 0.8})
    assert [item.lost["USD"] for item in alone.rounds] == pytest.approx([48])
    # A cut that is given counts in every review.
    assert spread(found, {"Meta": 0.5}).volume == pytest.approx([0.20, 0.15])


def test_a_review_that_breaks_today_counts_apart_and_passes_nothing_on():
    found = portfolio(review("CoreWeave", {"OpenAI": 90}, **BROKE), review("Applied", {"CoreWeave": 90, "OpenAI": 1}))
    result = spread(found, {"OpenAI": 0.5})
    assert result.already.tolist() == [True, False]
    assert result.volume == pytest.approx([0, 0.005])
    assert result.broken == 0
    assert result.rounds[0].lost == {"USD": pytest.approx(0.5)}


def test_reviews_that_pay_each_other_end():
    # Each is the other's payer: one breaks, then the other, then nobody is left to cut more.
    found = portfolio(review("Acme", {"OpenAI": 90, "Birch": 10}), review("Birch", {"Acme": 90}))
    result = spread(found, {"OpenAI": 0.5})
    assert result.round.tolist() == [0, 1]
    assert result.volume == pytest.approx([0.5, 0.45])
    assert result.chains[1] == ("OpenAI", "Acme", "Birch")


def test_revenue_lost_is_told_by_currency():
    found = portfolio(review("Acme", {"OpenAI": 50}), review("Birch", {"OpenAI": 20}, currency="EUR"))
    assert spread(found, {"OpenAI": 0.5}).rounds[0].lost == {"EUR": pytest.approx(10), "USD": pytest.approx(25)}


def test_a_review_without_ai_revenue_loses_nothing():
    none = review("Acme", {"OpenAI": 0}, inputs={"ai_revenue": 0})
    found = portfolio(none, review("Birch", {"OpenAI": 20}))
    assert spread(found, {"OpenAI": 1.0}).volume == pytest.approx([0, 0.2])


def test_payers_of_slightly_more_than_all_revenue_lose_no_more_than_all():
    found = portfolio(review("Acme", {"OpenAI": 100.4}))
    assert spread(found, {"OpenAI": 1.0}).volume.tolist() == [1.0]


def test_cutting_nothing_breaks_nobody():
    found = portfolio(review("Acme", {"OpenAI": 90}))
    assert [(item.broken, item.lost) for item in spread(found, {}).rounds] == [((), {"USD": 0.0})]


def test_an_empty_portfolio_has_no_exposure_and_no_answer():
    found = portfolio()
    assert found.exposures() == []
    assert breaking_cuts(found) == []
    assert spread(found, {}).broken == 0


@pytest.mark.parametrize(
    ("cuts", "says"), [({"OpenIA": 0.5}, "Did you mean 'OpenAI'"), ({"OpenAI": 1.5}, "between 0%")]
)
def test_cuts_that_make_no_sense_are_refused(cuts, says):
    with pytest.raises(InputError, match=says):
        spread(portfolio(review("Acme", {"OpenAI": 90})), cuts)


def test_of_many_payers_an_error_finds_the_nearest_and_lists_some():
    payers = {f"{tree} Bank": 4 for tree in ("Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel",
                                             "Ilex", "Juniper", "Kauri")}  # fmt: skip
    found = portfolio(review("Acme", payers), review("Beech", {f"New {name}": 4 for name in payers}))
    with pytest.raises(InputError, match=r"'New Kauri Bink' is not known.* Did you mean 'New Kauri Bank'.* 2 more\."):
        spread(found, {"New Kauri Bink": 0.5})


# --- The reverse question ---


def test_the_first_review_breaks_where_its_volume_over_the_payers_share_is_smallest():
    # Breaking volumes 0.40 over shares 0.90 and 0.70: Acme first, just beyond a cut of 0.4444; both at 0.40/0.70.
    found = portfolio(review("Acme", {"OpenAI": 90}), review("Birch", {"OpenAI": 70}), review("City", {"Meta": 30}))
    (openai,) = breaking_cuts(found)
    assert (openai.counterparty, openai.reviews, openai.first) == ("OpenAI", 2, "Acme")
    assert openai.first_cut == pytest.approx(0.40 / 0.90)
    assert openai.half_cut == pytest.approx(0.40 / 0.70)


def test_contagion_counts_towards_half_of_the_portfolio():
    # Acme breaks beyond 0.4444 and drags Birch and City along: at that cut 3 of 4 are broken.
    found = portfolio(
        review("Acme", {"OpenAI": 90}),
        review("Birch", {"Acme": 90}),
        review("City", {"Acme": 85, "OpenAI": 1}),
        review("Dune", {"Meta": 90}),
    )
    openai = next(item for item in breaking_cuts(found) if item.counterparty == "OpenAI")
    assert openai.half_cut == pytest.approx(0.40 / 0.90)


def test_a_counterparty_whose_loss_breaks_nobody_has_no_cut():
    found = portfolio(review("Acme", {"OpenAI": 30}), review("Birch", {"OpenAI": 40}))
    (openai,) = breaking_cuts(found)
    assert (openai.first_cut, openai.first, openai.half_cut) == (None, None, None)


def test_reviews_that_break_today_are_no_part_of_the_half():
    found = portfolio(
        review("Acme", {"OpenAI": 90}), review("Birch", {"OpenAI": 5}), review("City", {"OpenAI": 5}, **BROKE)
    )
    (openai,) = breaking_cuts(found)
    assert openai.half_cut == pytest.approx(0.40 / 0.90)  # one of the two that stand


NAMES = ["OpenAI", "Meta", "Anthropic", "Microsoft", "Oracle", "Nebius", "xAI"]


def drawn(seed, count=60):
    """Random reviews that pay each other, most of them complete."""
    rng = random.Random(seed)
    records = []
    while len(records) < count:
        record = random_review(rng)
        for row in record["customers"]:
            row["customer"] = None
        names = rng.sample([*NAMES, *(f"Firm {letter * 2}" for letter in "abcdefghij")], 17)
        for row, name in zip(record["customers"], names, strict=False):
            row["customer"] = name
        record["customers"] = record["customers"][: len(names)]
        letter = chr(ord("a") + len(records) % 26)
        record["inputs"]["entity"] = f"Firm {letter * 2}{len(records) // 26 or ''}"
        records.append(record)
    return portfolio(*records)


@pytest.mark.parametrize("seed", range(4))
def test_the_rounds_are_what_the_definition_says(seed):
    """Followed again with plain loops over the simulation of one review at a time."""
    found = drawn(seed)
    cuts = {"OpenAI": 0.6, "Meta": 0.4}
    result = spread(found, cuts)
    assert result.already.tolist() == [_breaks(found, at, 0.0) for at in range(len(found))]
    given: dict[str, float] = {name.casefold(): share for name, share in cuts.items()}
    held = dict(given)
    broken: dict[int, int] = {}
    for number in range(50):
        volume = {at: min(1.0, sum(share * (given if name == found.entities[at].casefold() else held).get(name, 0.0)
                                   for name, share in _shares(found, at)))
                  for at in range(len(found)) if not result.already[at]}  # fmt: skip
        new = [at for at, lost in volume.items() if at not in broken and _breaks(found, at, lost)]
        broken |= dict.fromkeys(new, number)
        passed = {found.entities[at].casefold() for at in new}
        held |= {name: max(0.5, held.get(name, 0.0)) for name in passed}
        if not new:
            break
    assert {at: number for at, number in enumerate(result.round.tolist()) if number >= 0} == broken
    assert {at: result.volume[at] for at in volume} == pytest.approx(volume)


def _shares(found, at):
    paid = found.payments
    rows = np.flatnonzero(paid.review == at)
    return [(found.parties[paid.party[row]].casefold(), paid.share[row]) for row in rows]


def _breaks(found, at, volume):
    """One review alone, its volume shock typed into its table of scenarios."""
    from capexrisk.contagion import verdicts_at

    return verdicts_at(found.reviews.block(at, at + 1), np.array([volume]), Policy.built_in())[0] == 2


@pytest.mark.parametrize("seed", range(4))
def test_a_hair_less_than_the_breaking_cut_breaks_fewer(seed):
    found = drawn(seed)
    answers = [item for item in breaking_cuts(found) if item.first_cut is not None]
    assert len(answers) > 5
    halves = [item for item in answers if item.half_cut is not None]
    answers = answers[:4] + halves[:2]
    standing = int((~spread(found, {}).already).sum())
    for item in answers:

        def broken(cut, name=item.counterparty):
            return spread(found, {name: min(1.0, cut)}).broken

        assert broken(item.first_cut * (1 + 1e-4) + 1e-5) >= 1  # the rounds allow noise in money, the lines do not
        assert broken(item.first_cut * (1 - 1e-6)) == 0
        if item.half_cut is None:
            assert broken(1.0) * 2 < standing
        else:
            assert broken(item.half_cut * (1 + 1e-4) + 1e-5) * 2 >= standing
            assert broken(item.half_cut * (1 - 1e-6)) * 2 < standing


def test_more_cut_never_breaks_less():
    found = drawn(9)
    counts = [spread(found, {"OpenAI": cut}).broken for cut in np.linspace(0, 1, 11)]
    assert counts == sorted(counts)


def test_the_order_of_reviews_changes_nothing():
    records = [review(name, {"OpenAI": 90, "Acme": 5}) for name in ("Birch", "Acme", "City")]
    one, two = portfolio(*records), portfolio(*records[::-1])
    assert one.exposures() == two.exposures()
    first, second = spread(one, {"OpenAI": 0.5}), spread(two, {"OpenAI": 0.5})
    assert dict(zip(one.entities, first.volume, strict=True)) == dict(zip(two.entities, second.volume, strict=True))
