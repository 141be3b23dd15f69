"""The charts of the summary, in the style of the review workbook's."""

from __future__ import annotations

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties

from capexrisk import template
from capexrisk_workbooks import charts, style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary.page import Page

VERDICT_COLOURS = {"Holds": "8FBF9F", "Strained": "E3B961", "Breaks": "C0504D"}


def bars(page: Page, title: str, names: Place, values: Place, anchor: Place, number_format: str = "0") -> None:
    """Draw horizontal bars over an area, the first name on top."""
    chart = charts.bars(title, page.sheet, names, values, number_format)
    chart.y_axis.scaling.min = 0
    charts.put(page.sheet, chart, anchor)


def verdicts(page: Page, title: str, names: Place, counts: Place, anchor: Place) -> None:
    """Draw how many reviews hold, strain and break in each scenario, stacked; `counts` has one column a verdict."""
    chart = BarChart()
    charts.frame(chart, title)
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 40
    for at, verdict in enumerate(template.VERDICTS):
        series = SeriesFactory(_down(page, counts, at), title=verdict)
        series.graphicalProperties = GraphicalProperties(solidFill=VERDICT_COLOURS[verdict])
        chart.series.append(series)
    chart.set_categories(_down(page, names, 0))
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"
    chart.y_axis.number_format, chart.y_axis.numFmt.sourceLinked = "0", False
    chart.legend.position = "b"
    chart.legend.txPr = charts.text(900)
    charts.put(page.sheet, chart, anchor)


def columns(page: Page, title: str, names: Place, values: Place, anchor: Place, number_format: str = "0") -> None:
    """Draw upright bars over an area, for what runs in time."""
    chart = BarChart()
    charts.frame(chart, title)
    chart.type, chart.gapWidth = "col", 60
    series = SeriesFactory(_down(page, values, 0))
    series.graphicalProperties = GraphicalProperties(solidFill=style.STEEL)
    series.dLbls = DataLabelList()
    series.dLbls.showVal = True
    for part in ("showSerName", "showCatName", "showLegendKey", "showPercent"):
        setattr(series.dLbls, part, False)
    series.dLbls.txPr = charts.text(900)
    chart.series.append(series)
    chart.set_categories(_down(page, names, 0))
    chart.y_axis.number_format, chart.y_axis.numFmt.sourceLinked = number_format, False
    chart.y_axis.scaling.min = 0
    chart.legend = None
    charts.put(page.sheet, chart, anchor)


def _down(page: Page, place: Place, column: int) -> Reference:
    one = place.down(column)
    return Reference(
        page.sheet, min_col=one.column, min_row=one.row, max_col=one.column, max_row=one.row + one.rows - 1
    )
