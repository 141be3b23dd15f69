"""The faces: command line, Excel add-in, Calc extension, server add-in."""
