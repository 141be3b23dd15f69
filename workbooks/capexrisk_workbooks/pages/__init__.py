"""The seven sheets, one module each: what is written where, in which look."""
