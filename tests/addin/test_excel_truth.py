"""One list of cases through every host: the same values to 1e-12, or the difference that is written down."""

from datetime import date

import pytest
import pywin32
import truth
from basic import Basic, standin
from conftest import require_calc
from truth import CASES, WRONG, Case, same

from capexrisk import ErrorCell
from capexrisk_addin.excel.build import build
from capexrisk_udfs import FUNCTIONS, CallError
from capexrisk_workbooks.evaluation.engine import evaluate
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import CellError

CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

BENCH = """
Option VBASupport 1
Public other As Object
Function Called(peer, name, arguments)
    Set other = peer
    Select Case name
{branches}
    End Select
    If IsError(Called) Then Called = "{wrong}"
End Function
"""
SERVER = """
Option VBASupport 1
Option ClassModule
Public Function Connection() As Object
    Dim made As New StandinServer
    made.Meet other
    Set Connection = made
End Function
"""


def checked(case, host, found):
    """Compare with the truth, or see that the written difference is one."""
    if isinstance(found, list) and len(found) == len(found[0]) == 1 and FUNCTIONS[case.function].gives != "table":
        found = found[0][0]
    if (host, case.name) in truth.DIFFERENCES:
        assert not same(found, case.truth), "this difference is no longer one"
        return
    assert same(found, case.truth), (found, case.truth)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    path = tmp_path_factory.mktemp("truth") / "cases.xlsx"
    return path, truth.workbook(path)


@pytest.fixture(scope="module")
def evaluated(places):
    path, _ = places
    functions = {name: (function.call, function.gives == "table") for name, function in FUNCTIONS.items()}
    evaluation = evaluate(Book.read(path.read_bytes()), functions, CallError)
    assert not evaluation.kept
    return evaluation.values["Cases"]


def block(case, places):
    row, column = places[1][case.name]
    rows, columns = case.size
    return row, column, row + rows - 1, column + columns - 1


@CASE
def test_the_batch_gives_the_truth(case: Case, evaluated, places):
    top, left, bottom, right = block(case, places)
    found = [[evaluated[row, column] for column in range(left, right + 1)] for row in range(top, bottom + 1)]
    checked(case, "engine", [[str(item) if isinstance(item, CellError) else item for item in row] for row in found])


@pytest.fixture(scope="module")
def classic():
    with pywin32.installed() as host:
        yield host


def through_com(case: Case, ranges: type = pywin32.Cells):
    """The arguments of a case as Excel hands them over, one that is left out included."""
    given = [
        ranges([[item.text if isinstance(item, ErrorCell) else item for item in row] for row in argument])
        if isinstance(argument, list)
        else argument
        for argument in case.arguments
    ]
    return given + [pywin32.MISSING] * (len(FUNCTIONS[case.function].arguments) - len(given))


@CASE
def test_the_shipped_com_server_gives_the_truth(case: Case, classic):
    if case.sentence is None:
        checked(case, "classic", classic.call(case.function, through_com(case)))
        return
    with pytest.raises(Exception, match="XlwingsError|" + case.sentence) as caught:
        classic.call(case.function, through_com(case))
    assert type(caught.value).__name__ == "XlwingsError"
    assert case.sentence in str(caught.value)


@pytest.fixture(scope="module")
def basic(classic):
    """The add-in's wrappers in LibreOffice's Basic, whose calls the shipped COM server answers."""
    require_calc()

    def answer(name, method, arguments):
        assert (name, method) == ("server", "CallUDF")
        module, function, given = arguments
        assert (module, len(arguments)) == ("capexrisk_udfs.registration", 3), "only module, function and arguments"
        return classic.call(function, [as_array(item) for item in given])

    with Basic(build(), answer) as running:
        wrappers = running.modules()["CapexRiskFunctions"]
        # LibreOffice's Application has no Caller, so the wrappers run here as if called from a cell.
        running.replace("CapexRiskFunctions", wrappers.replace("If TypeOf Application.Caller Is Range Then ", ""))
        errors = running.modules()["CapexRiskErrors"]
        running.replace("CapexRiskErrors", errors.replace('TypeName(Application.Caller) = "Range"', "False"))
        running.replace("StandinServer", standin("server", {"CallUDF": 3}))
        running.replace("CapexRiskServer", SERVER)
        branches = "\n".join(branch(case, at) for at, case in enumerate(CASES))
        running.replace("Bench", BENCH.format(branches=branches, wrong=WRONG))
        yield running


def branch(case: Case, at: int) -> str:
    arguments = ", ".join(f"arguments({n})" for n in range(len(case.arguments)))
    return f'Case "{at}"\nCalled = {case.function}({arguments})'


def as_array(value):
    """An array of VBA as it reaches the COM server: rows of tuples, numbers floats, only error values whole numbers."""
    if isinstance(value, list):
        return tuple(tuple(map(as_array, row)) if isinstance(row, list) else as_array(row) for row in value)
    return float(value) if type(value) is int and value not in pywin32.ERRORS.values() else value


@CASE
@pytest.mark.libreoffice
def test_the_vba_run_in_libreoffice_gives_the_truth(case: Case, basic):
    given = [as_basic(item) for item in through_com(case, list)[: len(case.arguments)]]
    checked(case, "basic", basic.run("Bench.Called", str(CASES.index(case)), given))


def as_basic(value):
    """A value as the bridge can carry it: dates as text, error values as their numbers."""
    if isinstance(value, list):
        return [as_basic(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return pywin32.ERRORS.get(value, value) if isinstance(value, str) else value


@CASE
@pytest.mark.libreoffice
def test_libreoffice_calc_gives_the_truth(case: Case, opened, places):
    checked(case, "calc", opened.values("Cases", block(case, places)))


@pytest.fixture(scope="module")
def opened(calc_with_functions, places):
    with calc_with_functions.open(places[0]) as document:
        document.recalculate()
        yield document


def test_the_page_of_hosts_is_not_stale():
    assert truth.PAGE.read_text("utf-8") == truth.page(), "run python tests/truth.py"


def test_every_difference_is_one_of_a_case_in_a_host():
    assert {host for host, _ in truth.DIFFERENCES} <= set(truth.HOSTS)
    assert {name for _, name in truth.DIFFERENCES} <= {case.name for case in CASES}
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_comparison_sees_a_difference_in_the_twelfth_digit():
    assert same(1.0 + 1e-13, 1.0)
    assert not same(1.0 + 1e-11, 1.0)
    assert not same([[1.0, "x"]], [[1.0, "y"]])
    assert not same([[1.0]], [[1.0], [""]])
    assert not same(WRONG, 1.0)
    assert not same(0.0, "")
