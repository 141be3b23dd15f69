"""Scorecard: sections and their chart, every metric with its score, the six checks, and what to ask."""

from __future__ import annotations

from capexrisk import template
from capexrisk_workbooks import charts, style
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import (
    ASK_BLOCK,
    CHECKS_BLOCK,
    LEFT,
    METRICS_BLOCK,
    SCORECARD,
    SECTIONS_BLOCK,
    Place,
)
from capexrisk_workbooks.style import FORMATS

WIDTHS = {"B": 46, "C": 13, "D": 60, "E": 12, "F": 68}


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(SCORECARD)
    last = LEFT + len(WIDTHS) - 1
    making.head(
        SCORECARD, "Scorecard", "Risk scores from 0 (best) to 100 (worst); 50 is the edge of investment grade.", last
    )
    for letters, width in WIDTHS.items():
        sheet.column_dimensions[letters].width = width
    _sections(making)
    _metrics(making)
    _checks(making)
    making.finish_sheet(
        SCORECARD,
        last=Place(SCORECARD, ASK_BLOCK.place.row + ASK_BLOCK.place.rows, last),
        landscape=False,
        titles="1:2",
        freeze="C3",
        tall=1,
    )


def _title(making: Making, block: places.Block, text: str) -> None:
    making.label(Place(SCORECARD, block.place.row - 2, LEFT), text, "title line")


def _sections(making: Making) -> None:
    block = SECTIONS_BLOCK
    _title(making, block, "The five sections")
    making.fill(block, ["result text", "result", "result text"], [None, FORMATS["score"], "0%"])
    scores = block.column("Score")
    for at, key in enumerate(template.SCORED_SECTIONS):
        making.name(f"section_{key}", scores.cell(at))
    style.score_bars(making.sheet(SCORECARD), scores)
    overall = Place(SCORECARD, block.place.row + block.place.rows + 1, LEFT)
    making.label(overall, "Overall risk score", "headline label")
    making.calculate(overall.cell(0, 1), "risk_score", "link", FORMATS["score"])
    making.label(overall.cell(1), "Rating", "headline label")
    making.calculate(overall.cell(1, 1), "rating", "link")
    making.label(overall.cell(2), "Decision", "headline label")
    making.calculate(overall.cell(2, 1), 'IF(risk_score="","",decision)', "link")
    charts.sections(making.sheet(SCORECARD), block, Place(SCORECARD, block.place.row - 2, LEFT + 3, 17, 2))


def _metrics(making: Making) -> None:
    block = METRICS_BLOCK
    sheet = making.sheet(SCORECARD)
    _title(making, block, "Every metric")
    making.fill(block, ["result text", "result", "result", "result text"], [None, None, FORMATS["score"], None])
    making.label(block.place.cell(-1, 4), "How it is computed", "column header in")
    for at, metric in enumerate(template.METRICS):
        sheet[block.column("Value").cell(at).local].number_format = style.metric_format(metric.kind, metric.key)
        making.name(f"score_{metric.key}", block.column("Score").cell(at))
        making.label(block.place.cell(at, 4), metric.formula, "formula words")
    style.score_bars(sheet, block.column("Score"))


def _checks(making: Making) -> None:
    _title(making, CHECKS_BLOCK, "The six checks of the decision rule")
    making.fill(CHECKS_BLOCK, ["result text", "result text", "result words"])
    style.mark_words(making.sheet(SCORECARD), CHECKS_BLOCK.column("Holds"), {"Yes": style.GOOD, "No": style.BAD})
    _title(making, ASK_BLOCK, "What to ask in the meeting, from these figures")
    making.fill(ASK_BLOCK, ["result flow"])
