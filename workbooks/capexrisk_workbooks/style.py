"""How workbooks look: one palette, one typeface, a small set of named cell styles, and the number formats.

Conventions of financial modelling: inputs blue on light yellow, formulas black, links to other sheets green;
negatives in parentheses, zero as a dash, multiples as 0.0x. What can be typed into is unlocked, all else locked.
"""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import DataBarRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk_workbooks.pages.places import Place

TYPEFACE = "Calibri"
NAVY, SLATE, STEEL, PALE, RULE, WHITE = "1B2A41", "44546A", "5B7C99", "EAF0F6", "C9D3DE", "FFFFFF"
INK, MUTED, ON_NAVY = "1F2933", "6B7785", "B8C7D9"
INPUT_BLUE, INPUT_YELLOW, GOLD, LINK_GREEN = "0000FF", "FFFBE6", "E6DDB0", "00703C"
BAR = "C6D4E3"

TABS = {"Review": "E0B400", "Customers": "E0B400", "Scenarios": "E0B400", "Stress": NAVY, "Scorecard": NAVY}
"""Colours of the sheets' tabs: those one types in, and those that show results."""

GOOD, WARN, BAD = ("E4F2E7", "1E6B35"), ("FFF0D0", "8A5A00"), ("FADFDC", "9C1C14")
"""Fill and font of what holds, of what strains, and of what breaks; the cell's own text says the same."""

MONEY = '#,##0_);(#,##0);"–"_);@'
MONEY_FINE = '#,##0.0_);(#,##0.0);"–"_);@'
MONEY_TYPED = '#,##0.0##_);(#,##0.0##);"–"_);@'
FORMATS = {
    "money": MONEY,
    "share": '0.0%_);(0.0%);"–"_);@',
    "years": '0.0_);(0.0);"–"_);@',
    "number": '#,##0.0_);(#,##0.0);"–"_);@',
    "quarters": '0_);(0);"–"_);@',
    "days": '0_);(0);"–"_);@',
    "index": '#,##0_);(#,##0);"–"_);@',
    "multiple": '0.0x_);(0.0x);"–"_);@',
    "cover": '0.00x_);(0.00x);"–"_);@',
    "score": "0",
    "date": "yyyy-mm-dd_)",
    "text": "@",
    "choice": "@",
}


@dataclass(frozen=True)
class Look:
    """What a named cell style is made of; `lines` is none, bottom (a hair line under the cell) or box."""

    size: float = 10
    bold: bool = False
    italic: bool = False
    ink: str = INK
    fill: str | None = None
    across: str = "general"
    down: str = "center"
    wrap: bool = False
    indent: int = 0
    lines: str = "none"
    unlocked: bool = False
    shrink: bool = False

    def style(self, name: str) -> NamedStyle:
        """Give it as openpyxl's named style."""
        edge = Side(style="thin", color=GOLD if self.lines == "box" else RULE)
        borders = {"none": Border(), "bottom": Border(bottom=edge), "box": Border(edge, edge, edge, edge)}
        return NamedStyle(
            name=name,
            font=Font(name=TYPEFACE, size=self.size, bold=self.bold, italic=self.italic, color=self.ink),
            fill=PatternFill("solid", fgColor=self.fill) if self.fill else PatternFill(),
            border=borders[self.lines],
            alignment=Alignment(
                self.across, self.down, wrap_text=self.wrap, indent=self.indent, shrink_to_fit=self.shrink
            ),
            protection=Protection(locked=not self.unlocked),
        )


LOOKS = {
    "title": Look(11, bold=True, ink=WHITE, fill=NAVY),
    "title note": Look(9, ink=ON_NAVY, fill=NAVY, across="right", indent=1),
    "title note left": Look(9, ink=ON_NAVY, fill=NAVY),
    "band label": Look(8.5, ink=ON_NAVY, fill=NAVY, down="bottom"),
    "band value": Look(17, bold=True, ink=WHITE, fill=NAVY, across="left"),
    "band name": Look(17, bold=True, ink=WHITE, fill=NAVY, across="left", shrink=True),
    "band text": Look(10, ink=WHITE, fill=NAVY, across="left", down="top", wrap=True),
    "band words": Look(12, bold=True, ink=WHITE, fill=NAVY, across="left", wrap=True),
    "rule": Look(10, italic=True, ink=SLATE, across="left"),
    "decision": Look(11, bold=True, across="left", indent=1, lines="bottom", wrap=True),
    "column header": Look(9, bold=True, ink=WHITE, fill=SLATE, wrap=True, across="left"),
    "column header in": Look(9, bold=True, ink=WHITE, fill=SLATE, wrap=True, across="left", indent=1),
    "column header right": Look(9, bold=True, ink=WHITE, fill=SLATE, wrap=True, across="right"),
    "heading": Look(12, bold=True, ink=NAVY, fill=PALE),
    "subheading": Look(9, bold=True, ink=STEEL, down="bottom", lines="bottom"),
    "label": Look(lines="bottom", wrap=True),
    "headline label": Look(bold=True, lines="bottom", wrap=True),
    "unit": Look(9, ink=MUTED, across="left", indent=1, lines="bottom"),
    "input": Look(ink=INPUT_BLUE, fill=INPUT_YELLOW, across="right", lines="box", unlocked=True),
    "input text": Look(
        ink=INPUT_BLUE, fill=INPUT_YELLOW, across="left", indent=1, wrap=True, lines="box", unlocked=True
    ),
    "input link": Look(ink=LINK_GREEN, fill=INPUT_YELLOW, across="right", lines="box", unlocked=True),
    "source": Look(
        9, ink=INPUT_BLUE, fill=INPUT_YELLOW, across="left", indent=1, wrap=True, lines="box", unlocked=True
    ),
    "result": Look(across="right", lines="bottom"),
    "result text": Look(across="left", indent=1, lines="bottom", wrap=True),
    "result words": Look(9.5, across="left", indent=1, lines="bottom", wrap=True),
    "link": Look(ink=LINK_GREEN, across="right", lines="bottom"),
    "link text": Look(9.5, ink=LINK_GREEN, across="left", indent=1, lines="bottom", wrap=True),
    "own note": Look(9, ink=INPUT_BLUE, across="left", indent=1, lines="bottom", wrap=True, unlocked=True),
    "heading score": Look(12, bold=True, ink=LINK_GREEN, fill=PALE, across="right"),
    "mark": Look(9, bold=True, ink=BAD[1], across="center"),
    "unit right": Look(8.5, italic=True, ink=MUTED, across="right"),
    "note line": Look(9, ink=MUTED),
    "muted": Look(9, ink=MUTED, across="left", indent=1, lines="bottom"),
    "title line": Look(11, bold=True, ink=NAVY),
    "lead": Look(11, bold=True, ink=INK),
    "lead link": Look(11, bold=True, ink=LINK_GREEN),
    "note": Look(9, italic=True, ink=MUTED, wrap=True, down="top"),
    "prose": Look(wrap=True, down="top"),
    "formula words": Look(9, ink=MUTED, across="left", indent=1, lines="bottom", wrap=True),
    "result line": Look(across="left", indent=1, lines="bottom"),
    "result flow": Look(9.5, across="left", indent=1),
    "prose name": Look(bold=True, down="top"),
    "hyperlink": Look(9.5, ink="0563C1", indent=1, across="left", lines="bottom"),
    "heading link": Look(9.5, ink="0563C1", fill=PALE, indent=1, across="left"),
}


def name_of(look: str) -> str:
    """The style's name as Excel's gallery shows it."""
    return f"Review {look}"


def register(book: Workbook) -> None:
    """Add the named styles to a new workbook and set its default typeface."""
    for look, made in LOOKS.items():
        book.add_named_style(made.style(name_of(look)))
    book._fonts[0] = Font(name=TYPEFACE, size=10, color=INK)  # pyright: ignore[reportAttributeAccessIssue]


def dress(cell: Cell, look: str, number_format: str | None = None) -> None:
    """Give a cell a named style, and a number format of its own where one is needed."""
    cell.style = name_of(look)
    if number_format:
        cell.number_format = number_format


def metric_format(kind: str, key: str) -> str:
    """The number format of a metric: covers show hundredths, other multiples tenths."""
    return FORMATS["cover" if kind == "multiple" and "cover" in key else kind]


# --- Conditional formats: each says in text what it says in colour ---


def mark_words(sheet: Worksheet, place: Place, words: dict[str, tuple[str, str]], filled: bool = True) -> None:
    """Colour the cells of `place`, or without `filled` only their text, by the word that they begin with."""
    first = place.cell(0).local
    for word, (fill, ink) in words.items():
        back = PatternFill(bgColor=fill, fill_type="solid") if filled else None
        rule = FormulaRule(formula=[f'LEFT({first},{len(word)})="{word}"'], font=Font(color=ink, bold=True), fill=back)
        sheet.conditional_formatting.add(place.local, rule)


def score_bars(sheet: Worksheet, place: Place) -> None:
    """Draw a quiet bar from 0 to 100 behind the scores of `place`; the number stays readable in black and white."""
    sheet.conditional_formatting.add(place.local, DataBarRule("num", 0, "num", 100, color=f"FF{BAR}"))


def fine_money(sheet: Worksheet, place: Place, number_format: str = MONEY_FINE) -> None:
    """Show decimals of money in a review of small amounts, so that one in billions is not rounded away."""
    number = NumberFormat(numFmtId=_DIFFERENTIAL_FORMATS[number_format], formatCode=number_format)
    rule = FormulaRule(formula=["MAX(annual_capex,booked_revenue)<1000"])
    rule.dxf = DifferentialStyle(numFmt=number)
    sheet.conditional_formatting.add(place.local, rule)


_DIFFERENTIAL_FORMATS = {MONEY_FINE: 190, MONEY_TYPED: 191}  # beyond those that openpyxl gives to cells


def mark_open(sheet: Worksheet, place: Place) -> None:
    """Set what is required or wrong in red; the text begins with "Required" or says what it must be."""
    first = place.cell(0).local
    says = f'OR(LEFT({first},8)="Required",ISNUMBER(SEARCH("must be",{first})))'
    sheet.conditional_formatting.add(place.local, FormulaRule(formula=[says], font=Font(color=BAD[1], bold=True)))


def mark_assumptions(sheet: Worksheet, place: Place) -> None:
    """Set sources that begin with "assumption" in italics of another colour; the word itself stands in the cell."""
    first = place.cell(0).local
    rule = FormulaRule(formula=[f'LEFT({first},10)="assumption"'], font=Font(color=WARN[1], italic=True))
    sheet.conditional_formatting.add(place.local, rule)


LOCKED = Protection(locked=True)
VERDICT_WORDS = {"Holds": GOOD, "Strained": WARN, "Breaks": BAD}
CHECK_WORDS = {"Holds": GOOD, "OK": GOOD, "Fails": BAD, "Look": WARN}
FINDING_WORDS = {"missing": BAD, "wrong": BAD, "assumed": WARN, "unusual": WARN}
