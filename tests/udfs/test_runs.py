"""What is remembered between calls changes no result."""

import pickle

import pytest

from capexrisk import Policy
from capexrisk.policy import VARIABLE
from capexrisk_udfs import runs
from capexrisk_udfs.runs import Held, known_reading, one_policy, policy_in_force, run

INPUTS = [["Item", "Input"], ["Cash", 100.0], ["Entity", "Alpha"]]
CUSTOMERS = [["Customer", "Kind", "Revenue", "Backlog", "Credit", "Take-or-pay", "Circular"]]


@pytest.fixture(autouse=True)
def nothing_remembered():
    runs.forget()


def held(cash):
    return Held([["Item", "Input"], ["Cash", cash], ["Entity", "Alpha"]])


def test_held_rows_give_what_plain_rows_give():
    assert run(held(100.0), Held(CUSTOMERS)).result == run(INPUTS, CUSTOMERS).result


def test_held_rows_are_not_taken_for_others():
    customers = Held(CUSTOMERS)
    inputs = held(100.0)
    scenarios = Held([["Scenario", "Label"], ["mild", "Mild"]])
    first = run(inputs, customers)
    assert run(inputs, customers) is first
    assert run(held(5.0), customers).result.inputs["cash"] == 5.0
    assert run(inputs, customers, scenarios).contents != first.contents


def test_held_rows_travel_as_plain_rows():
    inputs = held(100.0)
    run(inputs, Held(CUSTOMERS))
    assert type(pickle.loads(pickle.dumps(inputs))) is list
    assert pickle.loads(pickle.dumps(inputs)) == INPUTS


def test_one_policy_is_seen_throughout_and_no_longer(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n', encoding="utf-8")
    with one_policy():
        monkeypatch.setenv(VARIABLE, str(own))
        assert policy_in_force().name == Policy.built_in().name
    assert policy_in_force().name == "Bank X"


def test_a_reading_is_remembered_only_for_the_same_four_ranges():
    questions, scenarios = [["Question", "Status", "Answer", "Source"]], [["Scenario", "Label"], ["mild", "Mild"]]
    found = run(INPUTS, CUSTOMERS, scenarios, questions)
    assert known_reading((INPUTS, CUSTOMERS, scenarios, questions)) is found.reading
    other = [["Item", "Input"], ["Cash", 5.0], ["Entity", "Alpha"]]
    assert known_reading((other, CUSTOMERS, scenarios, questions)).record["inputs"]["cash"] == 5.0
