"""The charts: quiet lines and bars in the workbook's palette, drawn from cells, empty while there is no result."""

# openpyxl gives the parts of a chart through descriptors, which stubs describe as text or None.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false

from __future__ import annotations

from openpyxl.chart import BarChart, LineChart, Reference, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk_workbooks import style
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import LIQUIDITY_BLOCK, Block, Place

LINES = ("1B2A41", "C0504D", "E08E36", "5B7C99", "8064A2", "4F9D69", "9C1C14")
"""One colour a scenario; dashes differ too, so that the lines can be told apart in black and white."""
DASHES = ("solid", "solid", "dash", "sysDot", "dashDot", "lgDash", "sysDash")


def shares(sheet: Worksheet, table: Place, anchor: Place) -> None:
    """Draw the shares of AI revenue by customer, the first of the table on top."""
    chart = bars("Share of AI revenue by customer", sheet, table.down(0), table.down(1), "0%")
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1
    chart.y_axis.majorUnit = 0.25
    put(sheet, chart, anchor)


def sections(sheet: Worksheet, block: Block, anchor: Place) -> None:
    """Draw the section scores from 0 to 100."""
    chart = bars("Risk score by section", sheet, block.column("Section"), block.column("Score"), "0")
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 100
    chart.y_axis.majorUnit = 25
    put(sheet, chart, anchor)


def headroom(making: Making, drawn: Place, anchor: Place, longest: int) -> None:
    """Draw the headroom of each driver, bars up to `longest`; the shortest bar breaks first."""
    sheet = making.sheet(anchor.sheet)
    chart = bars("Headroom by driver: the shortest bar breaks first", sheet, drawn.down(0), drawn.down(1), "0x")
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, longest + 1
    chart.y_axis.majorUnit = 1
    put(sheet, chart, anchor)


def liquidity(making: Making, anchor: Place) -> None:
    """Draw liquidity over eight quarters for today and the core scenarios, as they stand in a fresh scenario table.

    Titles stand above the columns that are drawn, so that they stay true when scenarios are sorted.
    """
    sheet = making.sheet(anchor.sheet)
    chart = LineChart()
    frame(chart, "Liquidity over eight quarters")
    keys = list(making.policy.scenarios)
    wanted = [key for key in ("base", *making.policy.core) if key in keys]
    for at, key in enumerate(wanted):
        column = LIQUIDITY_BLOCK.place.down(keys.index(key))
        series = Series(_reference(sheet, column))
        series.tx = SeriesLabel(strRef=StrRef(str(LIQUIDITY_BLOCK.place.cell(-1, keys.index(key)))))
        series.smooth = False
        series.marker.symbol = "none"
        line = LineProperties(w=28575 if key == "base" else 19050, solidFill=LINES[at % 7], prstDash=DASHES[at % 7])
        series.graphicalProperties = GraphicalProperties(ln=line)
        chart.series.append(series)
    chart.set_categories(
        _reference(
            sheet,
            Place(
                anchor.sheet, LIQUIDITY_BLOCK.place.row, LIQUIDITY_BLOCK.place.column - 1, LIQUIDITY_BLOCK.place.rows
            ),
        )
    )
    chart.x_axis.tickLblPos = "low"
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(w=22225, solidFill=style.INK))
    chart.y_axis.number_format, chart.y_axis.numFmt.sourceLinked = "#,##0;(#,##0)", False
    chart.legend.position = "b"
    chart.legend.txPr = text(900)
    put(sheet, chart, anchor)


def bars(title: str, sheet: Worksheet, names: Place, values: Place, number_format: str) -> BarChart:
    """Draw horizontal bars; `number_format` is that of the axis, labels show values as their cells do."""
    chart = BarChart()
    frame(chart, title)
    chart.type, chart.gapWidth = "bar", 45
    series = Series(_reference(sheet, values))
    series.graphicalProperties = GraphicalProperties(solidFill=style.STEEL)
    series.dLbls = DataLabelList()
    series.dLbls.showVal = True
    for part in ("showSerName", "showCatName", "showLegendKey", "showPercent"):
        setattr(series.dLbls, part, False)
    series.dLbls.txPr = text(900)
    chart.series.append(series)
    chart.set_categories(_reference(sheet, names))
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.number_format, chart.y_axis.numFmt.sourceLinked = number_format, False
    chart.y_axis.crosses = "max"
    chart.legend = None
    return chart


def frame(chart: BarChart | LineChart, title: str) -> None:
    """Give a chart its title and the house's quiet axes."""
    chart.title = title
    paragraph = chart.title.tx.rich.p[0]
    paragraph.pPr = ParagraphProperties(defRPr=_characters(1200, bold=True))
    for run in paragraph.r:
        run.rPr = _characters(1200, bold=True)
    chart.title.overlay = False
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.txPr = chart.y_axis.txPr = text(900)
    chart.x_axis.majorTickMark = chart.y_axis.majorTickMark = "none"
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(w=6350, solidFill="E3E8EE"))
    chart.y_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(w=9525, solidFill=style.MUTED))
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(w=9525, solidFill=style.RULE))
    chart.display_blanks = "gap"
    chart.roundedCorners = False


def put(sheet: Worksheet, chart: BarChart | LineChart, area: Place) -> None:
    """Put a chart over an area of cells, with a small margin."""
    start = AnchorMarker(col=area.column - 1, row=area.row - 1, colOff=_MARGIN, rowOff=_MARGIN)
    end = AnchorMarker(col=area.column + area.columns - 1, row=area.row + area.rows - 1, colOff=0, rowOff=0)
    chart.anchor = TwoCellAnchor(editAs="oneCell", _from=start, to=end)
    sheet.add_chart(chart)


_MARGIN = 60000  # in English Metric Units, 360,000 a centimetre


def _reference(sheet: Worksheet, place: Place) -> Reference:
    return Reference(
        sheet,
        min_col=place.column,
        min_row=place.row,
        max_col=place.column + place.columns - 1,
        max_row=place.row + place.rows - 1,
    )


def _characters(size: int, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=style.INK, latin=Font(typeface=style.TYPEFACE))


def text(size: int) -> RichText:
    """Give text of a size, in hundredths of a point, for axes and labels."""
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=_characters(size)), endParaRPr=_characters(size))])
