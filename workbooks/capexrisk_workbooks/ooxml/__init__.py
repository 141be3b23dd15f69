"""Workbook files as they are stored: the zip package, sheets' XML, values spliced in, files replaced whole."""
