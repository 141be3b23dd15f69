"""Stored results are held against what the workbook computes now; the file is never changed."""

import json
import re

import pytest
from typer.testing import CliRunner
from zips import contents, zipped

from capexrisk import Policy, template
from capexrisk.examples import examples
from capexrisk.policy import VARIABLE
from capexrisk.version import VERSION
from capexrisk_addin import cli
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.recalc import inspect, recalculate
from capexrisk_workbooks.verify import verify


@pytest.fixture
def finished(tmp_path):
    path = tmp_path / "finished.xlsx"
    path.write_bytes(new_workbook(examples()[10]))
    return path


def edit(path, sheet, spot, value):
    book = Book.read(path)
    path.write_bytes(book.rewritten({sheet: book.sheet(sheet).edited({spot: Edit(value=value)})}))


def test_a_fresh_review_holds(finished):
    before = finished.read_bytes()
    found = verify(finished)
    assert found.holds
    assert found.reasons == ()
    assert finished.read_bytes() == before


def test_a_changed_input_shows_in_the_cells_that_rest_on_it(finished):
    row = next(
        row for (row, col), value in Book.read(finished).sheet("Review").values().items() if value == "Annual capex"
    )
    edit(finished, "Review", (row, 3), 1800.0)
    before = finished.read_bytes()
    found = verify(finished)
    assert not found.holds
    assert "changed since" in found.reasons[0]
    assert any(item.cell.startswith("Review!") for item in found.differences)
    assert finished.read_bytes() == before


def test_a_result_that_was_typed_over_is_found(finished):
    book = Book.read(finished)
    (spot,) = [
        spot for spot, formula in book.sheet("Review").formulas.items() if formula.text.startswith("CAPEX_SCORE(")
    ]
    edit(finished, "Review", spot, 12.0)
    found = verify(finished)
    (score,) = [item for item in found.differences if item.stored == 12.0]
    assert score.computed == 60.0


def test_another_policy_is_the_reason(finished, tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[metrics.leverage]\nweight = 5\nsource = "credit committee"\n')
    monkeypatch.setenv(VARIABLE, str(own))
    found = verify(finished)
    assert not found.holds
    assert "Bank X" in found.reasons[0]


# A review that was made under something else says so wherever it is shown.


@pytest.fixture
def under_another_policy(finished, tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[metrics.leverage]\nweight = 5\nsource = "credit committee"\n')
    monkeypatch.setenv(VARIABLE, str(own))
    return finished


def test_verify_changes_nothing_and_names_the_cells_under_another_policy(under_another_policy):
    before = under_another_policy.read_bytes()
    found = verify(under_another_policy)
    assert any(item.cell.startswith("Review!") for item in found.differences)
    assert not any("changed since" in reason for reason in found.reasons)
    assert under_another_policy.read_bytes() == before


@pytest.mark.parametrize("command", ["show", "check", "verify", "recalc"])
def test_another_policy_is_said_wherever_the_review_is_shown(command, under_another_policy, tmp_path):
    options = ["--workers", "1", "--ledger", str(tmp_path / "ledger.sqlite")] if command == "recalc" else []
    said = CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, [command, str(under_another_policy), *options]).stdout
    assert "Its results were made with capexrisk" in said and "now it is" in said and "Bank X" in said
    if command == "recalc":  # now they are made with it
        again = CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, [command, str(under_another_policy), *options]).stdout
        assert "were made with" not in again and "1 unchanged" in again


@pytest.mark.parametrize("stored", ['"0"', None])
def test_another_version_of_the_template_is_said(stored, finished):
    parts = contents(finished.read_bytes())
    name = re.compile(rb'(<definedName [^>]*name="template_version"[^>]*>)([^<]*)(</definedName>)')
    assert name.search(parts["xl/workbook.xml"])
    new = rb"" if stored is None else rb"\g<1>" + stored.encode() + rb"\g<3>"
    parts["xl/workbook.xml"] = name.sub(new, parts["xl/workbook.xml"])
    finished.write_bytes(zipped(parts))
    for said in (verify(finished).reasons, inspect(finished).remarks, recalculate(finished).remarks):
        assert f"template {'version 0' if stored else 'no version'}" in said[0]


@pytest.mark.parametrize("command", ["show", "check", "verify", "compare"])
def test_every_result_names_tool_template_and_policy(command, finished):
    files = [str(finished)] * (2 if command == "compare" else 1)
    found = json.loads(CliRunner().invoke(cli.app, [command, *files, "--json"]).stdout)
    assert found["policy"] == {"name": Policy.current().name, "hash": Policy.current().hash}
    assert (found["template"], found["tool_version"]) == (template.TEMPLATE_VERSION, VERSION)
    if command != "compare":
        said = CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, [command, *files]).stdout
        assert f"capexrisk {VERSION}, template {template.TEMPLATE_VERSION}, policy {Policy.current().name}" in said
