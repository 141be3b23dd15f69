import subprocess
import sys
from pathlib import Path

import calc as harness
import pytest
from calc import Calc, CalcError, CalcTimeoutError, Document, Error
from openpyxl import Workbook, load_workbook
from openpyxl.workbook.defined_name import DefinedName

pytestmark = pytest.mark.libreoffice


@pytest.fixture
def document(calc: Calc):
    with calc.open() as made:
        yield made


def saved_workbook(path: Path) -> Path:
    book = Workbook()
    sheet = book.create_sheet("Figures", 0)
    del book["Sheet"]
    for row in (["Anna", 3], ["Bert", 1], ["Cora", 2]):
        sheet.append(row)
    sheet["B4"] = "=SUM(B1:B3)"
    book.create_sheet("Empty")
    book.defined_names["total"] = DefinedName("total", attr_text="Figures!$B$4")
    book.defined_names["people"] = DefinedName("people", attr_text="Figures!$A$1:$B$3")
    book.save(path)
    return path


def test_values_come_back_as_what_they_are(document: Document):
    document.set("Sheet1", "A1", 3)
    document.set("Sheet1", "A2", True)
    document.set("Sheet1", "A3", "text")
    document.set("Sheet1", "A5", "=1/0")
    document.set("Sheet1", "A6", "=NOSUCH(1)")
    document.set("Sheet1", "A7", '=""')
    document.set("Sheet1", "A8", "=A1=3")
    document.set("Sheet1", "A9", "=NA()")
    document.recalculate()
    column = [row[0] for row in document.values("Sheet1", "A1:A10")]
    assert column == [3, True, "text", None, "#DIV/0!", "#NAME?", "", True, "#N/A", None]
    assert [type(item) for item in column[:3]] == [float, bool, str]
    assert isinstance(column[4], Error) and column[4].code == 532


def test_formulas_are_written_as_in_excel_and_arrays_fill_their_range(document: Document):
    document.set("Sheet1", "A1", 2)
    document.set("Sheet1", "A2", "=SUM(Sheet1!A1,$A$1)*10")
    document.set("Sheet1", "B1:B2", "=A1:A2")
    assert document.values("Sheet1", "A2:B2") == [[40, 40]]
    assert document.formula("Sheet1", "A2") == "=SUM($Sheet1.A1;$A$1)*10"
    assert document.formula("Sheet1", (1, 2)) == "{=A1:A2}"


def test_typing_is_understood_the_way_calc_understands_it(document: Document):
    for row, typed in enumerate(["45%", "1,234", "2025-11-30", "TRUE", "n/a"], 1):
        document.enter("Sheet1", (row, 1), typed)
    assert [row[0] for row in document.values("Sheet1")] == [0.45, 1234, 45991, True, "n/a"]
    assert document.text("Sheet1", "A1") == "45.00%"


def test_a_file_is_read_through_its_names_recalculated_only_on_demand_and_saved(calc: Calc, tmp_path: Path):
    path = saved_workbook(tmp_path / "book.xlsx")
    with calc.open(path) as document:
        assert document.sheets == ["Figures", "Empty"]
        assert document.where("people") == ("Figures", (1, 1, 3, 2))
        document.set("Figures", "B2", 10)
        document.recalculate()
        assert document.named("total") == 15
        document.save(tmp_path / "after.xlsx")
    after = load_workbook(tmp_path / "after.xlsx", data_only=True)
    assert after["Figures"]["B4"].value == 15
    with calc.open(tmp_path / "after.xlsx") as document:
        document.set("Figures", "B2", None)
        assert document.value("Figures", "B2") is None


def test_rows_are_inserted_deleted_and_sorted_and_formulas_follow(calc: Calc, tmp_path: Path):
    with calc.open(saved_workbook(tmp_path / "book.xlsx")) as document:
        document.insert_rows("Figures", 2)
        assert document.where("people") == ("Figures", (1, 1, 4, 2))
        document.delete_rows("Figures", 2)
        document.insert_columns("Figures", 1)
        document.sort("Figures", "B1:C3", column=3)
        assert document.named_values("people") == [["Bert", 1], ["Cora", 2], ["Anna", 3]]
        document.sort("Figures", "B1:C3", column=2, descending=True)
        assert [row[0] for row in document.named_values("people")] == ["Cora", "Bert", "Anna"]
        assert document.formula("Figures", "C4") == "=SUM(C1:C3)"


def test_what_libreoffice_refuses_is_a_sentence_and_the_next_request_works(document: Document, tmp_path: Path):
    with pytest.raises(CalcError, match="No sheet Nope; there are Sheet1"):
        document.value("Nope", "A1")
    document.set("Sheet1", "A1:A3", "=ROW(A1:A3)")
    with pytest.raises(CalcError, match="refused insert_rows"):
        document.insert_rows("Sheet1", 2)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(CalcError, match="cannot open"):
        document.calc.open(broken)
    assert document.value("Sheet1", "A3") == 3


def test_pages_become_pictures(document: Document, tmp_path: Path):
    document.set("Sheet1", "A1", "shown")
    pages = harness.pictures(document.save(tmp_path / "book.pdf"), tmp_path / "pages")
    assert [page.name for page in pages] == ["book-1.png"]
    assert pages[0].read_bytes().startswith(b"\x89PNG")


def test_the_picture_script_draws_a_workbook(calc: Calc, tmp_path: Path):
    path = saved_workbook(tmp_path / "book.xlsx")
    script = Path(harness.__file__).with_name("pictures.py")
    done = subprocess.run(
        [sys.executable, script, path, tmp_path / "out"], capture_output=True, text=True, timeout=120, check=True
    )
    assert [Path(line).name for line in done.stdout.splitlines()] == ["book-1.png"]


def test_a_libreoffice_that_hangs_is_ended_and_the_next_document_starts_another(calc: Calc):
    with Calc() as other:
        office, folder = other.office, other.folder
        assert office and folder
        with other.open() as document, pytest.raises(CalcTimeoutError):
            other.seconds = 0.01
            document.values("Sheet1", "A1:ZZ2000")
        assert not office.is_running()
        assert not folder.exists()
        other.seconds = 120
        with other.open() as document:
            assert document.sheets == ["Sheet1"]
    assert other.office is None
