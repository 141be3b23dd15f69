"""The functions in a real LibreOffice Calc, against the same functions in plain Python."""

import json
import os
import signal
import time
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from calc import Calc, Document, Error, address_of, letters
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula
from review_ranges import REVIEW, Rows, ranges

from capexrisk import ErrorCell
from capexrisk.template import FIELD
from capexrisk_addin.calc.extension import SETTINGS, write_extension
from capexrisk_udfs import FUNCTIONS, Function

pytestmark = pytest.mark.libreoffice

Area = tuple[int, int, int, int]

SHEET = "Sheet1"
NAMES = ("inputs", "customers", "scenarios", "questions")
SCALARS = {"metric": "leverage", "field": "cash", "scenario": "buyer_pauses", "count": 1}


@pytest.fixture
def document(calc_with_functions: Calc):
    with calc_with_functions.open() as made:
        yield made


def laid_out(document: Document, rows_of: dict[str, Rows]) -> dict[str, str]:
    """Put the four ranges below each other and give their addresses."""
    addresses, row = {}, 1
    for name, rows in rows_of.items():
        addresses[name] = address_of(document.fill(SHEET, (row, 1), rows))
        row += len(rows) + 2
    return addresses


def formula(function: Function, addresses: dict[str, str], prefix: str = "") -> str:
    arguments = []
    for argument in function.arguments:
        value = addresses.get(argument.name, SCALARS.get(argument.name))
        arguments.append(f'"{value}"' if argument.kind == "scalar" and isinstance(value, str) else str(value))
    return f"={prefix}{function.name}({','.join(arguments)})"


def put(document: Document, function: Function, where: tuple[int, int], addresses: dict[str, str]) -> Area:
    row, column = where
    document.set(
        SHEET, (row, column, row + function.rows - 1, column + function.columns - 1), formula(function, addresses)
    )
    return row, column, row + function.rows - 1, column + function.columns - 1


def in_python(function: Function, rows_of: dict[str, Rows]) -> Rows:
    """Give what a function gives in plain Python, as rows of cells: nothing shows as text of no length."""
    given = function.call(*({**rows_of, **SCALARS}[argument.name] for argument in function.arguments))
    rows = given if function.gives == "table" else [[given]]
    return [["" if item is None else item for item in row] for row in rows]


def assert_all_agree(document: Document, rows_of: dict[str, Rows], addresses: dict[str, str]) -> None:
    """Put every function into the document and hold each cell of its result against plain Python."""
    row, places = 1, {}
    for name, function in FUNCTIONS.items():
        places[name] = put(document, function, (row, 30), addresses)
        row += function.rows + 1
    document.recalculate()
    for name, place in places.items():
        assert document.values(SHEET, place) == in_python(FUNCTIONS[name], rows_of), name


def review(**inputs: Any) -> dict[str, Rows]:
    changed = deepcopy(REVIEW)
    changed["inputs"] |= inputs
    return dict(zip(NAMES, ranges(changed), strict=True))


def row_of(key: str, rows_of: dict[str, Rows]) -> int:
    """Give the row, from 0, of an input in its range."""
    return [cells[0] for cells in rows_of["inputs"]].index(FIELD[key].label)


# --- What the wizard offers ---


def test_every_function_is_there_under_its_own_name_with_its_help(calc_with_functions: Calc):
    there = {item["name"]: item for item in calc_with_functions.functions()}
    for name, function in FUNCTIONS.items():
        assert there[name]["help"] == function.help
        arguments = [(item["name"], item["help"]) for item in there[name]["arguments"]]
        assert arguments == [(argument.name, argument.help) for argument in function.arguments]


# --- The same values as in plain Python ---


def test_every_function_agrees_with_plain_python_on_a_complete_review(document: Document):
    rows_of = review()
    assert in_python(FUNCTIONS["CAPEX_SCORE"], rows_of) != [[""]]
    assert_all_agree(document, rows_of, laid_out(document, rows_of))


def test_every_function_agrees_with_plain_python_on_an_incomplete_review(document: Document):
    rows_of = review(total_debt=None, currency="Gold", gross_margin="forty")
    assert in_python(FUNCTIONS["CAPEX_SCORE"], rows_of) == [[""]]
    assert_all_agree(document, rows_of, laid_out(document, rows_of))


def test_an_empty_review_shows_no_error_value(document: Document):
    rows_of: dict[str, Rows] = dict(zip(NAMES, ranges({"inputs": {}}), strict=True))
    assert_all_agree(document, rows_of, laid_out(document, rows_of))
    shown = [item for row in document.values(SHEET, "AD1:BC300") for item in row]
    assert not [item for item in shown if isinstance(item, Error)]


def test_what_a_user_types_arrives_as_what_it_is(document: Document):
    rows_of = review()
    addresses = laid_out(document, rows_of)
    typed = {  # input: what is typed, what the function then has to be told
        "period_end": ("2025-12-31", date(2025, 12, 31)),
        "gross_margin": ("45%", 0.45),
        "cash": ("1,200", 1200.0),
        "annual_capex": ("TRUE", True),
        "debt_for_capex": ("=1/0", ErrorCell("#DIV/0!")),
        "total_debt": ("=NA()", ErrorCell("#N/A")),
        "interest_expense": ('=""', None),
        "depreciation": ("=1=1", True),
        "guarantees": ("1", 1.0),
        "operating_margin": ("'20%", "20%"),
    }
    for key, (text, told) in typed.items():
        row = row_of(key, rows_of)
        document.enter(SHEET, (row + 1, 2), text)
        rows_of["inputs"][row][1] = told
    assert_all_agree(document, rows_of, addresses)


def test_a_change_reaches_the_functions_without_a_full_recalculation(document: Document):
    rows_of = review()
    addresses = laid_out(document, rows_of)
    score = put(document, FUNCTIONS["CAPEX_SCORE"], (1, 30), addresses)
    before = document.values(SHEET, score)
    row = row_of("total_debt", rows_of)
    document.set(SHEET, (row + 1, 2), 4000)
    rows_of["inputs"][row][1] = 4000.0
    after = document.values(SHEET, score)
    assert after == in_python(FUNCTIONS["CAPEX_SCORE"], rows_of) != before


def test_whole_columns_as_ranges_are_read_to_their_last_used_cell(document: Document):
    rows_of = review()
    document.fill(SHEET, "A1", rows_of["inputs"])
    document.fill(SHEET, "H1", rows_of["customers"])
    last = letters(7 + len(rows_of["customers"][0]))
    document.set(SHEET, "AD1", f"=CAPEX_CONCENTRATION(A:B,H:{last})")
    started = time.monotonic()
    document.recalculate()
    assert document.value(SHEET, "AD1") == in_python(FUNCTIONS["CAPEX_CONCENTRATION"], rows_of)[0][0]
    assert time.monotonic() - started < 5


def test_text_in_a_table_is_found_by_what_the_documentation_says(document: Document):
    """LibreOffice does not intern the text of an extension's tables, so "=" is False: docs/libreoffice.md says so."""
    document.set(SHEET, "A1:C70", "=CAPEX_POLICY()")
    document.set(SHEET, "E1", '=EXACT(A1,"name")')
    document.set(SHEET, "E2", '=COUNTIF(A1:A70,"name*")')
    document.set(SHEET, "E3", '=MATCH(A2&"",E8:E9,0)')
    document.set(SHEET, "E4", "=LEN(C1)=0")
    document.set(SHEET, "E5", '=A1="name"')
    document.fill(SHEET, "E8", [["name"], ["hash"]])
    document.recalculate()
    assert [row[0] for row in document.values(SHEET, "E1:E5")] == [True, 1, 2, True, False]


# --- Calls that are wrong in themselves ---


@pytest.mark.parametrize(
    "call",
    [
        'CAPEX_METRIC("no such metric",{inputs},{customers})',
        'CAPEX_OUTCOME("no such scenario",{inputs},{customers},{scenarios})',
        "CAPEX_SCORE({customers},{inputs},{scenarios},{questions})",
        "CAPEX_TOP_SHARE({inputs},{customers},2)",
    ],
)
def test_a_wrong_call_gives_the_error_value(document: Document, call: str):
    addresses = laid_out(document, review())
    document.set(SHEET, "AD1", "=" + call.format(**addresses))
    assert document.value(SHEET, "AD1") == Error("#VALUE!", 519)


def test_a_wrong_call_of_a_table_gives_the_error_value_in_every_cell(document: Document):
    addresses = laid_out(document, review())
    checks = FUNCTIONS["CAPEX_CHECKS"]
    place = put(document, checks, (1, 30), {**addresses, "inputs": addresses["customers"]})
    assert document.values(SHEET, place) == [["#VALUE!"] * checks.columns] * checks.rows


def test_an_optional_argument_may_be_left_out(document: Document):
    rows_of = review()
    addresses = laid_out(document, rows_of)
    three = FUNCTIONS["CAPEX_TOP_SHARE"].call(rows_of["inputs"], rows_of["customers"])
    for row, rest in enumerate(["", ",3"], 1):
        document.set(SHEET, (row, 30), f"=CAPEX_TOP_SHARE({addresses['inputs']},{addresses['customers']}{rest})")
    assert document.values(SHEET, "AD1:AD2") == [[three]] * 2


# --- Files ---


def workbook(path: Path, rows_of: dict[str, Rows], prefix: str) -> dict[str, Area]:
    """Write the four ranges and every function into a file as another program would, and give where they stand."""
    book = Workbook()
    sheet = book.create_sheet(SHEET, 0)
    addresses, places, row = {}, {}, 1
    for name, rows in rows_of.items():
        for offset, cells in enumerate(rows):
            for column, item in enumerate(cells, 1):
                sheet.cell(row + offset, column, item)
        addresses[name] = address_of((row, 1, row + len(rows) - 1, len(rows[0])))
        row += len(rows) + 2
    row = 1
    for name, function in FUNCTIONS.items():
        area = (row, 30, row + function.rows - 1, 30 + function.columns - 1)
        text = formula(function, addresses, prefix)
        array = ArrayFormula(address_of(area).replace("$", ""), text) if function.gives == "table" else text
        sheet.cell(row, 30, array)  # pyright: ignore[reportArgumentType]
        places[name] = area
        row += function.rows + 1
    book.save(path)
    return places


@pytest.mark.parametrize("prefix", ["", "_xldudf_"])
def test_an_excel_file_is_calculated_saved_and_opened_again(calc_with_functions: Calc, tmp_path: Path, prefix: str):
    rows_of = review()
    places = workbook(tmp_path / "review.xlsx", rows_of, prefix)
    with calc_with_functions.open(tmp_path / "review.xlsx") as document:
        document.recalculate()
        for name, place in places.items():
            assert document.values(SHEET, place) == in_python(FUNCTIONS[name], rows_of), name
        document.save(tmp_path / "saved.xlsx")
    formulas = load_workbook(tmp_path / "saved.xlsx")[SHEET]
    values = load_workbook(tmp_path / "saved.xlsx", data_only=True)[SHEET]
    for name, (row, column, _, _) in places.items():
        stored: Any = formulas.cell(row, column).value
        assert getattr(stored, "text", stored).startswith(f"={prefix}{name}("), name
        kept, given = values.cell(row, column).value, in_python(FUNCTIONS[name], rows_of)[0][0]
        # LibreOffice stores fifteen digits of a number.
        assert kept == (pytest.approx(given, rel=1e-14) if isinstance(given, float) else given or None), name
    with calc_with_functions.open(tmp_path / "saved.xlsx") as document:
        document.recalculate()
        for name, place in places.items():
            assert document.values(SHEET, place) == in_python(FUNCTIONS[name], rows_of), name


# --- The process that computes ---


def children(parent: int) -> dict[int, str]:
    """Give the processes below one, number to command line (Linux)."""
    found = {}
    for task in Path("/proc").glob("[0-9]*"):
        try:
            of = int((task / "stat").read_text().rpartition(")")[2].split()[1])
            command = (task / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if of == parent:
            found |= {int(task.name): command} | children(int(task.name))
    return found


def workers(calc: Calc) -> list[int]:
    assert calc.office
    return [
        number for number, command in children(calc.office.number).items() if "capexrisk_addin.calc.worker" in command
    ]


@pytest.fixture
def own_calc(calc_with_functions: Calc, tmp_path: Path):
    """A LibreOffice of its own, to break."""
    with Calc(write_extension(tmp_path / "capexrisk.oxt")) as calc:
        yield calc


def test_one_process_computes_everything_and_leaves_with_libreoffice(own_calc: Calc):
    with own_calc.open() as document, own_calc.open() as other:
        assert workers(own_calc) == []
        for each in (document, other):
            each.set(SHEET, "A1", "=CAPEX_VERSION()")
            each.set(SHEET, "A2:C70", "=CAPEX_POLICY()")
            each.recalculate()
        (worker,) = workers(own_calc)
    own_calc.close()
    until = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


def test_a_computing_process_that_died_is_replaced(own_calc: Calc):
    with own_calc.open() as document:
        document.set(SHEET, "A1", "=CAPEX_VERSION()")
        version = document.value(SHEET, "A1")
        (worker,) = workers(own_calc)
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.2)
        document.recalculate()
        assert document.value(SHEET, "A1") == version
        assert workers(own_calc) != [worker]


def test_a_missing_python_is_said_in_texts_and_an_error_in_numbers(calc_with_functions: Calc, tmp_path: Path):
    with Calc(write_extension(tmp_path / "capexrisk.oxt", Path("/nowhere/python"))) as calc, calc.open() as document:
        addresses = laid_out(document, review())
        document.set(SHEET, "AD1", "=CAPEX_VERSION()")
        document.set(SHEET, "AD2", formula(FUNCTIONS["CAPEX_SCORE"], addresses))
        said, score = [row[0] for row in document.values(SHEET, "AD1:AD2")]
        assert score == Error("#VALUE!", 519)
        assert isinstance(said, str) and said.startswith("/nowhere/python cannot compute (")
        assert said.endswith("run capexrisk calc install again.")


def test_a_python_without_capexrisk_is_said_too(calc_with_functions: Calc, tmp_path: Path, bare_python: Path):
    with Calc(write_extension(tmp_path / "capexrisk.oxt", bare_python)) as calc, calc.open() as document:
        document.set(SHEET, "A1", "=CAPEX_VERSION()")
        assert "No module named" in str(document.value(SHEET, "A1"))


def test_nothing_beside_a_workbook_is_run(calc_with_functions: Calc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Modules that lie in the workbook's folder, in the current one or on PYTHONPATH stand in for none of ours."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()"
    for name in ("json.py", "numpy.py", "capexrisk_addin.py", "capexrisk_udfs.py", "sitecustomize.py"):
        (tmp_path / name).write_text(trap)
    extension = write_extension(tmp_path / "extension" / "capexrisk.oxt")
    workbook(tmp_path / "review.xlsx", review(), "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Calc(extension) as calc, calc.open(tmp_path / "review.xlsx") as document:
        document.recalculate()
        assert workers(calc)
        assert document.value(SHEET, (1, 30)) == in_python(FUNCTIONS[next(iter(FUNCTIONS))], review())[0][0]
    assert not (tmp_path / "sprung").exists()


def test_the_extension_names_the_python_and_every_function(tmp_path: Path):
    settings = json.loads((write_extension(tmp_path, Path("/opt/python")) / SETTINGS).read_text("utf-8"))
    assert settings["python"] == "/opt/python"
    assert {item["name"] for item in settings["functions"].values()} == set(FUNCTIONS)
