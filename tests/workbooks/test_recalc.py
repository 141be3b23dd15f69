"""One file recalculated: from cells to cells, only what changed, each status, both ways the same."""

import shutil
from dataclasses import replace
from pathlib import Path

import portfolio_files as files
import pytest
from hypothesis import given, reject, settings
from openpyxl import Workbook, load_workbook
from random_reviews import reviews

import capexrisk
from capexrisk import InputError, Reviews, assess
from capexrisk.examples import examples
from capexrisk_udfs import runs
from capexrisk_workbooks import recalc
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import spot
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.recalc import recalculate

GRANITE = examples()[10]


@pytest.fixture
def review(tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(new_workbook(GRANITE))
    return path


def place(path, name):
    """The sheet and the (row, column) of a defined name."""
    text = next(item.text for item in Book.read(path).names if item.name == name)
    sheet, _, corner = text.rpartition("!")
    letters, row = corner.strip("$").split("$")
    return sheet, (int(row), ord(letters) - 64)


def type_in(path, name, value):
    """Type a value into a named cell, as a program does that cannot compute our functions."""
    sheet, spot = place(path, name)
    book = Book.read(path)
    path.write_bytes(book.rewritten({sheet: book.sheet(sheet).edited({spot: Edit(value=value)})}))


def stored(path, name):
    sheet, spot = place(path, name)
    return Book.read(path).sheet(sheet).values().get(spot)


def check_cells(data, record):
    """Hold what is stored in a recalculated workbook against the model."""
    book = Book.read(data)
    cells = {sheet.name: book.sheet(sheet.name).values() for sheet in book.sheets}

    def stored(name):
        sheet, _, cell = book.global_names[name].rpartition("!")
        return cells[sheet.strip("'")].get(spot(cell.replace("$", "")))

    result = assess(Reviews.from_records([record])).result(0)
    if not result.complete:
        assert (stored("risk_score"), stored("rating")) == ("", "")
        assert stored("decision").startswith("Incomplete")
        return
    assert stored("risk_score") == result.score
    assert stored("rating") == result.rating
    assert stored("decision") == result.decision
    for key, score in result.metric_scores.items():
        assert stored(f"score_{key}") == score
    for key, score in result.sections.items():
        assert stored(f"section_{key}") == score


@pytest.mark.parametrize("record", examples(), ids=lambda record: record["inputs"]["entity"])
def test_cells_hold_what_the_model_says(record, tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(template_bytes(record))
    assert recalculate(path).status == "recalculated"
    check_cells(path.read_bytes(), record)


@settings(max_examples=40, deadline=None)
@given(reviews())
def test_cells_hold_what_the_model_says_of_any_review(record):
    try:
        data = template_bytes(record)
    except InputError:
        reject()  # no workbook can hold it
    check_cells(recalc.recalculated(Book.read(data)).data, record)


def test_a_typed_number_moves_the_score(review):
    type_in(review, "cash", 1600.0)
    outcome = recalculate(review)
    assert (outcome.status, outcome.changed) == ("recalculated", True)
    changed = {**GRANITE, "inputs": {**GRANITE["inputs"], "cash": 1600}}
    expected = assess(Reviews.from_records([changed])).result(0)
    assert stored(review, "risk_score") == expected.score
    assert expected.score != 60


def test_nothing_is_written_when_nothing_changed(review):
    before = review.stat()
    outcome = recalculate(review)
    assert (outcome.status, outcome.changed) == ("unchanged", False)
    assert review.stat().st_mtime_ns == before.st_mtime_ns
    assert review.stat().st_ino == before.st_ino


def test_only_sheets_with_new_values_change_and_in_them_only_values(review):
    type_in(review, "cash", 161.0)
    before = Package.read(review.read_bytes())
    recalculate(review)
    after = Package.read(review.read_bytes())
    assert before.names == after.names
    changed = [name for name in before.names if before.data(name) != after.data(name)]
    assert changed
    assert all(name.startswith("xl/worksheets/sheet") for name in changed)
    import re

    for name in changed:
        bare = [re.sub(rb"<v>[^<]*</v>|<v/>", b"<v/>", package.data(name)) for package in (before, after)]
        bare = [re.sub(rb' t="(?:str|n|b|e)"', b"", text) for text in bare]
        assert bare[0] == bare[1]


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(review):
    type_in(review, "cash", 161.0)
    before = review.read_bytes()
    outcome = recalculate(review, dry_run=True)
    assert outcome.changed
    assert review.read_bytes() == before


def test_a_backup_keeps_each_old_version(review, tmp_path):
    kept = tmp_path / "kept"
    for cash in (161.0, 162.0):
        type_in(review, "cash", cash)
        before = review.read_bytes()
        recalculate(review, backup=kept)
        assert before in [path.read_bytes() for path in kept.iterdir()]
    assert len(list(kept.iterdir())) == 2


def test_formulas_of_the_user_are_recalculated_too(review):
    book = load_workbook(review)
    own = book.create_sheet("Mine")
    own["A1"] = "=risk_score*2"
    own["A2"] = '=IF(decision="Proven","go","wait: "&breaks_first)'
    own["A3"] = "=SUM(A1,1)"
    book.save(review)
    assert recalculate(review).status == "recalculated"
    values = Book.read(review).sheet("Mine").values()
    assert values[1, 1] == 120.0
    assert values[2, 1].startswith("wait: Refinancing")
    assert values[3, 1] == 121.0


def test_inputs_may_be_formulas(review):
    book = load_workbook(review)
    sheet, spot = place(review, "cash")
    book.create_sheet("Mine")["A1"] = 1600
    book[sheet].cell(*spot).value = "=Mine!A1"
    book.save(review)
    recalculate(review)
    changed = {**GRANITE, "inputs": {**GRANITE["inputs"], "cash": 1600}}
    assert stored(review, "risk_score") == assess(Reviews.from_records([changed])).result(0).score


def test_a_formula_that_is_not_trusted_keeps_its_value_and_costs_nothing_else(review):
    book = load_workbook(review)
    own = book.create_sheet("Mine")
    own["A1"] = '=INFO("numfile")'
    own["A2"] = "=A1+risk_score"
    book.save(review)
    outcome = recalculate(review)
    assert outcome.status == "recalculated"
    assert {kept.cell for kept in outcome.kept} == {"A1", "A2"}
    assert stored(review, "risk_score") == 60.0


def test_volatile_formulas_alone_do_not_make_a_file_changed(review):
    book = load_workbook(review)
    book.create_sheet("Mine")["A1"] = "=RAND()"
    book.save(review)
    recalculate(review)
    before = review.read_bytes()
    assert recalculate(review).status == "unchanged"
    assert review.read_bytes() == before


@pytest.mark.parametrize("functions", ["excel", "office"])
def test_every_stored_form_of_a_function_name_is_evaluated(functions, tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(template_bytes(GRANITE, functions=functions))
    assert recalculate(path).status == "recalculated"
    assert stored(path, "risk_score") == 60.0


def test_an_incomplete_review_says_what_is_missing(review):
    type_in(review, "cash", None)
    outcome = recalculate(review)
    assert outcome.status == "incomplete"
    assert outcome.changed
    assert "Cash and liquid investments is missing" in outcome.sentence
    assert stored(review, "risk_score") == ""


def test_rows_inserted_and_sorted_change_no_result(review):
    book = load_workbook(review)
    sheet = book["Customers"]
    rows = [[cell.value for cell in row] for row in sheet["B7:I13"]]
    for target, values in zip(sheet["B7:I13"], reversed(rows), strict=True):
        for cell, value in zip(target, values, strict=True):
            cell.value = value
    book.save(review)
    outcome = recalculate(review)
    assert outcome.result.score == 60.0
    assert outcome.result.customers[0]["customer"] == "Customer Grove Labs"


def test_an_xlsm_keeps_its_macros(review, tmp_path):
    path = tmp_path / "review.xlsm"
    shutil.copy(review, path)
    type_in(path, "cash", 161.0)
    assert recalculate(path).status == "recalculated"


def spoiled(kind: str, path: Path) -> None:
    if kind == "not_a_review":
        Workbook().save(path)
    elif kind == "protected":
        path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(4096) + "EncryptedPackage".encode("utf-16-le"))
    elif kind == "unreadable":
        path.write_bytes(path.read_bytes()[:-4000])
    elif kind == "locked":
        path.with_name("~$" + path.name).write_bytes(b"\x03Ann" + bytes(161))
    elif kind == "failed":
        path.chmod(0o444)


@pytest.mark.parametrize("kind", ["not_a_review", "protected", "unreadable", "locked"])
def test_what_cannot_be_done_has_a_status_and_a_sentence_and_is_not_touched(kind, review):
    type_in(review, "cash", 161.0)
    spoiled(kind, review)
    before = review.read_bytes()
    outcome = recalculate(review)
    assert outcome.status == kind
    assert outcome.sentence.endswith(".")
    assert review.read_bytes() == before
    assert not [path for path in review.parent.iterdir() if path.suffix == ".tmp"]


def test_a_missing_file_is_unreadable(tmp_path):
    assert recalculate(tmp_path / "nowhere.xlsx").status == "unreadable"


@pytest.mark.parametrize(("name", "value"), [("MOST_AT_ONCE", 1), ("LONGEST_OPENING", 0.0), ("LONGEST_OPENING", 60.0)])
def test_files_done_together_give_the_same_as_one_by_one(name, value, tmp_path, monkeypatch):
    reviews = {f"r{at}": files.typed(template_bytes(record), "cash", 40.0) for at, record in enumerate(examples()[:6])}
    reviews |= {"blank": template_bytes(), "broken": b"PK", "other": files.other_workbook()}
    alone = files.write(tmp_path / "alone", **reviews)
    together = files.write(tmp_path / "together", **reviews)
    expected = []
    for path in alone:
        runs.forget()
        expected.append(recalculate(path))
    runs.forget()
    monkeypatch.setattr(recalc, name, value)
    found = list(recalc.recalculate_all(together))
    assert [outcome.path for outcome in found] == together
    for one, other, path in zip(expected, found, alone, strict=True):
        assert replace(other, path=path) == one
        assert path.read_bytes() == other.path.read_bytes()


def test_the_model_computes_reviews_that_are_done_together_at_once(tmp_path, monkeypatch):
    sizes = []
    sound = capexrisk.assess

    def counted(reviews, policy=None):
        sizes.append(len(reviews))
        return sound(reviews, policy)

    finished = [recalc.recalculated(Book.read(template_bytes(record))).data for record in examples()[:5]]
    reviews = {
        f"r{at}": files.typed(files.typed(data, "cash", 41.0), "currency", "CHF") for at, data in enumerate(finished)
    }
    paths = files.write(tmp_path, **reviews)
    runs.forget()
    monkeypatch.setattr(capexrisk, "assess", counted)
    assert {outcome.status for outcome in recalc.recalculate_all(paths)} == {"recalculated"}
    assert sizes == [5]
