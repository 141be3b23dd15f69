"""The summary workbook: what it says, what stays text, what links where, and how it bears a hundred thousand rows."""

import io
import re
import zipfile
from pathlib import Path

import calc as harness
import openpyxl
import portfolio_files as files
import pytest
from conftest import require_calc

from capexrisk import InputError, Reviews, assess
from capexrisk.currencies import Rates
from capexrisk_workbooks.filing import spool
from capexrisk_workbooks.ledger import Visit
from capexrisk_workbooks.portfolio import made, write_summary
from capexrisk_workbooks.results import STATUSES, row
from capexrisk_workbooks.summary import page as pages
from capexrisk_workbooks.summary.story import Story, headline

SHEETS = [
    "Summary",
    "Ranking",
    "Scenarios",
    "Breaks first",
    "Exposure",
    "Contagion",
    "Movements",
    "Data quality",
    "Files",
]
BROKE = {"operating_margin": -0.5}


def rows_of(*records, path="{}.xlsx"):
    results = assess(Reviews.from_records(records)).results()
    return [
        row(path.format(at), "unchanged" if result.complete else "incomplete",
            next((item.text for item in result.findings if item.blocks), ""), result=result, modified=1e9)
        for at, result in enumerate(results)
    ]  # fmt: skip


def visit(entity, **more):
    given = {"run": "2026-09-30T10:00:00Z", "path": "x", "status": "unchanged", "entity": entity, "score": 10.0,
             "period_end": "2024-12-31", "rating": "Low", "decision": "Proven", "breaks_first": None, "policy": "p (1)",
             "template": "1", "tool": "1"}  # fmt: skip
    return Visit(**{**given, **more})


@pytest.fixture
def story(tmp_path):
    """A function: the story of some records, files that could not be done among them."""

    def told(*records, more=(), **options):
        table = spool([*rows_of(*records, path=str(tmp_path / "in" / "{}.xlsx")), *more], tmp_path / "results.parquet")
        return Story.of(table, tmp_path / "out", **options)

    return told


@pytest.fixture
def portfolio(story):
    """Acme breaks when OpenAI halves its spend and drags Birch along; City breaks today; Dune is Incomplete."""
    others = [row(f"/x/{status}.xlsx", status, "Why not.") for status in STATUSES if status not in ("incomplete",)]
    return story(
        files.record("Acme", (("OpenAI", 90.0),)),
        files.record("Birch", (("Acme", 90.0), ("OpenAI", 10.0))),
        files.record("City", (("Meta", 20.0),), cash=0, **BROKE),
        files.record("Dune", cash=None),
        files.record("Acme", (("OpenAI", 1.0),), period="2024-12-31"),
        more=others,
        before={"acme": visit("Acme"), "birch": visit("Birch", score=99.0)},
    )


def opened(story):
    return openpyxl.load_workbook(io.BytesIO(made(story)))


def texts(sheet):
    return [str(cell.value) for line in sheet.iter_rows() for cell in line if cell.value is not None]


def table(sheet, title):
    """The rows below the header row that begins with a title, as mappings."""
    lines = [[cell.value for cell in line][1:] for line in sheet.iter_rows()]
    first = next(at for at, line in enumerate(lines) if line and line[0] == title)
    found = []
    for line in lines[first + 1 :]:
        if all(value is None for value in line):
            break
        found.append(dict(zip([name for name in lines[first] if name], line, strict=False)))
    return found


def test_the_first_sentence_is_the_one_that_matters(portfolio):
    assert headline(portfolio)[0] == (
        "2 of 3 reviews break if OpenAI halves its spend; 33% of AI revenue comes from it; 1 breaks today."
    )
    front = opened(portfolio)["Summary"]
    assert "2 of 3 reviews break if OpenAI halves its spend" in " ".join(texts(front))


def test_its_sheets_are_those_of_the_committee(portfolio):
    assert opened(portfolio).sheetnames == SHEETS


def test_counts_by_decision_and_rating_are_those_of_the_ranking(portfolio):
    book = opened(portfolio)
    ranking = table(book["Ranking"], "Entity")
    decisions = {line["Decision"]: line["Reviews"] for line in table(book["Summary"], "Decision")}
    ratings = {line["Rating"]: line["Reviews"] for line in table(book["Summary"], "Rating")}
    for name, count in decisions.items():
        expected = 1 if name == "Incomplete, not ranked" else sum(line["Decision"] == name for line in ranking)
        assert count == expected
    assert ratings == {name: sum(line["Rating"] == name for line in ranking) for name in ratings}
    assert sum(ratings.values()) == 3


def test_the_ranking_has_one_review_an_entity_worst_first(portfolio):
    ranking = table(opened(portfolio)["Ranking"], "Entity")
    assert ranking[0]["Entity"] == "City"
    assert sorted(line["Entity"] for line in ranking) == ["Acme", "Birch", "City"]
    scores = [line["Score"] for line in ranking]
    assert scores == sorted(scores, reverse=True)
    assert next(line for line in ranking if line["Entity"] == "Acme")["Period end"] == "2025-12-31"
    assert ranking[0]["Breaks first"] == "today"


def test_the_grid_has_every_verdict_and_its_counts_add_up(portfolio):
    book = opened(portfolio)
    counts = table(book["Scenarios"], "Scenario")
    grid = table(book["Scenarios"], "Entity")
    for line in counts:
        for verdict in ("Holds", "Strained", "Breaks"):
            assert line[verdict] == sum(review[line["Scenario"]] == verdict for review in grid)
        assert line["Holds"] + line["Strained"] + line["Breaks"] == 3


def test_reviews_that_break_today_are_a_list_of_their_own(portfolio):
    sheet = opened(portfolio)["Breaks first"]
    (city,) = table(sheet, "Entity")
    assert (city["Entity"], city["What gives way"]) == ("City", "Liquidity, Debt service")
    drivers = table(sheet, "Driver, in reviews that stand today")
    assert sum(line["Reviews"] for line in drivers) == 2


def test_exposure_and_the_cut_that_is_enough(portfolio):
    exposure = table(opened(portfolio)["Exposure"], "Counterparty")
    openai = exposure[0]
    assert (openai["Counterparty"], openai["Reviews"], openai["AI revenue"]) == ("OpenAI", 2, 100)
    assert openai["Share of AI revenue"] == pytest.approx(1 / 3)
    assert openai["Breaks a first review at a cut of"] == pytest.approx(0.40 / 0.90)
    assert openai["Which"] == "Acme"
    assert openai["Breaks half at"] == pytest.approx(0.40 / 0.90)


def test_contagion_is_told_round_by_round_with_its_chain(portfolio):
    sheet = opened(portfolio)["Contagion"]
    (openai,) = table(sheet, "Counterparty that halves its spend")
    assert (openai["Break at once"], openai["Break in all"]) == (1, 2)
    assert openai["AI revenue lost"] == pytest.approx(0.5 * 100 + 0.5 * 90)
    assert [line["Broken so far"] for line in table(sheet, "Round")] == [1, 2]
    assert [line["How it came"] for line in table(sheet, "Review that breaks")] == [
        "OpenAI → Acme",
        "OpenAI → Acme → Birch",
    ]


def test_contagion_that_breaks_nobody_is_a_sentence_and_no_empty_chart(story):
    book = opened(story(*(files.record(name, (("OpenAI", 10.0),)) for name in ("Acme", "Birch"))))
    assert "No review that stands today breaks" in " ".join(texts(book["Contagion"]))
    assert [line["Break in it"] for line in table(book["Contagion"], "Round")] == [0]
    assert book["Contagion"]._charts == []


def test_movements_show_what_turned_since_the_run_before(portfolio):
    acme, birch, city, dune = table(opened(portfolio)["Movements"], "Entity")
    assert (acme["Entity"], acme["Score before"], acme["Seen before on"]) == ("Acme", 10, "2026-09-30 10:00:00")
    assert acme["Change in score"] == pytest.approx(acme["Score now"] - 10)
    assert (birch["Entity"], birch["Change in score"] < 0) == ("Birch", True)
    assert {city["Change in score"], dune["Change in score"]} == {"new"}


def test_without_a_ledger_or_a_run_before_the_sheet_says_so(story):
    record = files.record("Acme")
    assert "No ledger was kept" in " ".join(texts(opened(story(record))["Movements"]))
    assert "knows no run before" in " ".join(texts(opened(story(record, before={}))["Movements"]))


def test_data_quality_counts_what_is_assumed_and_names_what_is_missing(portfolio):
    sheet = opened(portfolio)["Data quality"]
    assumed = {
        line["Inputs that are assumed most often"]: line for line in table(sheet, "Inputs that are assumed most often")
    }
    assert assumed["Undrawn committed facilities that are not meant for this capex"]["Reviews"] == 3
    dune = table(sheet, "Entity")[0]
    assert (dune["Entity"], dune["Missing"], dune["Decision"]) == ("Dune", 1, "Incomplete")
    assert "Cash" in dune["The first that is missing or wrong"]


def test_every_file_stands_in_it_once_with_its_status(portfolio):
    listed = table(opened(portfolio)["Files"], "File")
    assert len(listed) == len(portfolio.table)
    assert {line["Status"] for line in listed} == {status.replace("_", " ") for status in STATUSES}
    counts = {Path(line["File"]).stem: line["Counts"] for line in listed}
    assert (counts["0"], counts["3"], counts["4"], counts["failed"]) == (
        "in the ranking", "Incomplete, not ranked", "older review", "no review read",
    )  # fmt: skip


def test_links_lead_from_the_summary_to_the_files(story, tmp_path):
    table = spool(rows_of(files.record("Acme"), path=str(tmp_path / "in" / "a #1 {}.xlsx")), tmp_path / "r.parquet")
    ranking = opened(Story.of(table, tmp_path / "out"))["Ranking"]
    assert ranking["B5"].hyperlink.target == "../in/a%20%231%200.xlsx"


def test_a_link_cannot_lead_anywhere_but_to_a_file_below(story, tmp_path):
    """A name may look like an address: of a web page, or to Windows of a computer in the network."""
    names = ["http:/evil.example/a.xlsx", "\\\\evil.example\\share.xlsx", "in/..\\..\\b.xlsx"]
    more = [row(str(tmp_path / "out" / name), "failed", "Why not.") for name in names]
    found = story(more=more)
    assert [found.link(at) for at in range(3)] == ["./http%3A/evil.example/a.xlsx", None, None]
    files = opened(found)["Files"]
    assert [cell.hyperlink.target for line in files.iter_rows() for cell in line if cell.hyperlink] == [found.link(0)]


NASTY = [
    "=1+1",
    "@SUM(A1)",
    "+cmd",
    "-1",
    "'quoted",
    "#REF!",
    "<b>&amp;</b>",
    "a\x07bell_x0041_",
    "  outer  ",
    "é 中 🙂",
]


def test_text_from_files_stays_text(story):
    records = [files.record(name, ((name, 50.0),)) for name in NASTY]
    found = story(*records, more=[row("=evil.xlsx", "unreadable", "=HYPERLINK(1)")])
    data = made(found)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheets = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(re.search(r"<f[ >]", sheet) or 't="e"' in sheet for sheet in sheets)
    shown = texts(opened(found)["Ranking"])
    for name in ("=1+1", "@SUM(A1)", "+cmd", "-1", "#REF!", "<b>&amp;</b>", "é 中 🙂"):
        assert name in shown


def test_currencies_stand_apart_unless_rates_are_given(story):
    records = [files.record("Acme", (("OpenAI", 90.0),)), files.record("Birch", (("OpenAI", 50.0),), currency="EUR")]
    apart = table(opened(story(*records))["Exposure"], "Counterparty")
    assert {(line["Counterparty"], line["AI revenue"]) for line in apart} == {
        ("OpenAI, in USD", 90), ("OpenAI, in EUR", 50),
    }  # fmt: skip
    (together,) = table(
        opened(story(*records, rates=Rates.of_pairs([("USD", 1), ("EUR", 2)])))["Exposure"], "Counterparty"
    )
    assert (together["Counterparty"], together["AI revenue"], together["Unit"]) == ("OpenAI", 190, "m USD")
    with pytest.raises(InputError, match="no rate for EUR"):
        story(*records, rates=Rates.of_pairs([("USD", 1)]))


@pytest.mark.parametrize(
    "records", [(), (files.record("Dune", cash=None),), (files.record("Acme", ()),), (files.record("", ()),)]
)
def test_portfolios_with_next_to_nothing_in_them_are_told_too(story, records):
    book = opened(story(*records, more=[row("a.xlsx", "failed", "Why not.")]))
    assert book.sheetnames == SHEETS


def test_the_same_results_give_the_same_bytes(portfolio):
    assert made(portfolio) == made(portfolio)


def test_more_rows_than_a_sheet_holds_are_told_and_lead_to_the_results(story, monkeypatch):
    monkeypatch.setattr(pages.Page, "most_rows", 12)
    records = [files.record(f"Firm {at}") for at in range(20)]
    found = story(*records, results=Path("all.parquet"))
    ranking = opened(found)["Ranking"]
    assert ranking.max_row == 12
    assert texts(ranking)[-1] == "13 more rows are beyond what a sheet holds; all of them are in all.parquet."


def test_no_sheet_has_more_links_than_excel_bears(story, monkeypatch):
    monkeypatch.setattr(pages, "MOST_LINKS", 3)
    book = opened(story(*(files.record(f"Firm {at}") for at in range(6))))
    assert sum(cell.hyperlink is not None for line in book["Ranking"].iter_rows() for cell in line) == 3


def test_every_sheet_is_ready_to_print_and_has_its_charts(portfolio):
    book = opened(portfolio)
    for sheet in book:
        assert sheet.print_area, sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.orientation) == (1, "landscape")
        assert "Page &P of &N" in sheet.oddFooter.right.text
    charts = {sheet.title: len(sheet._charts) for sheet in book if sheet._charts}
    assert charts == {"Summary": 2, "Scenarios": 1, "Breaks first": 1, "Exposure": 1, "Contagion": 1, "Data quality": 1}
    for name in ("Ranking", "Scenarios", "Breaks first", "Exposure", "Movements", "Data quality", "Files"):
        assert book[name].auto_filter.ref, name


def test_it_is_written_whole_or_not_at_all(portfolio, tmp_path):
    path = tmp_path / "summary.xlsx"
    write_summary(portfolio.table, path)
    assert openpyxl.load_workbook(path).sheetnames == SHEETS
    assert [item.name for item in tmp_path.iterdir() if item.name.endswith(".tmp")] == []


@pytest.mark.libreoffice
def test_calc_opens_it_and_sees_the_same_numbers(portfolio, tmp_path):
    require_calc()
    path = tmp_path / "summary.xlsx"
    path.write_bytes(made(portfolio))
    with harness.Calc() as calc, calc.open(path) as document:
        pdf = document.save(tmp_path / "summary.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    pictures = harness.pictures(pdf, tmp_path, 40)
    assert len(pictures) >= len(SHEETS)
