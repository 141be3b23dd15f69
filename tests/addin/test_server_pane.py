"""The task pane and the functions' script in a real Chromium against the real server, a stand-in for Excel beside them.

xlwings Server is licensed for noncommercial use here (the key "noncommercial"), which is what these tests are.
"""

import re
from datetime import date

import pytest
import truth
from openpyxl.utils.datetime import to_excel
from pane_pictures import example
from review_ranges import REVIEW
from web import browsing, open_pane, open_workbook, require, serving

import capexrisk
from capexrisk import ErrorCell, Reviews, assess
from capexrisk_udfs import FUNCTIONS

pytestmark = pytest.mark.browser

WRONG = {**REVIEW, "inputs": {**REVIEW["inputs"], "gross_margin": 50.0, "cash": None}}

LONG = {
    **REVIEW,
    "inputs": {**REVIEW["inputs"], "entity": "Entity" * 20},
    "customers": [{**REVIEW["customers"][0], "customer": "Customer" * 20}, *REVIEW["customers"][1:]],
}


@pytest.fixture(scope="module")
def server():
    require("server", "browser")
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    require("server", "browser")
    with browsing() as running:
        yield running


@pytest.fixture(scope="module")
def workbooks():
    made = {"blank": None, "review": REVIEW, "breaking": example("CoreWeave"), "wrong": WRONG, "long": LONG}
    return {name: open_workbook(record) for name, record in made.items()}


@pytest.fixture(scope="module")
def cell(server, browser):
    """Calls functions as cells do, in one pane that stays open."""
    with open_pane(browser, server.url, None) as pane:
        yield pane.call


def as_sent(value):
    """An argument as Excel hands it to a custom function."""
    if value is truth.LEFT_OUT:
        return None
    if isinstance(value, list):
        return [[_cell(each) for each in row] for row in value]
    return [[_cell(value)]]


def _cell(value):
    if isinstance(value, ErrorCell):
        return {"type": "Error", "errorType": "NotAvailable", "basicValue": value.text, "basicType": "Error"}
    if isinstance(value, date):
        return to_excel(value)
    return "" if value is None else value


@pytest.mark.parametrize("case", truth.CASES, ids=lambda case: case.name)
def test_a_case_gives_in_a_cell_what_plain_python_gives(cell, case):
    answer = cell(case.function, [as_sent(argument) for argument in case.arguments])
    if case.truth == truth.WRONG:
        assert answer["error"] == "#VALUE!" and case.sentence in answer["says"]
        return
    assert "gives" in answer, answer
    true = case.truth if FUNCTIONS[case.function].gives == "table" else [[case.truth]]
    assert truth.same(answer["gives"], true)


def test_an_optional_argument_may_be_left_out_as_excel_does_it(cell):
    inputs, customers, *_ = (as_sent(each) for each in truth.ranges(REVIEW))
    assert cell("CAPEX_TOP_SHARE", [inputs, customers, None]) == cell("CAPEX_TOP_SHARE", [inputs, customers, [[3]]])


def test_a_wrong_call_is_asked_once(server, browser):
    """A server's failure would be asked three times; a sentence for the user is no failure."""
    with open_pane(browser, server.url, None) as pane:
        pane.asked.clear()
        pane.call("CAPEX_METRIC", [[["leverag"]], [["Entity", "A"]], [["Customer", "Kind"]]])
        assert len(pane.asked) == 1


@pytest.mark.parametrize("name", ["blank", "review", "breaking", "wrong"])
def test_the_pane_opens_without_a_word_in_the_console_and_asks_only_this_server(server, browser, workbooks, name):
    with open_pane(browser, server.url, workbooks[name]) as pane:
        assert pane.complaints == []
        assert {address.split("/")[2] for address in pane.asked} == {f"localhost:{server.port}"}
        assert set(pane.page.evaluate("tested.functions()")) == set(FUNCTIONS)


def test_nothing_leaves_the_machine_with_microsofts_own_office_js(server, browser):
    """It would send telemetry; the page's policy makes the browser refuse."""
    with open_pane(browser, server.url, None, stub=False) as pane:
        pane.until("Boolean(globalThis.Office)")
        for _ in range(100):
            if any("telemetry" in complaint for complaint in pane.complaints):
                break
            pane.page.wait_for_timeout(100)
        assert any("office.js" in address for address in pane.asked)
        assert {address.split("/")[2] for address in pane.gone} == {f"localhost:{server.port}"}


def test_the_pane_shows_the_verdict_of_the_model(server, browser, workbooks):
    result = assess(Reviews.from_records([example("CoreWeave")])).result(0)
    with open_pane(browser, server.url, workbooks["breaking"]) as pane:
        text = pane.page.inner_text("body")
        assert pane.page.inner_text("#entity") == "CoreWeave"
        assert pane.page.inner_text(".number") == f"{result.score:.0f}"
        assert f"{result.rating} risk" in text and result.decision in text
        reason = result.decision_sentence.removeprefix(f"{result.decision}: ")
        for said in (
            reason[1:],
            result.breaks_first_sentence,
            *(check.text for check in result.checks.values()),
            *result.ask,
        ):
            assert said in text
        assert [item.inner_text() for item in pane.page.query_selector_all(".checks .mark")] == [
            "✓ Holds" if check.ok else "✕ Fails" for check in result.checks.values()
        ]
        assert result.policy_hash in text and capexrisk.VERSION in text


def test_every_scenario_has_its_line_and_its_words(server, browser, workbooks):
    result = assess(Reviews.from_records([example("CoreWeave")])).result(0)
    with open_pane(browser, server.url, workbooks["breaking"]) as pane:
        lines = pane.page.query_selector_all(".chart .line")
        assert len(lines) == len(result.stress)
        assert all(len(line.get_attribute("points").split()) == 8 for line in lines)
        pane.page.click(".more summary")
        rows = pane.page.query_selector_all(".scenario")
        assert {row.query_selector(".label").inner_text() for row in rows} == {item.label for item in result.stress}
        for row in rows:
            row.click()
            outcome = next(item for item in result.stress if item.label in row.inner_text())
            assert outcome.verdict in row.inner_text()
            assert outcome.sentence in pane.page.inner_html(".chart title")
            assert pane.page.locator('.scenario[aria-pressed="true"]').count() == 1
            assert pane.page.locator(".chart .chosen").count() == 1


def test_lines_stand_at_the_height_of_their_values(server, browser, workbooks):
    """Height on the drawing falls as liquidity rises, by the same measure for every line."""
    outcomes = assess(Reviews.from_records([example("CoreWeave")])).result(0).stress
    with open_pane(browser, server.url, workbooks["breaking"]) as pane:
        drawn = pane.page.evaluate(
            "[...document.querySelectorAll('.chart .line:not(.chosen)')].map((l) => l.getAttribute('points'))"
        )
        heights = [[float(point.split(",")[1]) for point in line.split()] for line in drawn]
        (left_out,) = (
            at for at, item in enumerate(outcomes) if item.label in pane.page.inner_text('[aria-pressed="true"]')
        )
        values = [list(item.liquidity) for at, item in enumerate(outcomes) if at != left_out]
        pairs = [pair for line in zip(values, heights, strict=True) for pair in zip(*line, strict=True)]
        (low, bottom), (high, top) = min(pairs), max(pairs)
        slope = (top - bottom) / (high - low)
        assert slope < 0
        assert all(abs(bottom + (value - low) * slope - height) < 0.2 for value, height in pairs)


def test_findings_lead_to_their_cells_by_mouse_and_by_keyboard(server, browser, workbooks):
    rows = [row[0] for row in workbooks["wrong"]["names"]["Inputs"]["values"]]
    top = int(re.findall(r"\d+", workbooks["wrong"]["names"]["Inputs"]["address"])[0])
    expected = [f"Review!C{top + rows.index(label)}" for label in ("Cash and liquid investments", "Gross margin")]
    with open_pane(browser, server.url, workbooks["wrong"]) as pane:
        assert "2 inputs are missing or wrong" in pane.page.inner_text("#review")
        pane.page.click(".findings.missing .cell")
        pane.page.focus(".findings.wrong .cell")
        pane.page.keyboard.press("Enter")
        pane.until("tested.done.selected.length === 2")
        assert pane.done()["selected"] == expected


def test_the_pane_can_be_used_by_keyboard_alone(server, browser, workbooks):
    with open_pane(browser, server.url, workbooks["breaking"]) as pane:
        reached = []
        for _ in range(11):  # the buttons, seven scenarios, what folds
            pane.page.keyboard.press("Tab")
            reached.append(pane.page.evaluate("document.activeElement.textContent"))
            outline = pane.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
        assert reached[:2] == ["Check", "Recalculate"]
        assert any("financing" in text for text in reached) and any(text.startswith("6 more") for text in reached)


def test_recalculate_has_excel_calculate_everything_and_checks_again(server, browser, workbooks):
    with open_pane(browser, server.url, workbooks["review"]) as pane:
        pane.asked.clear()
        pane.page.click("#recalculate")
        pane.until("tested.done.calculated.length === 1")
        pane.wait()
        assert pane.done()["calculated"] == ["Full"]
        assert [address.partition(str(server.port))[2] for address in pane.asked] == ["/review"]


def test_the_ribbons_button_recalculates_too(server, browser, workbooks):
    with open_pane(browser, server.url, workbooks["review"]) as pane:
        pane.page.evaluate("tested.press('recalculate')")
        assert pane.done()["calculated"] == ["Full"]
        assert pane.page.evaluate("tested.done.completed") == 1


def test_typing_into_the_workbook_is_noticed(server, browser, workbooks):
    with open_pane(browser, server.url, workbooks["blank"]) as pane:
        assert "Incomplete" in pane.page.inner_text("#review")
        pane.page.evaluate("(names) => tested.change(names)", workbooks["review"]["names"])
        pane.until("document.getElementById('entity').textContent === 'Northwind Compute'")


def test_what_the_reader_opened_and_chose_stays_when_the_review_is_read_again(server, browser, workbooks):
    with open_pane(browser, server.url, workbooks["breaking"]) as pane:
        pane.page.click(".more summary")
        pane.page.click('.scenario:has-text("If the hardware must be sold")')
        pane.page.evaluate("document.getElementById('status').textContent = ''")
        pane.page.evaluate("tested.change({})")
        pane.until("document.getElementById('status').textContent.startsWith('Checked')")
        assert pane.page.locator("details.more").get_attribute("open") is not None
        assert "hardware" in pane.page.inner_text('.scenario[aria-pressed="true"]')
        assert "hardware" in pane.page.inner_text(".scenario:focus")


def test_cells_that_show_another_score_are_pointed_out(server, browser, workbooks):
    names = workbooks["review"]["names"]
    old = {**workbooks["review"], "names": {**names, "risk_score": {"address": "Review!C4", "values": [[12.0]]}}}
    other = {**workbooks["review"], "names": {**names, "risk_score": {"address": "Review!C4", "values": [["#NAME?"]]}}}
    with open_pane(browser, server.url, workbooks["review"]) as pane:
        assert re.fullmatch(r"Checked at [^.]*\.", pane.page.inner_text("#status"))
    with open_pane(browser, server.url, old) as pane:
        assert "The cells show another score: press Recalculate." in pane.page.inner_text("#status")
    with open_pane(browser, server.url, other) as pane:
        assert "make the workbook with --functions office" in pane.page.inner_text("#status")


def test_a_workbook_that_is_no_review_is_told_how_to_get_one(server, browser):
    with open_pane(browser, server.url, {"name": "Book1.xlsx", "names": {}}) as pane:
        assert "This workbook is not a review" in pane.page.inner_text("#review")
        assert "capexrisk new" in pane.page.inner_text("#review")
        assert pane.complaints == []


def test_a_server_that_is_gone_is_said_and_the_last_review_stays(browser, workbooks):
    require("server", "browser")
    with serving() as server, open_pane(browser, server.url, workbooks["review"]) as pane:
        server.process.kill()
        server.process.wait()
        pane.page.click("#check")
        pane.page.wait_for_selector(".failure")
        pane.wait()
        assert "The server does not answer" in pane.page.inner_text(".failure")
        assert "Moderate risk" in pane.page.inner_text("#review")


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_what_was_typed_is_shown_as_text(server, browser):
    inputs = {**REVIEW["inputs"], "entity": HOSTILE}
    customers = [{**REVIEW["customers"][0], "customer": HOSTILE}, *REVIEW["customers"][1:]]
    with open_pane(browser, server.url, open_workbook({**REVIEW, "inputs": inputs, "customers": customers})) as pane:
        assert pane.page.inner_text("#entity") == HOSTILE
        assert HOSTILE in pane.page.inner_text("#review")
        assert pane.page.locator("#review img, #review script, header img").count() == 0
        assert pane.complaints == []


@pytest.mark.parametrize("width", [260, 320, 480])
@pytest.mark.parametrize("name", ["blank", "breaking", "long"])
def test_nothing_is_wider_than_the_pane(server, browser, workbooks, name, width):
    with open_pane(browser, server.url, workbooks[name], width=width) as pane:
        pane.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert pane.page.evaluate("document.documentElement.scrollWidth") <= width


CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("details").forEach((each) => (each.open = true));
  const holdsText = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const texts = [...document.querySelectorAll("body *")].filter(
    (each) => each.checkVisibility() && !each.closest("svg") && holdsText(each),
  );
  return texts.map((each) => {
    const [a, b] = [light(parse(getComputedStyle(each).color)), light(behind(each))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), each.textContent.trim().slice(0, 40)];
  });
}
"""


@pytest.mark.parametrize("name", ["blank", "review", "breaking", "wrong"])
def test_every_text_stands_out_from_what_is_behind_it(server, browser, workbooks, name):
    """4.5 to 1, as WCAG 2.2 AA asks."""
    with open_pane(browser, server.url, workbooks[name]) as pane:
        measured = pane.page.evaluate(CONTRAST)
        assert len(measured) > 20
        assert [each for each in measured if each[0] < 4.5] == []
