"""Two reviews side by side, and the next one rolled from the last."""

import copy
import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from capexrisk import Reviews, assess
from capexrisk.examples import examples
from capexrisk_workbooks.compare import compare, comparison_bytes
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.reading import read_review
from capexrisk_workbooks.recalc import result_of
from capexrisk_workbooks.roll import rolled


def result(record):
    return assess(Reviews.from_records([record])).result(0)


@pytest.fixture(scope="module")
def oracle():
    return [record for record in examples() if record["inputs"]["entity"] == "Oracle"]


def changes(old, new):
    return {(change.group, change.label): change for change in compare(result(old), result(new)).changes}


def test_a_review_does_not_differ_from_itself(oracle):
    assert changes(oracle[0], oracle[0]) == {}


def test_what_changed_is_named_with_before_and_now(oracle):
    found = changes(*oracle)
    capex = found["Inputs", "Annual capex"]
    assert (capex.old, capex.new, capex.difference) == (21215, 35500, 14285)
    assert found["Decision", "Rating"].new == "High"
    assert found["Stress", "If the boom turns to bust"].new == "Breaks"
    assert found["Customers", "OpenAI"].old is None
    assert found["Customers", "OpenAI"].new == "listed"
    assert ("Decision", "Decision") not in found  # Conditional both times


def test_money_is_compared_in_one_unit(oracle):
    thousands = copy.deepcopy(oracle[0])
    thousands["inputs"]["unit"] = "k"
    found = changes(thousands, oracle[0])
    assert found["Inputs", "Annual capex"].old == pytest.approx(21.215)  # 21,215 k are 21.215 m


def test_two_entities_are_told_apart(oracle):
    other = next(record for record in examples() if record["inputs"]["entity"] == "Nebius")
    notes = compare(result(oracle[0]), result(other)).notes
    assert any("two entities" in note for note in notes)


def test_the_workbook_says_nothing_of_when_or_by_whom_it_was_made(oracle):
    data = comparison_bytes(compare(result(oracle[0]), result(oracle[1])))
    with ZipFile(BytesIO(data)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = package.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT", properties)) == {"1980-01-01T"}
    assert "openpyxl" not in properties


def test_text_from_a_file_stays_text_in_the_workbook(oracle, tmp_path):
    hostile = copy.deepcopy(oracle[1])
    hostile["inputs"]["entity"] = '=HYPERLINK("http://example.com","x")'
    hostile["customers"][0]["customer"] = "=1+1"
    path = tmp_path / "comparison.xlsx"
    path.write_bytes(comparison_bytes(compare(result(oracle[0]), result(hostile))))
    sheet = load_workbook(path)["Comparison"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet["A1"].value.startswith("=HYPERLINK")


def roll(record, tmp_path, **options):
    old = tmp_path / "old.xlsx"
    old.write_bytes(new_workbook(record))
    before = old.read_bytes()
    made, left = rolled(read_review(old), date(2026, 5, 31), **options)
    assert old.read_bytes() == before
    assert left == []
    new = tmp_path / "new.xlsx"
    new.write_bytes(new_workbook(made))
    return read_review(new)


def test_the_next_review_keeps_identity_customers_and_sources(oracle, tmp_path):
    read = roll(oracle[1], tmp_path)
    shown = result_of(read).as_json(read.cells)
    assert shown["inputs"]["entity"] == "Oracle"
    assert shown["inputs"]["period_end"] == "2026-05-31"
    assert shown["inputs"]["annual_capex"] is None
    assert shown["sources"]["annual_capex"].startswith("filing:")
    assert [row["customer"] for row in shown["customers"]] == ["OpenAI", "Meta"]
    assert [row["revenue"] for row in shown["customers"]] == [None, None]
    assert [row["status"] for row in shown["questions"]] == [None] * 5
    assert shown["decision"] == "Incomplete"


def test_figures_can_be_kept(oracle, tmp_path):
    read = roll(oracle[1], tmp_path, keep_figures=True)
    new, old = result_of(read), result(oracle[1])
    assert new.score == old.score
    assert new.inputs["period_end"] == "2026-05-31"
    assert new.metrics == old.metrics


def test_edited_scenarios_are_carried_over(oracle, tmp_path):
    edited = copy.deepcopy(oracle[1])
    edited["scenarios"] = [{"scenario": "bust", "volume": 0.4}, {"scenario": "mine", "label": "Mine", "price": 0.3}]
    rows = {row["scenario"]: row for row in result_of(roll(edited, tmp_path)).scenarios}
    assert rows["bust"]["volume"] == 0.4
    assert rows["mine"]["price"] == 0.3
