"""The summary workbook, one module a sheet; `story` holds what they tell."""
