"""New values for formulas: by the spreadsheet engine, within what it is trusted with, or the shorter way."""
