"""The functions in Excel for Windows: the add-in built without Excel, its installer, and the Python behind its ribbon."""
