"""The functions in Excel for Windows: an add-in built without Excel, its installer, the Python behind its ribbon."""
