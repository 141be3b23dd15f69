"""Review: the template on one page, with the band on top that says in one line what a reader needs."""

from __future__ import annotations

from datetime import date

from capexrisk import template
from capexrisk.template import Field
from capexrisk_workbooks import style
from capexrisk_workbooks.ooxml.cells import column_letters
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.lists import list_place
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import (
    FIGURES,
    HEADER,
    INPUT,
    ITEM,
    MARK,
    READING,
    RESULT,
    REVIEW,
    SCORE,
    SOURCE,
    STRESSED,
    UNIT,
    WHOLE,
    Line,
    Place,
)
from capexrisk_workbooks.pages.validation import validate
from capexrisk_workbooks.style import FORMATS

WIDTHS = {MARK: 3, ITEM: 44, INPUT: 21, UNIT: 9, RESULT: 12, SCORE: 8, READING: 84, SOURCE: 50}
UNITS = {"share": "%", "years": "years", "date": "date", "text": "text", "choice": "list"}


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(REVIEW)
    for column, width in WIDTHS.items():
        sheet.column_dimensions[column_letters(column)].width = width
    _band(making)
    for column, text in places.REVIEW_HEADERS.items():
        look = {INPUT: " right", RESULT: " right", SCORE: " right", UNIT: " in", READING: " in"}.get(column, "")
        making.label(Place(REVIEW, HEADER, column), text, f"column header{look}")
    making.tint(Place(REVIEW, HEADER, MARK), "column header")
    for line in places.review():
        _WRITERS[line.kind](making, line)
    _formats(making)
    last = Place(REVIEW, places.review()[-1].row, SOURCE)
    making.finish_sheet(
        REVIEW, last=last, landscape=False, titles=f"{HEADER}:{HEADER}", freeze=f"C{HEADER + 1}", tall=1
    )
    _select_first_empty(making)


def _band(making: Making) -> None:
    sheet = making.sheet(REVIEW)
    for row, height in {1: 22, 2: 16, 3: 30, 4: 32, 5: 5, HEADER: 18}.items():
        sheet.row_dimensions[row].height = height
    making.tint(Place(REVIEW, 1, MARK, places.BAND_NOTES, SOURCE), "title")
    making.label(Place(REVIEW, 1, ITEM), "Review of AI capital expenditure", "title")
    making.label(Place(REVIEW, 1, SOURCE), "A second look at the numbers, not a credit rating", "title note")
    labels = {ITEM: "Entity", INPUT: "Risk score", UNIT: "Rating", READING: "Decision", SOURCE: "Checks"}
    for column, text in labels.items():
        making.label(Place(REVIEW, places.BAND_LABELS, column), text, "band label")
    values = {
        ITEM: 'IF(entity="","New review",entity)',
        INPUT: f"CAPEX_SCORE({WHOLE})",
        UNIT: f'IF(risk_score="","",CAPEX_RATING({WHOLE}))',
        READING: f"CAPEX_DECISION({WHOLE})",
        SOURCE: "master_check",
    }
    for column, text in values.items():
        look = {READING: "band words", SOURCE: "band words", ITEM: "band name"}.get(column, "band value")
        making.calculate(Place(REVIEW, places.BAND_VALUES, column), text, look, "0" if column == INPUT else None)
    making.calculate(Place(REVIEW, places.BAND_NOTES, ITEM), _PERIOD, "band text")
    making.label(Place(REVIEW, places.BAND_NOTES, INPUT), "0 best, 100 worst", "band text")
    first = 'IF(breaks_first="","",IF(LEFT(breaks_first,6)="Breaks","","What breaks first: ")&breaks_first)'
    making.calculate(Place(REVIEW, places.BAND_NOTES, READING), first, "band text")
    making.name("risk_score", Place(REVIEW, places.BAND_VALUES, INPUT))
    making.name("rating", Place(REVIEW, places.BAND_VALUES, UNIT))
    making.name("decision", Place(REVIEW, places.BAND_VALUES, READING))


_PERIOD = (
    'IF(ISNUMBER(period_end),"Twelve months to "&YEAR(period_end)&"-"&RIGHT("0"&MONTH(period_end),2)&"-"'
    '&RIGHT("0"&DAY(period_end),2)&", "&money_unit,"Fill in the yellow cells; start here.")'
)
_MONEY_UNIT = 'IF(currency="","money",TRIM(currency&" "&IF(unit="","m",IF(unit="ones","",unit))))'


# --- One writer for each kind of line ---


def _space(making: Making, line: Line) -> None:
    making.sheet(REVIEW).row_dimensions[line.row].height = 9


def _heading(making: Making, line: Line) -> None:
    making.tint(Place(REVIEW, line.row, MARK, 1, SOURCE), "heading")
    making.sheet(REVIEW).row_dimensions[line.row].height = 21
    making.label(Place(REVIEW, line.row, MARK), line.number, "heading")
    making.label(Place(REVIEW, line.row, ITEM), line.label, "heading")
    if line.key == "identity":
        making.link(
            Place(REVIEW, line.row, SOURCE), "Every finding, with its cell", places.master_cell(), "heading link"
        )
    if line.key == "questions":
        target = places.ASK_BLOCK.place.cell(-1)
        making.link(Place(REVIEW, line.row, READING), "Sharper questions, from these figures", target, "heading link")
    if line.key == "breaks":
        target = places.BREAKPOINTS_BLOCK.place.cell(-1)
        making.link(Place(REVIEW, line.row, READING), "Charts and breakpoints", target, "heading link")
    if line.key in template.SCORED_SECTIONS:
        cell = Place(REVIEW, line.row, SCORE)
        making.calculate(cell, f"section_{line.key}", "heading score", FORMATS["score"])


def _subheading(making: Making, line: Line) -> None:
    making.tint(Place(REVIEW, line.row, ITEM, 1, SOURCE - 1), "subheading")
    making.sheet(REVIEW).row_dimensions[line.row].height = 18
    making.label(Place(REVIEW, line.row, ITEM), line.label, "subheading")


def _field(making: Making, line: Line) -> None:
    item = template.FIELD[line.key]
    place = places.field_cell(item.key)
    making.label(Place(REVIEW, line.row, ITEM), item.label, "headline label" if item.headline else "label")
    look = "input" if item.kind in template.NUMBER_KINDS or item.kind == "date" else "input text"
    making.type_in(place, _typed(making, item), look, FORMATS[item.kind])
    making.name(item.key, place)
    unit = Place(REVIEW, line.row, UNIT)
    if item.key == "unit":
        making.calculate(unit, _MONEY_UNIT, "unit")
        making.name("money_unit", unit)
    elif item.kind == "money":
        making.calculate(unit, "money_unit", "unit")
        style.fine_money(making.sheet(REVIEW), place, style.MONEY_TYPED)
    else:
        making.label(unit, UNITS[item.kind], "unit")
    making.type_in(Place(REVIEW, line.row, SOURCE), making.record.sources.get(item.key), "source")
    validate(making.sheet(REVIEW), place, item, list_place(item.choices) if item.choices else None)
    _results(making, line, f'CAPEX_FINDING("{item.key}", {WHOLE})')


def _typed(making: Making, item: Field) -> object:
    value = making.record.inputs.get(item.key)
    if item.key == "unit" and value == "":
        return template.PLAIN_UNIT
    if item.kind == "date" and isinstance(value, str) and ("inputs", None, item.key) not in making.record.unread:
        day = date.fromisoformat(value)
        return day if day >= _FIRST_SAFE_DAY else value
    return value


_FIRST_SAFE_DAY = date(1900, 3, 1)
"""Before it spreadsheet programs disagree about serial numbers, so an earlier day is written as text."""


def _results(making: Making, line: Line, finding: str = "") -> None:
    """Write value, score and reading of the line's metric; with `finding`, what is to be said about the input first."""
    result, score, reading = (Place(REVIEW, line.row, column) for column in (RESULT, SCORE, READING))
    key = line.metric
    if key is None:
        _blank(making, line, RESULT, SCORE)
        if finding:
            making.calculate(reading, finding, "link text")
        return
    metric = template.METRIC[key]
    making.calculate(result, f'CAPEX_METRIC("{key}", {FIGURES})', "result", style.metric_format(metric.kind, key))
    making.calculate(score, f"score_{key}", "link", FORMATS["score"])
    words = f'CAPEX_READING("{key}", {FIGURES})'
    if finding:
        words = f'"{metric.label} "&{words}'
    said = f'IF({result.local}="","",{words})'
    making.calculate(reading, f'TRIM({finding}&" "&{said})' if finding else said, "result words")
    making.name(f"metric_{key}", result)


def _metric(making: Making, line: Line) -> None:
    headline = line.key in (*places.PAYERS, "payback")
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label" if headline else "label")
    _blank(making, line, INPUT)
    kind = template.METRIC[line.key].kind
    making.label(Place(REVIEW, line.row, UNIT), {"share": "%", "index": "index"}.get(kind, kind), "unit")
    _source(making, line)
    _results(making, line)


def _customers(making: Making, line: Line) -> None:
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label")
    _blank(making, line, INPUT, SCORE)
    making.label(Place(REVIEW, line.row, UNIT), "number", "unit")
    names = places.customer_column("customer")
    result = Place(REVIEW, line.row, RESULT)
    making.calculate(result, f'IF(risk_score="","",COUNTA({names})-1)', "link", "0")
    words = f'IF(risk_score="","",CAPEX_READING("{line.key}", {FIGURES}))'
    making.calculate(Place(REVIEW, line.row, READING), words, "result words")
    _source(making, line)


def _scenario(making: Making, line: Line) -> None:
    headline = line.key in places.TEMPLATE_SCENARIOS
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label" if headline else "label")
    _blank(making, line, INPUT, UNIT, SCORE)
    result, reading = (Place(REVIEW, line.row, column) for column in (RESULT, READING))
    verdict = '""'
    for word in reversed(template.VERDICTS):
        verdict = f'IF(LEFT({reading.local},{len(word)})="{word}","{word}",{verdict})'
    making.calculate(result, verdict, "result")
    words = f'IF(risk_score="","",IFERROR(CAPEX_OUTCOME("{line.key}", {STRESSED}),""))'
    making.calculate(reading, words, "result words")
    _source(making, line)


def _driver(making: Making, line: Line) -> None:
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label")
    _blank(making, line, INPUT, UNIT, RESULT, SCORE)
    reading = Place(REVIEW, line.row, READING)
    making.calculate(reading, f'IF(risk_score="","",CAPEX_BREAKS_FIRST({FIGURES}))', "result words")
    making.name("breaks_first", reading)
    _source(making, line)


def _table(making: Making, line: Line) -> None:
    for column in range(ITEM, SOURCE + 1):
        text = places.QUESTION_HEADERS.get(column, "")
        making.label(Place(REVIEW, line.row, column), text, "subheading")


def _question(making: Making, line: Line) -> None:
    at = [question.key for question in template.QUESTIONS].index(line.key)
    question = making.record.questions[at] if making.record.questions else {}
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label")
    status = Place(REVIEW, line.row, INPUT)
    making.type_in(status, question.get("status"), "input text", "@")
    item = Field(line.key, "Status", "questions", "choice", choices=template.STATUSES, help=_STATUS_HELP)
    validate(making.sheet(REVIEW), status, item, list_place(template.STATUSES))
    _blank(making, line, UNIT, RESULT, SCORE)
    making.type_in(Place(REVIEW, line.row, READING), question.get("answer"), "input text", "@")
    making.type_in(Place(REVIEW, line.row, SOURCE), question.get("source"), "source", "@")


_STATUS_HELP = (
    "Evidence: a document shows it. Partial: some of it is shown. Assertion: somebody says so. None: no answer. "
    "Evidence or Partial without a source counts as Assertion. Blank: None."
)


def _three_part(making: Making, line: Line) -> None:
    making.label(Place(REVIEW, line.row, ITEM), line.label, "label")
    _blank(making, line, INPUT, UNIT, RESULT, SCORE)
    making.type_in(Place(REVIEW, line.row, READING), making.record.three_part.get(line.key), "input text", "@")
    making.type_in(Place(REVIEW, line.row, SOURCE), None, "source", "@")


def _rule(making: Making, line: Line) -> None:
    making.label(Place(REVIEW, line.row, ITEM), line.label, "rule")
    making.sheet(REVIEW).row_dimensions[line.row].height = 20


def _decision(making: Making, line: Line) -> None:
    making.label(Place(REVIEW, line.row, ITEM), line.label, "headline label")
    _blank(making, line, INPUT, UNIT, RESULT, SCORE)
    reason = f'IF(risk_score="",decision,CAPEX_REASON({WHOLE}))'
    making.calculate(Place(REVIEW, line.row, READING), reason, "decision")
    _source(making, line)


_HELD = 'IF(LEFT({0},3)="Yes","Holds",IF(LEFT({0},2)="No","Fails",""))'
"""Calc compares the text of a table only when a function has taken it apart."""


def _check(making: Making, line: Line) -> None:
    at = [check.key for check in template.CHECKS].index(line.key)
    block = places.CHECKS_BLOCK
    making.label(Place(REVIEW, line.row, ITEM), line.label, "label")
    _blank(making, line, INPUT, UNIT, SCORE)
    holds = block.column("Holds").cell(at)
    making.calculate(Place(REVIEW, line.row, RESULT), _HELD.format(holds), "link")
    making.calculate(
        Place(REVIEW, line.row, READING), f'IF(LEN({holds})=0,"",{block.column("Why").cell(at)})', "link text"
    )
    _source(making, line)


def _blank(making: Making, line: Line, *columns: int) -> None:
    for column in columns:
        making.tint(Place(REVIEW, line.row, column), "result")


def _source(making: Making, line: Line) -> None:
    """Leave room for notes: sources are typed in every row."""
    making.type_in(Place(REVIEW, line.row, SOURCE), None, "own note", "@")


_WRITERS = {
    "space": _space,
    "heading": _heading,
    "subheading": _subheading,
    "field": _field,
    "metric": _metric,
    "customers": _customers,
    "scenario": _scenario,
    "driver": _driver,
    "table": _table,
    "question": _question,
    "three_part": _three_part,
    "rule": _rule,
    "decision": _decision,
    "check": _check,
}


def _formats(making: Making) -> None:
    sheet = making.sheet(REVIEW)
    lines = places.review()
    rows = lines[-1].row - lines[0].row + 1
    style.score_bars(sheet, Place(REVIEW, lines[0].row, SCORE, rows))
    style.mark_words(sheet, Place(REVIEW, lines[0].row, RESULT, rows), {**style.VERDICT_WORDS, **style.CHECK_WORDS})
    style.mark_assumptions(sheet, Place(REVIEW, lines[0].row, SOURCE, rows))
    style.mark_open(sheet, Place(REVIEW, lines[0].row, READING, places.row_of("heading", "questions") - lines[0].row))
    making.name("Inputs", places.inputs())
    making.name("Questions", places.questions())


def _select_first_empty(making: Making) -> None:
    """Put the cursor where typing should begin: the first required input that is blank, else the first."""
    empty = [item.key for item in template.FIELDS if item.required and making.record.inputs.get(item.key) is None]
    cell = places.field_cell(empty[0] if empty else template.FIELDS[0].key).local
    view = making.sheet(REVIEW).sheet_view
    for selection in view.selection:
        selection.activeCell = selection.sqref = cell
