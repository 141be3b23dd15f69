"""The Excel functions: cell ranges in, cell values out."""
