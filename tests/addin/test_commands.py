"""The command line as people use it: output, JSON, exit codes, and a sentence for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capexrisk import Policy
from capexrisk.examples import examples
from capexrisk.policy import VARIABLE
from capexrisk_addin import cli


def run(*arguments, cwd=None):
    """Run the program as a process, as its users do."""
    command = [sys.executable, "-m", "capexrisk_addin.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def call(*arguments):
    """Run a command in this process."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture
def granite(tmp_path):
    """The JSON file of one example, and the example."""
    record = next(record for record in examples() if record["inputs"]["entity"] == "Granite Compute")
    path = tmp_path / "granite.json"
    path.write_text(json.dumps([record]))
    return path, record


def test_help_answers_without_loading_what_commands_need():
    heavy = ("numpy", "openpyxl", "xlwings", "pandas")
    code = f"import sys, capexrisk_addin.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_assess_prints_what_the_model_says(granite):
    path, _ = granite
    (review,) = json.loads(call("assess", path, "--json").stdout)
    assert review["decision"] == "Conditional"
    assert review["score"] == 60
    assert review["breaks_first"] == "refinancing"
    page = call("assess", path).stdout
    assert "Granite Compute" in page
    assert "Refinancing, at 26%" in page


def value(given):
    return given["value"] if isinstance(given, dict) else given


def test_what_goes_into_new_comes_out_of_show(granite, tmp_path):
    path, record = granite
    made = call("new", "--from", path, "--out", tmp_path)
    assert made.exit_code == 0, made.output
    workbook = Path(made.stdout.strip())
    assert workbook.name == "Granite Compute 2026-03-31.xlsx"
    shown = json.loads(call("show", workbook, "--json").stdout)
    assert {key: text for key, text in shown["inputs"].items() if text is not None} == {
        key: value(given) for key, given in record["inputs"].items()
    }
    typed = [{key: value(given) for key, given in row.items() if key != "basis"} for row in record["customers"]]
    for row, given in zip(shown["customers"], typed, strict=True):
        assert {key: row[key] for key in given if key != "source"} == {k: v for k, v in given.items() if k != "source"}
    assert [row["status"] for row in shown["questions"]] == [row["status"] for row in record["questions"]]
    assessed = json.loads(call("assess", path, "--json").stdout)[0]
    for key in ("score", "metrics", "metric_scores", "sections", "decision", "also", "checks", "breakpoints"):
        assert shown[key] == assessed[key], key
    cells = {item["key"]: item["cell"] for item in shown["findings"]}
    assert cells["scope"].startswith("Review!")


def test_new_never_overwrites(tmp_path):
    first = run("new", "Acme", "--out", tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    before = (tmp_path / "Acme.xlsx").read_bytes()
    again = run("new", "Acme", "--out", tmp_path)
    assert again.returncode == 1
    assert "exists and is left as it is" in again.stderr
    assert (tmp_path / "Acme.xlsx").read_bytes() == before
    assert run("new", "Acme", "--out", tmp_path, "--force").returncode == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "is not valid JSON"),
        ('[{"inputs": {"capex": 1}}]', "'capex' is not known"),
        ('[{"inputs": [1]}]', "inputs must be an object"),
        ("[7]", "must be an object"),
        ('[{"customers": {"customer": "A"}}]', "customers must be a list"),
        ('[{"questions": [{"state": "None"}]}]', "'state' is not known"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_bad_json_is_a_sentence(tmp_path, content, said):
    path = tmp_path / "bad.json"
    path.write_text(content)
    done = run("assess", path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_check_fails_where_something_is_missing(tmp_path, granite):
    run("new", "Acme", "--out", tmp_path)
    run("new", "--from", granite[0], "--out", tmp_path / "good")
    missing = run("check", tmp_path / "Acme.xlsx", "--json")
    assert missing.returncode == 1
    found = json.loads(missing.stdout)["reviews"][0]["findings"]
    assert {"kind": "missing", "key": "annual_capex", "label": "Annual capex"}.items() <= next(
        item for item in found if item["key"] == "annual_capex"
    ).items()
    assert run("check", tmp_path / "good").returncode == 0


def test_a_named_path_that_is_no_review_fails_and_a_found_one_does_not(tmp_path):
    from openpyxl import Workbook

    Workbook().save(tmp_path / "other.xlsx")
    assert run("recalc", tmp_path).returncode == 0
    named = run("recalc", tmp_path / "other.xlsx", "--json")
    assert named.returncode == 1
    assert json.loads(named.stdout)["files"][0]["status"] == "not_a_review"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("nonsense",), 2), (("recalc",), 2), (("new", "A", "--functions", "other"), 2), (("show", "nowhere.xlsx"), 1)],
)
def test_wrong_usage_is_told_from_what_failed(arguments, code, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_policy_is_chosen_by_option_or_variable(tmp_path, granite, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[metrics.leverage]\nweight = 5\nsource = "credit committee"\n')
    checked = call("policy", "check", own)
    assert "Bank X" in checked.stdout
    shown = json.loads(run("assess", granite[0], "--json", "--policy", own).stdout)[0]
    assert shown["policy"]["name"] == "Bank X"
    assert shown["policy"]["hash"] != Policy.built_in().hash
    monkeypatch.setenv(VARIABLE, str(own))
    assert json.loads(run("policy", "show", "--json").stdout)["metrics"]["leverage"]["weight"] == 5


def test_a_policy_that_cannot_be_used_is_a_sentence(tmp_path, granite):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[metrics.leverage]\nweight = 5\n')
    checked = run("policy", "check", own)
    assert checked.returncode == 1
    assert "needs a source of its own" in checked.stderr
    assert run("assess", granite[0], "--policy", own).returncode == 2


def test_a_folder_where_a_workbook_belongs_is_a_sentence(tmp_path):
    done = run("show", tmp_path)
    said = f"capexrisk: {tmp_path} is a folder; name one workbook in it. Folders are for check and recalc.\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_a_file_where_a_folder_belongs_is_a_sentence(tmp_path):
    path = tmp_path / "taken"
    path.write_text("mine")
    done = run("new", "Acme", "--out", path)
    assert (done.returncode, done.stderr) == (
        1,
        f"capexrisk: --out names {path}, a file; name a folder for the workbooks.\n",
    )
    done = run("recalc", tmp_path, "--backup", path)
    assert (done.returncode, done.stderr) == (
        2,
        f"capexrisk: --backup names {path}, a file; name a folder for the old versions.\n",
    )


def test_a_list_with_a_mistake_in_it_makes_no_workbook_at_all(tmp_path):
    path = tmp_path / "two.json"
    path.write_text(json.dumps([{"inputs": {"entity": "Good"}}, {"inputs": {"entity": "Bad", "capex": 1}}]))
    done = run("new", "--from", path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "Review 2 (Bad): input 'capex' is not known" in done.stderr
    assert not list(tmp_path.glob("out/*"))
