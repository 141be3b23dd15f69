# ruff: noqa: N802 - methods of COM
"""Excel as it is recorded for tests of the ribbon: what its dialogs will answer, and what happened to it.

Behind xlwings' own object model: names and arguments are those that xlwings and the buttons ask Excel for.
"""

import shutil
from types import SimpleNamespace

from pywin32 import Com, ComError


def pressed(classic, excel, button):
    """Press a button and wait as the VBA does; gives what the status bar showed."""
    answer, shown = classic.ask("capexrisk_addin.excel.ribbon", "press", button, excel), []
    while answer.startswith("working "):
        shown.append(answer.removeprefix("working "))
        answer = classic.ask("capexrisk_addin.excel.ribbon", "go_on", False, excel)
    assert answer == ""
    return shown


class Excel(Com):
    """Excel's application: what dialogs will answer, and what happened to it."""

    Version, Hwnd, Path = "16.0", 1, "C:\\Office"

    def __init__(self, *books):
        self.open = list(books)
        self.folder = self.save_as = None
        self.picked = []
        for book in books:
            book.Application = book.Parent = self

    @property
    def Workbooks(self):
        return Workbooks(self)

    @property
    def ActiveWorkbook(self):
        return self.open[-1]

    @property
    def Application(self):
        return self

    def GetSaveAsFilename(self, *arguments):
        self.picked.append(arguments)
        return self.save_as or False

    def FileDialog(self, kind):
        assert kind == 4
        return Dialog(self.folder)


class Dialog(Com):
    def __init__(self, folder):
        self.folder, self.SelectedItems = folder, Items(folder)

    def Show(self):
        return -1 if self.folder else 0


class Items(Com):
    def __init__(self, item):
        self.item = item

    def Item(self, number):
        return str(self.item)


class Workbooks(Com):
    def __init__(self, excel):
        self.excel, self.Application = excel, excel

    @property
    def Count(self):
        return len(self.excel.open)

    def __call__(self, wanted):
        for number, book in enumerate(self.excel.open, start=1):
            if wanted in (number, book.Name):
                return book
        raise ComError(wanted)

    def __iter__(self):
        return iter(self.excel.open)

    def Open(self, path, *_):
        book = Book(path)
        book.Application = book.Parent = self.excel
        self.excel.open.append(book)
        return book


class Book(Com):
    """An open workbook; `source` is the file that stands for what is on the screen."""

    def __init__(self, path, source=None, sheets=(), links=()):
        self.FullName, self.source = str(path), source
        self.Name = self.FullName.replace("\\", "/").rpartition("/")[2]
        self.sheets, self.links, self.changed = list(sheets), list(links), []
        self.Worksheets = Sheets(self.sheets)

    def SaveCopyAs(self, path):
        shutil.copyfile(self.source, path)

    def LinkSources(self, kind):
        assert kind == 1
        return tuple(self.links) or None

    def ChangeLink(self, old, new, kind):
        if "refused" in old:
            raise ComError(old)
        self.changed.append((old, new))


class Sheets(Com):
    def __init__(self, sheets):
        self.sheets = sheets

    @property
    def Count(self):
        return len(self.sheets)

    def __call__(self, wanted):
        return next(sheet for n, sheet in enumerate(self.sheets, start=1) if wanted in (n, sheet.Name))

    def __iter__(self):
        return iter(self.sheets)


class Cell(Com):
    """One cell of a sheet; `block` is the address of the array formula it belongs to."""

    def __init__(self, sheet, formula="", block=None, spills=False):
        self.Parent = self.Worksheet = sheet
        self._formula, self.block, self.HasSpill = formula, block, spills
        self.HasArray = block is not None
        self.Row = self.Column = 1
        self.Rows = self.Columns = SimpleNamespace(Count=1)

    @property
    def CurrentArray(self):
        return Array(self.Parent, self.block, self._formula)

    def _get(self):
        return self._formula

    def _enter(self, kind, formula):
        assert not self.Parent.ProtectContents, "Excel refuses to change a protected cell"
        self._formula = formula
        self.Parent.entered.append((kind, formula))

    Formula = property(_get, lambda self, formula: self._enter("Formula", formula))
    Formula2 = property(_get, lambda self, formula: self._enter("Formula2", formula))


class Array(Com):
    def __init__(self, sheet, address, formula):
        self.sheet, self.Address, self._formula = sheet, address, formula

    FormulaArray = property(
        lambda self: self._formula, lambda self, formula: self.sheet.entered.append(("FormulaArray", formula))
    )


class Used(Com):
    def __init__(self, sheet, cells):
        self.Parent = self.Worksheet = sheet
        self.cells = cells
        self.Row = self.Column = 1
        self.Rows, self.Columns = (SimpleNamespace(Count=n) for n in (len(cells), len(cells[0])))

    @property
    def Formula(self):
        return tuple(tuple(cell._formula for cell in row) for row in self.cells)

    def Cells(self, row, column):
        return self.cells[row - 1][column - 1]

    __call__ = Cells


class Protection(Com):
    AllowInsertingRows = AllowSorting = True

    def __getattr__(self, name):
        if name.startswith("Allow"):
            return False
        raise AttributeError(name)


class Sheet(Com):
    def __init__(self, name, rows, protected=False, password=""):
        self.Name, self.entered, self.password = name, [], password
        self.ProtectContents, self.ProtectDrawingObjects, self.ProtectScenarios = protected, protected, False
        self.Protection = Protection()
        self.calls = []
        self.UsedRange = Used(
            self, [[cell if isinstance(cell, Cell) else Cell(self, cell) for cell in row] for row in rows]
        )
        for row in self.UsedRange.cells:
            for cell in row:
                cell.Parent = cell.Worksheet = self

    def Cells(self, row, column):
        return self.UsedRange.cells[row - 1][column - 1]

    def Range(self, first, last):
        assert first is last, "one cell is asked for"
        return first

    def Unprotect(self, password):
        self.calls.append(("Unprotect", password))
        if password != self.password:
            raise ComError("the password is wrong")
        self.ProtectContents = False

    def Protect(self, *arguments):
        self.calls.append(("Protect", *arguments))
        self.ProtectContents = True
