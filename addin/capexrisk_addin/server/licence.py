"""The licence of xlwings Server, an optional extra that is not ours, said in one sentence."""

VARIABLE = "XLWINGS_LICENSE_KEY"
NONCOMMERCIAL = "noncommercial"
"""The key that says that the use is noncommercial."""

SENTENCE = (
    "This server uses xlwings Server, which is free for noncommercial use only (PolyForm Noncommercial 1.0.0); "
    "any other use needs a paid licence, see https://www.xlwings.org/pricing."
)
