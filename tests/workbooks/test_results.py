"""The tables of results: columns that other programs rely on, the same in both formats, documented one by one."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import portfolio_files as files
import pyarrow.parquet
import pytest

import capexrisk_workbooks
from capexrisk import InputError, Reviews, assess, template
from capexrisk.examples import examples
from capexrisk.portfolio import Filed, Portfolio
from capexrisk_workbooks.filing import filed, spool
from capexrisk_workbooks.results import COLUMNS, NAMES, row
from capexrisk_workbooks.results_file import Results, Table, read_results

RECORDS = [*examples(), files.record("Half done", cash=None), files.record("=1+1", payers=(("@SUM(A1)", 5.0),))]


@pytest.fixture(scope="module")
def rows():
    results = assess(Reviews.from_records(RECORDS)).results()
    found = [row(f"{at}.xlsx", "unchanged", result=result, modified=1e9 + at) for at, result in enumerate(results)]
    return [*found, row("broken.xlsx", "unreadable", "It is damaged.")]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_written_is_read_back(rows, tmp_path, ending):
    path = tmp_path / f"results.{ending}"
    with Results(path) as results:
        for item in rows:
            results.add(item)
    frame = read_results(path)
    assert list(frame.columns) == list(NAMES)
    for at, item in enumerate(rows):
        for name in NAMES:
            value = frame[name][at]
            if item[name] is None:
                assert value is not value or str(value) == "<NA>", (name, value)
            else:
                assert value == item[name], name


def test_both_formats_give_the_same_frame(rows, tmp_path):
    for ending in ("csv", "parquet"):
        with Results(tmp_path / f"r.{ending}") as results:
            for item in rows:
                results.add(item)
    one, two = read_results(tmp_path / "r.csv"), read_results(tmp_path / "r.parquet")
    assert one.dtypes.map(str).to_dict() == two.dtypes.map(str).to_dict()
    assert one.equals(two)
    assert one.attrs == two.attrs
    assert one.attrs["units"]["section_spend"] == "0 to 100"


def test_units_and_meanings_are_in_the_metadata(rows, tmp_path):
    spool(rows, tmp_path / "r.parquet")
    schema = pyarrow.parquet.read_schema(tmp_path / "r.parquet")
    assert schema.field("metric_payback").metadata == {b"unit": b"years", b"meaning": b"Payback period"}
    assert all(field.metadata[b"meaning"] for field in schema)


def test_a_csv_file_can_be_read_while_it_grows(rows, tmp_path, monkeypatch):
    from capexrisk_workbooks import results_file

    monkeypatch.setattr(results_file, "_BLOCK", 2)
    with Results(tmp_path / "r.csv") as results:
        for item in rows[:5]:
            results.add(item)
        assert len(read_results(tmp_path / "r.csv")) == 4
    assert len(read_results(tmp_path / "r.csv")) == 5


def test_no_cell_of_a_csv_file_can_become_a_formula(rows, tmp_path):
    with Results(tmp_path / "r.csv") as results:
        results.add({**rows[0], "entity": "=cmd|'/c calc'!A0", "path": "-1.xlsx", "sentence": "@x"})
    with open(tmp_path / "r.csv", encoding="utf-8", newline="") as file:
        (found,) = csv.DictReader(file)
    assert not any(value.startswith(("=", "+", "-", "@")) and not _number(value) for value in found.values())
    assert read_results(tmp_path / "r.csv")["entity"][0] == "=cmd|'/c calc'!A0"


@pytest.mark.parametrize(
    "text", ["=1+1", "'=1+1", "''=1", " =1", "\n=1", "\t=1", "'plain", "- note", "a\r\nb", "NA", "nan"]
)
def test_text_comes_back_from_a_csv_file_as_it_was(rows, tmp_path, text):
    with Results(tmp_path / "r.csv") as results:
        results.add({**rows[0], "entity": text})
    with open(tmp_path / "r.csv", encoding="utf-8", newline="") as file:
        (found,) = csv.DictReader(file)
    assert not found["entity"].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert read_results(tmp_path / "r.csv")["entity"][0] == text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_full_disk_is_a_sentence(rows, tmp_path, ending):
    (tmp_path / f"r.{ending}").symlink_to("/dev/full")
    with pytest.raises(InputError, match="cannot be written"), Results(tmp_path / f"r.{ending}") as results:
        results.add(rows[0])


def _number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def test_the_row_of_a_review_says_what_show_says(rows):
    result = assess(Reviews.from_records(RECORDS)).result(0)
    shown, found = result.as_json(), rows[0]
    assert (found["score"], found["decision"], found["rating"]) == (shown["score"], shown["decision"], shown["rating"])
    assert {key: found[f"metric_{key}"] for key in template.METRIC} == shown["metrics"]
    assert {key: found[f"score_{key}"] for key in template.METRIC} == shown["metric_scores"]
    assert {item["scenario"]: item["verdict"] for item in shown["stress"]} == {
        key.removeprefix("verdict_"): value for key, value in found.items() if key.startswith("verdict_")
    }
    assert found["breaks_today"] is True
    assert found["gives_way_today"] == "Liquidity, Debt service"
    assert json.loads(found["customers"])[0]["customer"] == "Microsoft"
    assert found["input_cash"] == 1360
    assert found["modified"] == "2001-09-09T01:46:40.000000Z"


def test_an_incomplete_review_has_no_result(rows):
    found = next(item for item in rows if item["entity"] == "Half done")
    assert found["decision"] == "Incomplete"
    assert all(found[name] is None for name in NAMES if name.startswith(("score", "metric_", "section_", "verdict_")))
    assert found["findings_missing"] == 1


def test_read_results_is_exported():
    assert capexrisk_workbooks.read_results is read_results
    with pytest.raises(AttributeError, match="nonsense"):
        capexrisk_workbooks.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("r.csv", b"a,b\n1,2\n", "has no column path"),
        ("r.parquet", b"PAR1 cut off", "is not a results file"),
        ("r.csv", b"", "is not a results file"),
    ],
)
def test_files_that_are_no_results_are_refused(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_results(tmp_path / name)


def test_missing_files_and_bad_endings_are_sentences(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_results(tmp_path / "nowhere.parquet")
    with pytest.raises(InputError, match=r"must end in \.parquet or \.csv"):
        Results(tmp_path / "r.xlsx")
    with pytest.raises(InputError, match="cannot be written"), Results(tmp_path / "no folder" / "r.csv"):
        pass


# --- From rows to a portfolio ---


def test_a_portfolio_from_rows_is_the_one_from_the_reviews(rows, tmp_path):
    reviews, places = filed(spool(rows, tmp_path / "r.parquet"))
    assert places == list(range(len(RECORDS)))
    direct = Reviews.from_records(RECORDS)
    complete = assess(direct).complete.tolist()
    expected = Portfolio.of(Filed.from_reviews(direct, complete, [1e9 + at for at in range(len(RECORDS))]))
    found = Portfolio.of(reviews)
    assert found.entities == expected.entities
    assert found.exposures() == expected.exposures()
    assert found.places.tolist() == expected.places.tolist()
    assert found.incomplete.tolist() == expected.incomplete.tolist()
    assert np.array_equal(found.reviews.figures, expected.reviews.figures, equal_nan=True)


def test_rows_of_a_table_are_read_in_order_without_holding_them_all(rows, tmp_path):
    table = spool(rows, tmp_path / "r.parquet")
    assert len(table) == len(rows)
    assert [item["path"] for item in table.rows(["path", "score"])] == [item["path"] for item in rows]
    assert Table(table.path).column("score") == [item["score"] for item in rows]


def test_every_column_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"| `{column.name}` |" in page
