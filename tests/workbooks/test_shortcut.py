"""The shorter way gives the same bytes as the engine, and leaves alone what is not exactly the template's."""

import re
import resource
from random import Random

import pytest
from random_reviews import random_review

from capexrisk import InputError
from capexrisk.examples import examples
from capexrisk_udfs import CallError
from capexrisk_udfs.runs import run
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.evaluation import engine, shortcut
from capexrisk_workbooks.evaluation.formulas import Names
from capexrisk_workbooks.evaluation.program import shape
from capexrisk_workbooks.evaluation.trust import read_formula
from capexrisk_workbooks.ooxml.book import Book, DefinedName
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.reading import read_review
from capexrisk_workbooks.recalc import ENGINE_FUNCTIONS, recalculated


def shorter(book):
    return shortcut.evaluate(book, ENGINE_FUNCTIONS, CallError)


def written(book, evaluation):
    return book.rewritten({name: book.sheet(name).spliced(values) for name, values in evaluation.values.items()})


def both(data):
    book = Book.read(data)
    short, general = shorter(book), engine.evaluate(book, ENGINE_FUNCTIONS, CallError)
    assert short is not None, "the formulas are not known: run `make docs`"
    assert general.kept == ()
    return written(book, short), written(book, general)


@pytest.mark.parametrize("functions", ["excel", "office"])
def test_a_blank_workbook_is_the_same_both_ways(functions):
    short, general = both(template_bytes(functions=functions))
    assert short == general


@pytest.mark.parametrize("record", examples(), ids=lambda record: record["inputs"]["entity"])
def test_examples_are_the_same_both_ways(record):
    short, general = both(template_bytes(record))
    assert short == general


@pytest.mark.parametrize("seed", range(40))
def test_random_reviews_are_the_same_both_ways(seed):
    try:
        data = template_bytes(random_review(Random(seed)))
    except InputError:
        pytest.skip("a review that no workbook can hold")
    short, general = both(data)
    assert short == general


def changed(edits, record=None):
    """A review whose cells were changed, by sheet and (row, column)."""
    book = Book.read(template_bytes(record or examples()[0]))
    return book, book.rewritten({sheet: book.sheet(sheet).edited(cells) for sheet, cells in edits.items()})


def alike(data):
    """Whether both ways give the same, or the shorter one leaves it to the engine."""
    book = Book.read(data)
    short, general = shorter(book), engine.evaluate(book, ENGINE_FUNCTIONS, CallError)
    assert short is None or written(book, short) == written(book, general)
    assert short is None or (set(short.kept), short.volatile) == (set(general.kept), general.volatile)
    return short


OWN = [
    "risk_score*2",
    'IF(risk_score="","none",ROUND(risk_score,1))',
    "SUM(Scorecard!$C$7:$C$11)",
    "COUNTA(Stress!$B$7:$B$30)",
    "ISBLANK(Stress!C30)",
    "LEN(Stress!C30)",
    'Stress!C30&"x"',
    "COUNTBLANK(Stress!$B$7:$L$30)",
    'INDEX(Stress!$D$7:$D$30,MATCH("base",Stress!$B$7:$B$30,0))',
    'COUNTIF(Stress!$D$7:$D$30,"Breaks")',
    "AVERAGE(Scorecard!$D$26:$D$43)",
    "TODAY()-period_end",
    "RAND()",
    'INDIRECT("Review!C3")',
    "cash*1.1",
    "CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)/100",
    'IF(entity="","",entity)',
    "master_check",
    "SUM(A:A)",
    "SUM(Stress!F:F)",
    'COUNTIF(Stress!D:D,"<>Breaks")',
    "COUNTBLANK(Stress!D:D)",
    "COUNTA(1:3)",
    'VLOOKUP("base",Stress!B:L,3,FALSE)',
    "B{0}+1",
    'B{0}&""',
    "SUM(B{0}:B{1})",
    "B{0}*B{1}",
    "NOSUCH(B{0})",
    "Gone!A1",
    'IFERROR(1/0,"bad")',
    'IF(ISNUMBER(B{0}),MIN(B{0},4),IF(LEN(B{0})=0,"",4))',
    "LEFT(breaks_first,6)",
]
TYPED = ["About!B{0}", "1000*2", "SUM(About!B{0}:B{1})", "cash*2", "TODAY()", '""', "1/0", "Scorecard!C13"]


@pytest.mark.parametrize("seed", range(24))
def test_formulas_of_the_users_own_are_the_same_both_ways(seed):
    random = Random(seed)

    def formula(texts):
        return Edit(formula=random.choice(texts).format(random.randrange(198, 210), random.randrange(198, 210)))

    book = Book.read(template_bytes(examples()[seed % len(examples())]))
    names = {name.name: name.text for name in book.names}
    own = {(row, 2): formula(OWN) for row in range(200, 200 + random.randrange(1, 9))}
    own |= {(210, 2): Edit(value=random.choice([2.5, "text", "12", True]))}
    review = {}
    if random.random() < 0.5:
        field = random.choice(["cash", "annual_capex", "total_debt", "entity", "period_end"])
        review[int(names[field].rpartition("$")[2]), 3] = formula(TYPED)
    if random.random() < 0.3:
        replaced = random.choice(list(book.sheet("Review").formulas))
        review[replaced] = formula(OWN) if random.random() < 0.7 else Edit(formula=None, value=3.0)
    alike(book.rewritten({"About": book.sheet("About").edited(own), "Review": book.sheet("Review").edited(review)}))


@pytest.mark.parametrize("formula", ["risk_score*2", "Stress!C30", "TODAY()", "NOSUCH(risk_score)", "cash/total_debt"])
def test_a_formula_that_needs_results_comes_after_the_template(formula):
    _, data = changed({"About": {(200, 2): Edit(formula=formula)}})
    assert alike(data) is not None


def test_a_formula_among_the_inputs_comes_before_the_template():
    book, data = changed({"About": {(200, 2): Edit(formula="500/4"), (201, 2): Edit(formula="B200+risk_score")}})
    spot = int(next(name.text for name in book.names if name.name == "cash").rpartition("$")[2]), 3
    review = book.sheet("Review").edited({spot: Edit(formula="About!B200*2")})
    short = alike(Book.read(data).rewritten({"Review": review}))
    assert short is not None
    assert short.values["Review"][spot] == 250
    assert run(*read_review(Book.read(data), short.values).tables).result.inputs["cash"] == 250


@pytest.mark.parametrize(
    "formula",
    ["RAND()", "TODAY()", "NOSUCH(1)", "About!C40:C41", "Scorecard!$C$13"],
)
def test_an_input_that_is_not_certain_takes_the_longer_way(formula):
    book = Book.read(template_bytes(examples()[0]))
    spot = int(next(name.text for name in book.names if name.name == "cash").rpartition("$")[2]), 3
    _, data = changed({"Review": {spot: Edit(formula=formula)}})
    assert alike(data) is None


def test_a_circle_through_a_whole_column_of_results_does_not_cost_the_file():
    book = Book.read(template_bytes(examples()[0]))
    spot = int(next(name.text for name in book.names if name.name == "cash").rpartition("$")[2]), 3
    _, data = changed(
        {"About": {(200, 2): Edit(formula="SUM(Stress!F:F)")}, "Review": {spot: Edit(formula="About!B200")}}
    )
    found = engine.evaluate(Book.read(data), ENGINE_FUNCTIONS, CallError)
    assert {"About!B200", "Review!C3"} <= {f"{kept.sheet}!{kept.cell}" for kept in found.kept}
    assert found.values["About"][1, 4] == examples()[0]["inputs"]["entity"]
    assert shorter(Book.read(data)) is None


EXHAUSTING = {
    "a block of the whole sheet": {(200, 2): Edit(formula="CAPEX_ASK(Inputs,Customers,Scenarios,Questions)")},
    "a chain": {(row, 2): Edit(formula=f'IF(B{row - 1}="","",B{row - 1})') for row in range(200, 3200)},
    "brackets": {(200, 2): Edit(formula="(" * 3000 + "entity" + ")" * 3000)},
    "many ranges": {(row, 2): Edit(formula=f"SUM(C1:Z{row + 9000})") for row in range(200, 260)},
    "ranges of the whole sheet": {(200, 2): Edit(formula='IF(SUM(A1:XFD1048576)>0,"Everyone else","")')},
}


@pytest.mark.parametrize("case", EXHAUSTING)
def test_what_is_meant_to_exhaust_takes_little(case):
    _, data = changed({"About": EXHAUSTING[case]})
    if case.startswith("a block"):
        xml = (
            Book.read(data).sheet("About").xml.replace(b"<f>CAPEX_ASK", b'<f t="array" ref="B200:XFD1048576">CAPEX_ASK')
        )
        data = Book.read(data).rewritten({"About": xml})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shorter(Book.read(data))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_a_result_that_was_replaced_by_a_formula_is_the_same_both_ways():
    book = Book.read(template_bytes(examples()[0]))
    spot = next(spot for spot, formula in book.sheet("Scorecard").formulas.items() if formula.text == "rating")
    _, data = changed({"Scorecard": {spot: Edit(formula='"Low"&UPPER("x")')}})
    assert alike(data).values["Scorecard"][spot] == "LowX"


@pytest.mark.parametrize("name", ["entity", "Inputs"])
@pytest.mark.parametrize("spelled", ['<definedName name="{}" localSheetId="0">Review!$C$40</definedName>', None])
def test_names_that_lead_elsewhere_are_the_same_both_ways(name, spelled):
    book = Book.read(template_bytes(examples()[0]))
    main = book.package.data(book.part).decode()
    other = re.sub(f'<definedName name="{name}">[^<]*', f'<definedName name="{name}">Gone!$A$1', main)
    if spelled:
        other = main.replace("<definedNames>", "<definedNames>" + spelled.format(name))
    assert other != main
    alike(book.package.rewritten({book.part: other.encode()}))


def test_rows_inserted_by_another_program_are_the_same_both_ways(calc_with_functions, tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(recalculated(Book.read(template_bytes(examples()[0]))).data)
    with calc_with_functions.open(path) as document:
        document.insert_rows("Review", 30, 2)
        document.set("Review", "C31", "a note of mine")
        document.insert_rows("Customers", 8)
        document.recalculate()
        document.save(tmp_path / "moved.xlsx")
    assert alike((tmp_path / "moved.xlsx").read_bytes()) is not None


def shape_of(text):
    names = Names(
        ["Review", "My page"],
        [DefinedName("Inputs", "Review!$B$8:$D$60", None, False), DefinedName("entity", "Review!$D$8", None, False)],
    )
    return shape(read_formula(text, False, frozenset([("CAPEX_SCORE", False)])).tree, "Review", names)


def test_how_a_formula_is_spelled_does_not_matter():
    for text in (
        "CAPEX_SCORE(Inputs,$D$8)",
        "[3]!CAPEX_SCORE( Inputs, entity )",
        "_xldudf_CAPEX_SCORE(b2:C9,'My page'!A1)",
    ):
        assert shape_of(text) == "CAPEX_SCORE(range,cell)"
    assert shape_of('"[3]! a  b"&entity') == '("[3]! a  b"&cell)'


@pytest.mark.parametrize("record", examples()[:2], ids=lambda record: record["inputs"]["entity"])
def test_a_stale_review_is_the_same_whether_its_sheets_are_known_or_read_with_care(record, monkeypatch):
    book = Book.read(recalculated(Book.read(template_bytes(record))).data)
    cash = next(item.text for item in book.names if item.name == "cash")
    spot = (int(cash.rpartition("$")[2]), 3)
    recalculated(book)  # remembers its sheets
    stale = book.rewritten({"Review": book.sheet("Review").edited({spot: Edit(value=1.0)})})
    quick = Book.read(stale)
    assert all(quick.sheet(part.name).mould for part in quick.sheets)
    done = recalculated(quick)
    monkeypatch.setattr("capexrisk_workbooks.ooxml.sheet.cast", lambda xml: None)
    careful = recalculated(Book.read(stale))
    assert done.changed
    assert done.data == careful.data
    assert done.read == careful.read
