"""Pages for the terminal, in terminals of several widths."""

from io import StringIO

import pytest
from rich.console import Console

from capexrisk import Reviews, assess, template
from capexrisk.examples import examples
from capexrisk_addin.pages import ranking_page, result_page

ASSESSED = assess(Reviews.from_records(examples()))
RESULTS = [ASSESSED.result(at) for at in range(len(examples()))]


def printed(page, width):
    console = Console(file=StringIO(), width=width)
    console.print(page)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [50, 71, 72, 80, 99, 100, 120])
@pytest.mark.parametrize(
    "result", RESULTS, ids=lambda result: f"{result.inputs['entity']} {result.inputs['period_end']}"
)
def test_no_width_cuts_anything_off_a_review(result, width):
    assert "…" not in printed(result_page(result, width=width), width)


def test_scores_have_bars_where_there_is_room():
    bars = [max(line.count("█") for line in printed(result_page(RESULTS[0], width=width), width).splitlines())
            for width in (71, 72, 120)]  # fmt: skip
    assert bars == [0, 10, 20]


def test_a_review_that_breaks_today_says_so_once_a_place():
    today = next(result for result in RESULTS if result.inputs["entity"] == "CoreWeave")
    later = next(result for result in RESULTS if result.inputs["entity"] == "Granite Compute")
    assert "reaks first: Breaks today" not in printed(result_page(today), 120)
    assert "What breaks first: Refinancing, at 26%" in printed(result_page(later), 120)


@pytest.mark.parametrize("driver", ["never", "customer spend", "hardware resale value"])
@pytest.mark.parametrize("width", [80, 119, 120, 160])
def test_the_ranking_never_cuts_what_breaks_first(driver, width):
    row = {"entity": "Northwind Insurance, claims assistant", "period_end": "2026-06-30", "status": "unchanged"}
    row |= {"score": 41.8, "rating": "Moderate", "decision": "Conditional", "breaks_today": False}
    row |= {"breaks_first": driver, "headroom": 12.35, "path": "a.xlsx", "score_rank": 1}
    row |= {f"section_{key}": 100.0 for key in template.SCORED_SECTIONS}
    page = printed(ranking_page([row], width), width)
    assert f"{driver} 12.35x" in page and "2026-06-30" in page and "Conditional" in page
    assert "Northwi" in page
    assert ("Moderate" in page and "Questions" in page) == (width == 160)
