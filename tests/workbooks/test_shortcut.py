"""The shorter way gives the same bytes as the engine, and leaves alone what is not exactly the template's."""

import re
from random import Random

import pytest
from random_reviews import random_review

from capexrisk import InputError
from capexrisk.examples import examples
from capexrisk_udfs import CallError
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.evaluation import engine, shortcut
from capexrisk_workbooks.evaluation.dependents import Cells
from capexrisk_workbooks.evaluation.program import Names, shape
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area
from capexrisk_workbooks.ooxml.spelling import Edit
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


def test_a_formula_of_the_users_own_takes_the_longer_way():
    book = Book.read(template_bytes(examples()[0]))
    own = book.sheet("About").edited({(200, 2): Edit(formula="risk_score*2")})
    assert shorter(Book.read(book.rewritten({"About": own}))) is None


def test_a_formula_that_was_changed_takes_the_longer_way():
    book = Book.read(template_bytes(examples()[0]))
    spot = next(spot for spot, formula in book.sheet("Scorecard").formulas.items() if formula.text == "rating")
    own = book.sheet("Scorecard").edited({spot: Edit(formula='"Low"')})
    assert shorter(Book.read(book.rewritten({"Scorecard": own}))) is None


@pytest.mark.parametrize("name", ["entity", "Inputs"])
@pytest.mark.parametrize("spelled", ['<definedName name="{}" localSheetId="0">Review!$C$40</definedName>', None])
def test_names_that_lead_elsewhere_take_the_longer_way(name, spelled):
    book = Book.read(template_bytes(examples()[0]))
    main = book.package.data(book.part).decode()
    other = re.sub(f'<definedName name="{name}">[^<]*', f'<definedName name="{name}">Gone!$A$1', main)
    if spelled:
        other = main.replace("<definedNames>", "<definedNames>" + spelled.format(name))
    assert other != main
    assert shorter(Book.read(book.package.rewritten({book.part: other.encode()}))) is None


def test_how_a_formula_is_spelled_does_not_matter():
    names = Names(
        {"inputs": Cells("Review", Area(8, 2, 60, 4)), "entity": Cells("Review", Area(8, 4, 8, 4))},
        ["Review", "My page"],
    )
    for text in (
        "CAPEX_X(Inputs,$D$8)",
        "[3]!CAPEX_SCORE( Inputs, entity )",
        "_xldudf_CAPEX_SCORE(b2:C9,'My page'!A1)",
    ):
        text = text.replace("CAPEX_X", "CAPEX_SCORE")
        assert shape(text, "Review", names) == "CAPEX_SCORE(range,cell)"
    assert shape('"[3]! a  b"&entity', "Review", names) == '("[3]! a  b"&cell)'


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
