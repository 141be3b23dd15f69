"""The files: blank workbooks, reading, recalculating, writing back, portfolio summary."""
