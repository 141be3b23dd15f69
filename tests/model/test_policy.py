# ruff: noqa: E501 (sentences stand whole)
"""The policy: its numbers, a firm's own file with every error's sentence, name and hash, and which one is in force."""

import pytest
from worked import result, review

from capexrisk import Policy, PolicyError, template
from capexrisk.policy import CONFIGURATION, VARIABLE

BUILT_IN = Policy.built_in()


def own(text, name='name = "Bank X 2027"'):
    return Policy.from_text(f"{name}\n{text}")


def refused(text, name='name = "Bank X 2027"'):
    with pytest.raises(PolicyError) as error:
        own(text, name)
    return str(error.value)


# --- The built-in policy is the document's ---


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metrics.leverage.knots", [[0, 0], [0.58, 5], [1.83, 25], [2.58, 40], [3.41, 60], [5.26, 75], [6, 82], [8.35, 90], [12, 100]]),
        ("metrics.payback.knots", [[0.25, 0], [0.5, 30], [0.75, 60], [1, 85], [1.5, 100]]),
        ("metrics.run_rate_gap.knots", [[-0.4, 90], [-0.2, 60], [-0.05, 15], [0, 0], [0.1, 10], [0.25, 30], [0.5, 55], [1, 80], [2, 100]]),
        ("metrics.lab_dependency.weight", 2),
        ("metrics.payback.weight", 2),
        ("score_rules.assumed_score", 50),
        ("score_rules.hidden_payers_count", 10),
        ("sections.spend", 0.25),
        ("sections.breaks", 0.20),
        ("sections.questions", 0.05),
        ("sections.mean_weight", 0.7),
        ("severity.headroom_knots", [[0, 100], [0.5, 90], [1, 60], [2, 25], [4, 0]]),
        ("floors.liquidity_knots", [[0.8, 60], [1.2, 0]]),
        ("floors.losses", 75),
        ("ratings.Severe", 75),
        ("leases.discount_rate", 0.06),
        ("enforceability.High yield", 0.75),
        ("verdicts.strained_cover", 1.2),
        ("scenarios.bust.resale", 0.85),
        ("scenarios.inventory_unwind.volume", "inventory_build"),
        ("drivers.interest rate.size", 0.03),
        ("drivers.payment delay.largest", 730),
        ("checks.demand.top_3_customers_max", 0.7),
        ("checks.evidence.points_max", 5),
        ("decision.restructure_score", 75),
        ("contagion.broken_customer_cut", 0.5),
    ],
)  # fmt: skip
def test_the_built_in_policy_holds_the_documents_numbers(path, value):
    found = BUILT_IN.data
    for key in path.split("."):
        found = found[key]
    assert found == value


def test_it_has_thirteen_scenarios_six_of_them_core_and_eight_drivers():
    assert len(BUILT_IN.scenarios) == 13
    assert BUILT_IN.core == ("spend_drop", "financing", "utilization", "model_stall", "buyer_halves", "buyer_pauses")
    assert len(BUILT_IN.drivers) == 8


def tables(data, path=()):
    for key, value in data.items():
        if isinstance(value, dict):
            yield (*path, key), value
            yield from tables(value, (*path, key))


def test_a_source_stands_beside_every_number():
    for path, table in tables(BUILT_IN.data):
        if any(not isinstance(value, dict) for value in table.values()):
            assert BUILT_IN.source(*path), path


def test_every_metric_has_knots_and_every_scenario_a_label():
    assert list(BUILT_IN.data["metrics"]) == list(template.METRIC)
    assert all(row["label"] for row in BUILT_IN.scenarios.values())


# --- A firm's own file ---


def test_a_firms_file_holds_only_what_differs():
    policy = own('[decision]\nconditional_score = 40\nsource = "Credit manual 4.2"')
    assert policy.name == "Bank X 2027"
    assert policy.data["decision"]["conditional_score"] == 40
    assert policy.data["decision"]["restructure_score"] == 75
    assert policy.data["metrics"] == BUILT_IN.data["metrics"]


def test_a_firms_number_moves_the_result_and_the_results_carry_its_name_and_hash():
    policy = own('[metrics.leverage]\nknots = [[0, 0], [1, 100]]\nsource = "Manual"')
    found = result(review(), policy)
    assert found.metric_scores["leverage"] == 100
    assert (found.policy_name, found.policy_hash) == (policy.name, policy.hash)
    assert found.as_json()["policy"] == {"name": "Bank X 2027", "hash": policy.hash}


def test_a_firm_may_add_scenarios_and_make_them_core():
    policy = own(
        '[scenarios.tariff]\nlabel = "If tariffs rise"\nvolume = 0.9\nsource = "Desk"\n'
        '[core]\nscenarios = ["spend_drop", "tariff"]\nsource = "Desk"'
    )
    found = result(review(), policy)
    assert found.stress[-1].label == "If tariffs rise"
    assert not found.checks["survives"].ok
    assert "in 1 of 2 core scenarios" in found.checks["survives"].text


def test_the_built_in_file_may_be_copied_as_it_is():
    from importlib.resources import files

    text = files("capexrisk").joinpath("policy.toml").read_text(encoding="utf-8")
    assert Policy.from_text(text).hash == BUILT_IN.hash


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[metrics", "it is not valid TOML: "),
        ("[metric.leverage]\nweight = 2", "key 'metric' is not known. Did you mean 'metrics'? Known: name, metrics, "),
        ("[metrics.leverag]\nweight = 2", "key 'leverag' is not known in [metrics]. Did you mean 'leverage'?"),
        ("[metrics.leverage]\nweigth = 2", "key 'weigth' is not known in [metrics.leverage]. Did you mean 'weight'? Known: weight, knots, source."),
        ("metrics = 5", "metrics must be a table, [metrics]."),
        ("[metrics.leverage]\nweight = 2", '[metrics.leverage] changes a number, so it needs a source of its own: source = "where it comes from".'),
        ('[metrics.leverage]\nweight = "much"\nsource = "x"', "metrics.leverage.weight is 'much'; it must be a number."),
        ('[metrics.leverage]\nweight = "utilization"\nsource = "x"', "metrics.leverage.weight is 'utilization'; it must be 0 or more."),
        ('[metrics.leverage]\nweight = -1\nsource = "x"', "metrics.leverage.weight is -1; it must be 0 or more."),
        ('[metrics.leverage]\nweight = nan\nsource = "x"', "metrics.leverage.weight is nan; it must be 0 or more."),
        ('[metrics.leverage]\nweight = true\nsource = "x"', "metrics.leverage.weight is True; it must be a number."),
        ('[metrics.leverage]\nknots = 5\nsource = "x"', "metrics.leverage.knots is 5; it must be a list."),
        ('[metrics.leverage]\nknots = [[0, 0]]\nsource = "x"', "metrics.leverage.knots must be a list of at least two [value, score] pairs."),
        ('[metrics.leverage]\nknots = [[0, 0], [1]]\nsource = "x"', "metrics.leverage.knots must be a list of at least two [value, score] pairs."),
        ('[metrics.leverage]\nknots = [[0, 0], [1, 101]]\nsource = "x"', "metrics.leverage.knots is 101; it must be scores between 0 and 100."),
        ('[metrics.leverage]\nknots = [[0, 0], ["a", 1]]\nsource = "x"', "metrics.leverage.knots is 'a'; it must be numbers only."),
        ('[metrics.leverage]\nknots = [[1, 0], [1, 5]]\nsource = "x"', "metrics.leverage.knots must rise in value from each knot to the next."),
        ("[metrics.leverage]\nsource = 5", "metrics.leverage.source is 5; it must be text."),
        ('[sections]\nspend = 0.5\nsource = "x"', "the weights in [sections] add up to 1.25; they must add up to 1."),
        ('[ratings]\nModerate = 60\nsource = "x"', "[ratings] must begin with Low = 0 and rise from each to the next."),
        ('[question_points]\nPartial = 5\nsource = "x"', "[question_points] must not fall from Evidence to None, and None must be above 0."),
        ('[question_points]\nEvidence = "utilization"\nsource = "x"', "question_points.Evidence is 'utilization'; it must be 0 or more."),
        ('[enforceability]\nUnrated = 1.5\nsource = "x"', "enforceability.Unrated is 1.5; it must be between 0 and 1."),
        ('[severity]\nBreaks = 150\nsource = "x"', "severity.Breaks is 150; it must be between 0 and 100."),
        ('[leases]\ndiscount_rate = 0\nsource = "x"', "leases.discount_rate is 0; it must be above 0."),
        ('[scenarios.base]\nvolume = 0.1\nsource = "x"', "scenarios.base is today and has no shock; add a scenario of another key."),
        ('[scenarios.own]\nvolume = 0.1\nsource = "x"', "[scenarios.own] needs a label."),
        ('[scenarios.own]\nlabel = "Own"\nvolume = 0.1', "[scenarios.own] changes a number, so it needs a source of its own"),
        ('[scenarios.own]\nlabel = "Own"\nvolum = 0.1\nsource = "x"', "key 'volum' is not known in [scenarios.own]. Did you mean 'volume'?"),
        ('[scenarios.bust]\npause = 1.5\nsource = "x"', "scenarios.bust.pause is 1.5; it must be between 0 and 8 and whole."),
        ('[scenarios.bust]\nprice = "inventory_build"\nsource = "x"', "scenarios.bust.price is 'inventory_build'; it must be between 0 and 1."),
        ('[scenarios.BUST]\nlabel = "x"\nsource = "x"', "[scenarios.bust] differs from another scenario's key in capitals only; rename it."),
        ("\n".join(f'[scenarios.s{at}]\nlabel = "x"\nsource = "x"' for at in range(12)), "[scenarios] holds 25; a review has room for 24."),
        ('[core]\nscenarios = ["bsut"]\nsource = "x"', "scenario 'bsut' is not known in [core]. Did you mean 'bust'?"),
        ('[core]\nscenarios = ["base"]\nsource = "x"', "scenario 'base' is not known in [core]."),
        ('[core]\nscenarios = [["bust"]]\nsource = "x"', "scenario \"['bust']\" is not known in [core]."),
        ('[core]\nscenarios = []\nsource = "x"', "core.scenarios must name at least one scenario."),
        ('[drivers.price]\nshock = "prise"\nsource = "x"', "shock 'prise' is not known in [drivers.price]. Did you mean 'price'?"),
        ('[drivers.price]\nshock = "pause"\nsource = "x"', "shock 'pause' is not known in [drivers.price]."),
        ('[drivers.price]\nsize = 0\nsource = "x"', "drivers.price.size is 0; it must be above 0."),
        ('[drivers.price]\nlargest = 2\nsource = "x"', "drivers.price.largest is 2; it must be above 0, at most 1."),
        ('[drivers.price]\nlargest = "utilization"\nsource = "x"', "drivers.price.largest may be today's utilization only for the shock utilization."),
        ('[checks.evidence]\nthree_part_for = ["Pich"]\nsource = "x"', "review type 'Pich' is not known in checks.evidence.three_part_for. Did you mean 'Pitch'?"),
        ("\n".join(f'[metrics.{key}]\nweight = 0\nsource = "x"' for key in list(template.METRIC)[:8]), "the weights of the metrics in section spend are all 0; one must be above 0."),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_sentence(text, sentence):
    found = refused(text)
    assert found == sentence if sentence.endswith(".") and "Known" not in found else found.startswith(sentence)


def test_a_policy_needs_a_name_of_its_own():
    assert refused("", "").startswith("it needs a name of its own at the top")
    changed = '[leases]\ndiscount_rate = 0.07\nsource = "Desk"'
    assert refused(changed, f'name = "{BUILT_IN.name}"').startswith("its name must differ from the built-in policy's")


def test_loading_names_the_file(tmp_path):
    with pytest.raises(PolicyError, match=r"^The policy file .*none.toml cannot be read: No such file or directory\.$"):
        Policy.load(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match=r"cannot be read: Is a directory\.$"):
        Policy.load(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"bytes.toml cannot be read: it is no file of UTF-8 text\.$"):
        Policy.load(tmp_path / "bytes.toml")
    (tmp_path / "bad.toml").write_text("x = 1")
    with pytest.raises(PolicyError, match=r"bad.toml cannot be used: it needs a name of its own"):
        Policy.load(tmp_path / "bad.toml")


# --- Hash ---


def test_the_hash_is_short_and_stable():
    assert len(BUILT_IN.hash) == 8 and int(BUILT_IN.hash, 16) >= 0
    assert own("").hash == own("").hash


def test_the_hash_does_not_change_with_comments_order_or_the_way_a_number_is_written():
    one = own('[leases]\ndiscount_rate = 1\nsource = "Desk"\n[decision]\nconditional_score = 40\nsource = "Desk"')
    other = own(
        '# as agreed\n[decision]\nsource = "Desk"\nconditional_score = 40.0\n[leases]\nsource = "Desk"\ndiscount_rate = 1.0'
    )
    assert one.hash == other.hash


def test_the_hash_changes_with_every_content():
    texts = ["", '[leases]\ndiscount_rate = 0.07\nsource = "Desk"', '[leases]\ndiscount_rate = 0.07\nsource = "Board"']
    hashes = {own(text).hash for text in texts} | {own("", 'name = "Bank Y"').hash, BUILT_IN.hash}
    assert len(hashes) == 5


# --- Which policy is in force ---


@pytest.fixture
def home(tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def written(folder, name):
    path = folder / f"{name}.toml"
    path.write_text(f'name = "{name}"', encoding="utf-8")
    return path


def configure(home, line):
    (home / CONFIGURATION).parent.mkdir()
    (home / CONFIGURATION).write_text(line, encoding="utf-8")


def test_without_a_choice_the_built_in_policy_counts(home):
    assert Policy.current() == BUILT_IN


def test_the_configuration_file_counts_before_the_built_in(home):
    configure(home, f'"INTERPRETER","python"\n"POLICY","{written(home, "configured")}"\n')
    assert Policy.current().name == "configured"


def test_the_variable_counts_before_the_configuration_file(home, monkeypatch):
    configure(home, f'"policy", "{written(home, "configured")}"')
    monkeypatch.setenv(VARIABLE, str(written(home, "variable")))
    assert Policy.current().name == "variable"


def test_an_empty_choice_is_none(home, monkeypatch):
    configure(home, '"POLICY",""\nnonsense\n')
    monkeypatch.setenv(VARIABLE, "")
    assert Policy.current() == BUILT_IN


def test_a_choice_that_cannot_be_read_is_an_error_not_the_built_in(home, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(home / "gone.toml"))
    with pytest.raises(PolicyError, match=r"gone.toml cannot be read"):
        Policy.current()


def test_a_changed_file_is_read_again(home, monkeypatch):
    import os

    path = written(home, "first")
    monkeypatch.setenv(VARIABLE, str(path))
    assert Policy.current().name == "first"
    path.write_text('name = "second"')
    os.utime(path, ns=(1, 1))
    assert Policy.current().name == "second"
