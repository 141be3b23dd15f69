"""The other end of calc.py: runs under the Python that has LibreOffice's `uno` module and passes requests on.

Started by `calc.Calc`, never by hand. One JSON object a line on standard input, `{"do": name, ...}`, one a line on
standard output, `{"gives": ...}` or `{"error": sentence}`. An error value in a cell is an object too,
`{"error": "#VALUE!", "code": 519}`.
"""

import contextlib
import json
import os
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException
from com.sun.star.table import TableSortField
from com.sun.star.uno import RuntimeException
from com.sun.star.util import NumberFormat

ERROR_NAMES = {
    502: "Err:502",
    503: "#NUM!",
    504: "Err:504",
    519: "#VALUE!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
    32767: "#N/A",
}
CONTENTS = 1 | 2 | 4 | 16  # numbers, dates, texts, formulas; formats and comments stay
EXCEL_NOTATION = 3  # com.sun.star.sheet.AddressConvention.XL_OOX
FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xlsm": "Calc MS Excel 2007 VBA XML",
    ".ods": "calc8",
    ".pdf": "calc_pdf_Export",
}


def property_value(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


class Bridge:
    def __init__(self, pipe, seconds):
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        until = time.monotonic() + seconds
        while True:
            try:
                self.context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self.services = self.context.ServiceManager
        self.desktop = self.services.createInstanceWithContext("com.sun.star.frame.Desktop", self.context)
        self.documents = {}
        self.opened = 0

    def answer(self, do, **arguments):
        if "document" in arguments:
            arguments["document"] = self.documents[arguments["document"]]
        return getattr(self, "do_" + do)(**arguments)

    # The office

    def do_version(self):
        provider = self.services.createInstanceWithContext(
            "com.sun.star.configuration.ConfigurationProvider", self.context
        )
        access = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess",
            (property_value("nodepath", "/org.openoffice.Setup/Product"),),
        )
        return access.ooSetupVersionAboutBox

    def do_functions(self):
        described = self.services.createInstanceWithContext("com.sun.star.sheet.FunctionDescriptions", self.context)
        found = []
        for index in range(described.Count):
            properties = {item.Name: item.Value for item in described.getByIndex(index)}
            arguments = [
                {"name": argument.Name, "help": argument.Description, "optional": argument.IsOptional}
                for argument in properties["Arguments"] or ()
            ]
            found.append({"name": properties["Name"], "help": properties["Description"], "arguments": arguments})
        return found

    def do_quit(self):
        for document in self.documents.values():
            document.close(True)
        self.documents.clear()
        self.desktop.terminate()

    # Documents

    def do_open(self, path):
        url = uno.systemPathToFileUrl(path) if path else "private:factory/scalc"
        document = self.desktop.loadComponentFromURL(url, "_blank", 0, (property_value("Hidden", True),))
        if document is None:
            raise ValueError(f"LibreOffice cannot open {path}.")
        if not document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            document.close(True)
            raise ValueError(f"{path} is not a spreadsheet.")
        self.opened += 1
        self.documents[self.opened] = document
        return self.opened

    def do_close(self, document):
        self.documents = {number: one for number, one in self.documents.items() if one is not document}
        document.close(True)

    def do_save(self, document, path):
        extension = os.path.splitext(path)[1].lower()
        document.storeToURL(uno.systemPathToFileUrl(path), (property_value("FilterName", FILTERS[extension]),))

    def do_recalculate(self, document):
        document.calculateAll()

    def do_sheets(self, document):
        return list(document.Sheets.ElementNames)

    def do_names(self, document):
        return {name.Name: name.Content for name in document.NamedRanges}

    def do_where(self, document, name):
        ranges = document.NamedRanges
        area = ranges.getByName(name).getReferredCells() if ranges.hasByName(name) else None
        if area is None:
            raise ValueError(
                f"No name {name} that stands for cells; there are {', '.join(ranges.ElementNames) or 'none'}."
            )
        address = area.RangeAddress
        sheet = document.Sheets.getByIndex(address.Sheet).Name
        return [sheet, address.StartRow + 1, address.StartColumn + 1, address.EndRow + 1, address.EndColumn + 1]

    # Cells

    def sheet(self, document, name):
        if not document.Sheets.hasByName(name):
            raise ValueError(f"No sheet {name}; there are {', '.join(document.Sheets.ElementNames)}.")
        return document.Sheets.getByName(name)

    def area(self, document, sheet, area):
        first_row, first_column, last_row, last_column = (number - 1 for number in area)
        return self.sheet(document, sheet).getCellRangeByPosition(first_column, first_row, last_column, last_row)

    def do_used(self, document, sheet):
        cursor = self.sheet(document, sheet).createCursor()
        cursor.gotoEndOfUsedArea(False)
        return [cursor.RangeAddress.EndRow + 1, cursor.RangeAddress.EndColumn + 1]

    def do_values(self, document, sheet, area):
        cells = self.area(document, sheet, area)
        formulas = cells.getFormulaArray()
        rows = [list(row) for row in cells.getDataArray()]
        # One call gives the whole range, but with None for an error, 1.0 for TRUE, and "" for a blank cell too.
        for r, row in enumerate(rows):
            for c, item in enumerate(row):
                if item is None:
                    code = cells.getCellByPosition(c, r).getError()
                    row[c] = {"error": ERROR_NAMES.get(code, f"Err:{code}"), "code": code}
                elif item in (0.0, 1.0):
                    number_format = document.NumberFormats.getByKey(cells.getCellByPosition(c, r).NumberFormat)
                    row[c] = bool(item) if number_format.Type & NumberFormat.LOGICAL else item
                elif item == "" and not formulas[r][c]:
                    row[c] = None
        return rows

    def do_texts(self, document, sheet, area):
        cells = self.area(document, sheet, area)
        rows, columns = area[2] - area[0] + 1, area[3] - area[1] + 1
        return [[cells.getCellByPosition(c, r).String for c in range(columns)] for r in range(rows)]

    def do_formulas(self, document, sheet, area):
        return [list(row) for row in self.area(document, sheet, area).getFormulaArray()]

    def do_set(self, document, sheet, area, value):
        cells = self.area(document, sheet, area)
        cell = cells.getCellByPosition(0, 0)
        if isinstance(value, bool):
            cell.FormulaLocal = "TRUE" if value else "FALSE"
        elif isinstance(value, (int, float)):
            cell.Value = value
        elif value is None:
            cells.clearContents(CONTENTS)
        elif value.startswith("="):
            parser = document.createInstance("com.sun.star.sheet.FormulaParser")
            parser.CompileEnglish, parser.FormulaConvention = True, EXCEL_NOTATION
            tokens = parser.parseFormula(value[1:], cell.CellAddress)
            if area[:2] == area[2:]:
                cell.setTokens(tokens)
            else:
                cells.setArrayTokens(tokens)
        else:
            cell.String = value

    def do_fill(self, document, sheet, area, rows):
        cells = self.area(document, sheet, area)
        cells.setDataArray(tuple(tuple("" if item is None else item for item in row) for row in rows))
        for r, row in enumerate(rows):
            for c, item in enumerate(row):
                if isinstance(item, bool):  # the array would make it a number
                    cells.getCellByPosition(c, r).FormulaLocal = "TRUE" if item else "FALSE"

    def do_enter(self, document, sheet, area, text):
        self.area(document, sheet, area).getCellByPosition(0, 0).FormulaLocal = text

    # Rows and order

    def do_insert_rows(self, document, sheet, row, count):
        self.sheet(document, sheet).Rows.insertByIndex(row - 1, count)

    def do_delete_rows(self, document, sheet, row, count):
        self.sheet(document, sheet).Rows.removeByIndex(row - 1, count)

    def do_insert_columns(self, document, sheet, column, count):
        self.sheet(document, sheet).Columns.insertByIndex(column - 1, count)

    def do_sort(self, document, sheet, area, column, descending):
        field = TableSortField()
        field.Field, field.IsAscending = column - area[1], not descending
        fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
        self.area(document, sheet, area).sort(
            (property_value("SortFields", fields), property_value("ContainsHeader", False))
        )

    def do_protected(self, document, sheet):
        return self.sheet(document, sheet).isProtected()

    def do_protect(self, document, sheet, on):
        (self.sheet(document, sheet).protect if on else self.sheet(document, sheet).unprotect)("")


def sentence(error, request):
    message = (getattr(error, "Message", None) or str(error)).strip()
    return message or f"LibreOffice refused {request} ({type(error).__name__.rpartition('.')[2]})."


def main(pipe, seconds):
    bridge = Bridge(pipe, seconds)
    print(json.dumps({"gives": bridge.do_version()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"gives": bridge.answer(**request)}
        except Exception as error:
            reply = {"error": sentence(error, request["do"])}
        print(json.dumps(reply), flush=True)
    # Tests that were killed must leave no LibreOffice behind.
    with contextlib.suppress(DisposedException, RuntimeException):  # it may have left itself
        bridge.do_quit()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
