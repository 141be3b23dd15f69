"""The reference calculation, part one: the inputs of a review, their bounds, defaults and findings.

Money in the review's unit, shares as fractions. This is the second, independent copy of the rules on purpose:
nothing here is taken from the packages under test, so that the two can disagree.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

NOISE = 1e-9

REVIEW_TYPES = ("Vendor review", "Budget request", "Pitch", "Investment")
SCOPES = ("Whole entity", "Project")
UNITS = ("", "k", "m", "bn")
KINDS = ("Model lab", "Hyperscaler", "Neocloud", "Enterprise", "Government", "Consumer", "Internal", "Other")
CREDITS = ("Investment grade", "High yield", "Unrated")
STATUSES = ("Evidence", "Partial", "Assertion", "None")
YES_NO = ("Yes", "No")

# key: (is it money, lowest, highest, must it be above the lowest)
NUMBERS: dict[str, tuple[bool, float, float, bool]] = {
    "annual_capex": (True, 0, math.inf, True),
    "ai_capex": (True, 0, math.inf, True),
    "debt_for_capex": (True, 0, math.inf, False),
    "lease_commitments": (True, 0, math.inf, False),
    "lease_term": (False, 1, 40, False),
    "lease_payments_12m": (True, 0, math.inf, False),
    "lease_liability": (True, 0, math.inf, False),
    "guarantees": (True, 0, math.inf, False),
    "total_debt": (True, 0, math.inf, False),
    "debt_due_12m": (True, 0, math.inf, False),
    "debt_due_24m": (True, 0, math.inf, False),
    "interest_expense": (True, 0, math.inf, False),
    "interest_rate": (False, 0, 1, False),
    "floating_share": (False, 0, 1, False),
    "cash": (True, 0, math.inf, False),
    "undrawn_facilities": (True, 0, math.inf, False),
    "committed_capex": (True, 0, math.inf, False),
    "hardware_value": (True, 0, math.inf, True),
    "secured_debt": (True, 0, math.inf, False),
    "useful_life": (False, 1, 40, False),
    "ai_depreciation": (True, 0, math.inf, False),
    "total_backlog": (True, 0, math.inf, False),
    "booked_revenue": (True, 0, math.inf, False),
    "ai_revenue": (True, 0, math.inf, False),
    "run_rate_revenue": (True, 0, math.inf, False),
    "gross_margin": (False, -20, 1, False),
    "operating_margin": (False, -1000, 1, False),
    "operating_income": (True, -math.inf, math.inf, False),
    "depreciation": (True, 0, math.inf, False),
    "operating_cash_flow": (True, -math.inf, math.inf, False),
    "inventory_build": (False, 0, 1, False),
    "utilization": (False, 0, 1, True),
    "variable_cost_share": (False, 0, 1, False),
}

REQUIRED = (
    "annual_capex",
    "ai_capex",
    "debt_for_capex",
    "lease_commitments",
    "total_debt",
    "debt_due_12m",
    "interest_expense",
    "cash",
    "booked_revenue",
    "depreciation",
)
# Required only in some reviews, and without a default of their own.
SOMETIMES_REQUIRED = ("gross_margin", "operating_margin")

# (smaller, larger): the first may not exceed the second.
WITHIN = (
    ("ai_capex", "annual_capex"),
    ("debt_for_capex", "annual_capex"),
    ("lease_payments_12m", "lease_commitments"),
    ("debt_due_12m", "total_debt"),
    ("secured_debt", "total_debt"),
    ("ai_depreciation", "depreciation"),
    ("ai_revenue", "booked_revenue"),
)

SHOCK_LIMITS: dict[str, float] = {
    "volume": 1,
    "top_volume": 1,
    "price": 1,
    "top_price": 1,
    "pause": 8,
    "delay_days": 730,
    "rate_add": 1,
    "financing_cut": 1,
    "draw_cut": 1,
    "utilization": 1,
    "resale": 1,
    "contracts_hold": 1,
}

# The policy's scenarios; inventory_unwind takes its volume from the input inventory_build.
SCENARIOS: dict[str, tuple[str, dict[str, float]]] = {
    "base": ("Today", {}),
    "spend_drop": ("If customer spend drops 25%", {"volume": 0.25}),
    "financing": ("If financing tightens", {"rate_add": 0.03, "financing_cut": 0.5, "draw_cut": 0.5}),
    "utilization": ("If utilization falls", {"utilization": 0.20, "contracts_hold": 1}),
    "model_stall": (
        "If model quality stalls",
        {"price": 0.20, "utilization": 0.10, "resale": 0.50, "contracts_hold": 1},
    ),
    "buyer_halves": ("If the top buyer halves its spend", {"top_volume": 0.5}),
    "buyer_delays": ("If the top buyer delays payment", {"delay_days": 90}),
    "buyer_negotiates": ("If the top buyer negotiates harder", {"top_price": 0.20}),
    "buyer_pauses": ("If the top buyer pauses two quarters", {"pause": 2}),
    "spend_drop_contracted": ("If spend drops 25% and contracts hold", {"volume": 0.25, "contracts_hold": 1}),
    "gpu_resale": ("If the hardware must be sold", {"resale": 0.50}),
    "inventory_unwind": ("If stocking ahead unwinds", {}),
    "bust": (
        "If the boom turns to bust",
        {
            "volume": 0.25,
            "price": 0.10,
            "rate_add": 0.03,
            "financing_cut": 0.75,
            "draw_cut": 0.5,
            "utilization": 0.10,
            "resale": 0.85,
        },
    ),
}
MOST_CUSTOMERS = 25
MOST_SCENARIOS = 24

# While one of these is assumed, the question about the numbers not shown is Partial at best.
NOT_SHOWN = (
    "run_rate_revenue",
    "inventory_build",
    "guarantees",
    "lease_liability",
    "committed_capex",
    "backlog",
)


@dataclass(frozen=True)
class Customer:
    """One payer: amounts as money, protection as the share of its revenue that a contract keeps."""

    kind: str
    revenue: float
    backlog: float
    protection: float
    circular: bool


@dataclass(frozen=True)
class Case:
    """A complete review with every default filled in; `x` holds the figures by key."""

    x: dict[str, float]
    review_type: str
    depreciation_inside: bool
    customers: list[Customer]
    statuses: list[str]
    three_part: bool
    scenarios: list[tuple[str, str, dict[str, float]]]
    assumed: set[str]
    eps: float


def plain(entry: Any) -> Any:
    """The value of an entry; a blank (None, empty or only spaces) is None."""
    if isinstance(entry, dict):
        entry = entry.get("value")
    if isinstance(entry, str):
        entry = entry.strip()
        return entry or None
    return entry


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_date(value: Any) -> bool:
    if isinstance(value, date):
        return True
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


class Reader:
    """Goes through one review and notes what it finds."""

    def __init__(self, review: dict[str, Any]) -> None:
        self.inputs: dict[str, Any] = review.get("inputs") or {}
        self.review = review
        self.findings: list[dict[str, Any]] = []
        self.x: dict[str, float] = {}
        self.assumed: set[str] = set()
        sizes = [plain(self.inputs.get(key)) for key in ("booked_revenue", "annual_capex")]
        self.eps = NOISE * max([0.0, *(size for size in sizes if is_number(size))])

    def find(self, kind: str, key: str, **where: Any) -> None:
        self.findings.append({"kind": kind, "key": key, **where})

    @property
    def incomplete(self) -> bool:
        return any(finding["kind"] in ("missing", "wrong") for finding in self.findings)

    def read_identity(self) -> None:
        required = {
            "entity": lambda value: isinstance(value, str),
            "review_type": lambda value: value in REVIEW_TYPES,
            "period_end": is_date,
            "currency": lambda value: isinstance(value, str) and len(value) == 3 and value.isalpha(),
        }
        for key, is_right in required.items():
            value = plain(self.inputs.get(key))
            if value is None:
                self.find("missing", key)
            elif not is_right(value):
                self.find("wrong", key)
        for key, choices in (("scope", SCOPES), ("unit", UNITS)):
            value = plain(self.inputs.get(key))
            if value is None and self.inputs.get(key) != "":
                self.find("assumed", key)
            elif value is not None and value not in choices:
                self.find("wrong", key)
        value = plain(self.inputs.get("review_date"))
        if value is not None and not is_date(value):
            self.find("wrong", "review_date")

    def tolerance(self, money: bool, limit: float) -> float:
        return self.eps if money else NOISE * max(1, abs(limit))

    def within(self, value: float, money: bool, lowest: float, highest: float, above: bool) -> bool:
        if above and value <= lowest + self.tolerance(money, lowest):
            return False
        if lowest > -math.inf and value < lowest - self.tolerance(money, lowest):
            return False
        return not (highest < math.inf and value > highest + self.tolerance(money, highest))

    def read_numbers(self) -> None:
        for key, (money, lowest, highest, above) in NUMBERS.items():
            value = plain(self.inputs.get(key))
            if value is None:
                if key in REQUIRED:
                    self.find("missing", key)
                elif key not in SOMETIMES_REQUIRED:
                    self.assumed.add(key)
            elif not is_number(value) or not self.within(value, money, lowest, highest, above):
                self.find("wrong", key)
            else:
                self.x[key] = float(value)
        inside = plain(self.inputs.get("margin_includes_depreciation"))
        if inside is None:
            self.assumed.add("margin_includes_depreciation")
        elif inside not in YES_NO:
            self.find("wrong", "margin_includes_depreciation")
        self.depreciation_inside = inside != "No"

    def check_numbers(self) -> None:
        x, eps = self.x, self.eps
        for smaller, larger in WITHIN:
            if smaller in x and larger in x and x[smaller] > x[larger] + eps:
                self.find("wrong", smaller)
        due = ("debt_due_12m", "debt_due_24m", "total_debt")
        if all(key in x for key in due) and x["debt_due_12m"] + x["debt_due_24m"] > x["total_debt"] + eps:
            self.find("wrong", "debt_due_24m")

        booked = x.get("booked_revenue")
        ai = x.get("ai_revenue", booked)
        blank = {key: plain(self.inputs.get(key)) is None for key in NUMBERS}
        if blank["gross_margin"] and not (ai is not None and ai <= eps):
            self.find("missing", "gross_margin")
        if blank["operating_margin"] and blank["operating_income"]:
            self.find("missing", "operating_margin")
        if blank["operating_income"] and booked is not None and booked <= eps:
            self.find("missing", "operating_income")

        if booked is None:
            return
        margin = x.get("operating_margin")
        income = x.get("operating_income")
        agree = income is None or margin is None or abs(income - booked * margin) <= 0.01 * booked + eps
        if booked > eps and not agree:
            self.find("wrong", "operating_income")
        if income is None and margin is not None and blank["operating_income"]:
            income = booked * margin
        if income is not None and "depreciation" in x and income + x["depreciation"] > booked + eps:
            self.find("wrong", "operating_income")

    def fill_defaults(self) -> None:
        x, eps = self.x, self.eps
        x.setdefault("lease_term", 15.0)
        x.setdefault("lease_payments_12m", x["lease_commitments"] / x["lease_term"])
        x.setdefault("lease_liability", 0.0)
        x.setdefault("guarantees", 0.0)
        x.setdefault("debt_due_24m", min(x["debt_due_12m"], x["total_debt"] - x["debt_due_12m"]))
        if "interest_rate" not in x:
            if x["total_debt"] <= eps:
                x["interest_rate"] = 0.06
            else:
                x["interest_rate"] = min(max(x["interest_expense"] / x["total_debt"], 0.03), 0.20)
        x.setdefault("floating_share", 0.5)
        x.setdefault("undrawn_facilities", 0.0)
        x.setdefault("committed_capex", x["annual_capex"])
        x.setdefault("hardware_value", x["ai_capex"])
        funded = x["debt_for_capex"] / x["annual_capex"]
        x.setdefault("secured_debt", min(x["total_debt"], x["hardware_value"] * funded))
        x.setdefault("useful_life", 6.0)
        x.setdefault("ai_depreciation", min(x["depreciation"], x["hardware_value"] / x["useful_life"]))
        x.setdefault("ai_revenue", x["booked_revenue"])
        x.setdefault("run_rate_revenue", x["ai_revenue"])
        x.setdefault("gross_margin", 0.0)  # only without AI revenue, where nothing asks for it
        if "operating_income" not in x:
            x["operating_income"] = x["booked_revenue"] * x["operating_margin"]
        x.setdefault("operating_cash_flow", x["operating_income"] + x["depreciation"] - x["interest_expense"])
        x.setdefault("inventory_build", 0.0)
        x.setdefault("utilization", 0.85)
        x.setdefault("variable_cost_share", 0.20)

    def note_unusual(self) -> None:
        x, eps = self.x, self.eps
        if x["total_debt"] > eps and x["interest_expense"] / x["total_debt"] > 0.20 + NOISE:
            self.find("unusual", "interest_expense")
        if x["ai_revenue"] > eps:
            margin = x["gross_margin"] + x["ai_depreciation"] / x["ai_revenue"]
            if self.depreciation_inside and margin > 1 + NOISE:
                self.find("unusual", "gross_margin")
            if x["run_rate_revenue"] < x["ai_revenue"] - eps:
                self.find("unusual", "run_rate_revenue")
        if x["useful_life"] > 6 + 6 * NOISE:
            self.find("unusual", "useful_life")
        if x["booked_revenue"] > eps:
            apart = x["booked_revenue"] / x["annual_capex"]
            if max(apart, 1 / apart) > 10_000 * (1 + NOISE):
                self.find("unusual", "booked_revenue")

    def read_customers(self) -> list[Customer]:
        columns = ("customer", "kind", "revenue", "backlog", "credit", "take_or_pay", "circular")
        rows = [{column: plain(row.get(column)) for column in columns} for row in self.review.get("customers") or []]
        rows = [row for row in rows if any(value is not None for value in row.values())]
        if len(rows) > MOST_CUSTOMERS:
            self.find("wrong", "customers")
        ai = self.x.get("ai_revenue", self.x.get("booked_revenue"))
        if not rows and not (ai is not None and ai <= self.eps):
            self.find("missing", "customers")

        seen: set[str] = set()
        customers: list[Customer] = []
        for number, row in enumerate(rows, start=1):
            before = len(self.findings)
            for column in ("customer", "kind", "revenue"):
                if row[column] is None:
                    self.find("missing", column, row=number)
            if row["customer"] is not None:
                name = str(row["customer"]).casefold()
                if name in seen:
                    self.find("wrong", "customer", row=number)
                seen.add(name)
            lists = {"kind": KINDS, "credit": CREDITS, "take_or_pay": YES_NO, "circular": YES_NO}
            for column, choices in lists.items():
                if row[column] is not None and row[column] not in choices:
                    self.find("wrong", column, row=number)
            for column in ("revenue", "backlog"):
                value = row[column]
                if value is not None and not (is_number(value) and value >= -self.eps):
                    self.find("wrong", column, row=number)
            if len(self.findings) > before:
                continue
            enforceable = {"Investment grade": 0.95, "High yield": 0.75, "Unrated": 0.30}[row["credit"] or "Unrated"]
            customers.append(
                Customer(
                    kind=row["kind"],
                    revenue=float(row["revenue"]),
                    backlog=float(row["backlog"] or 0),
                    protection=enforceable if row["take_or_pay"] == "Yes" else 0.0,
                    circular=row["circular"] == "Yes",
                )
            )
        if all(row["backlog"] is None for row in rows):
            self.assumed.add("backlog")

        total = sum(customer.revenue for customer in customers)
        if ai is not None and total > 1.005 * ai + self.eps:
            self.find("wrong", "customers")
        listed = sum(customer.backlog for customer in customers)
        if "total_backlog" in self.x and self.x["total_backlog"] < listed - self.eps:
            self.find("wrong", "total_backlog")
        self.x.setdefault("total_backlog", listed)
        return customers

    def read_questions(self) -> list[str]:
        rows = self.review.get("questions") or []
        if len(rows) > 5:
            self.find("wrong", "questions")
        statuses = []
        for number in range(5):
            row = rows[number] if number < len(rows) else {}
            status = plain(row.get("status")) or "None"
            if status not in STATUSES:
                self.find("wrong", "status", row=number + 1)
            if status in ("Evidence", "Partial") and plain(row.get("source")) is None:
                status = "Assertion"
            statuses.append(status)
        if statuses[4] == "Evidence" and any(key in self.assumed for key in NOT_SHOWN):
            statuses[4] = "Partial"
        return statuses

    def read_three_part(self) -> bool:
        texts = self.review.get("three_part") or {}
        return all(plain(texts.get(key)) is not None for key in ("behaviour", "segment", "margin"))

    def read_scenarios(self) -> list[tuple[str, str, dict[str, float]]]:
        table: dict[str, tuple[str, dict[str, float]]] = dict(SCENARIOS)
        typed: set[str] = set()
        unwinds = None
        for number, row in enumerate(self.review.get("scenarios") or [], start=1):
            key = plain(row.get("scenario"))
            if key is None:
                self.find("missing", "scenario", row=number)
                continue
            if key in typed:
                self.find("wrong", "scenario", row=number)
            typed.add(key)
            shocks: dict[str, float] = {}
            for shock, highest in SHOCK_LIMITS.items():
                value = plain(row.get(shock))
                if value is None:
                    continue
                right = is_number(value) and self.within(value, False, 0, highest, False)
                if right and shock == "pause" and abs(value - round(value)) > NOISE * max(1, abs(value)):
                    right = False
                if right and key == "base" and abs(value) > NOISE:
                    right = False
                if right:
                    shocks[shock] = float(round(value)) if shock == "pause" else float(value)
                else:
                    self.find("wrong", shock, row=number)
            if key == "inventory_unwind":
                unwinds = shocks.get("volume")
            label = plain(row.get("label")) or (SCENARIOS[key][0] if key in SCENARIOS else key)
            table[key] = (label, shocks)
        if len(table) > MOST_SCENARIOS:
            self.find("wrong", "scenarios")
        if unwinds is None:
            label, shocks = table["inventory_unwind"]
            table["inventory_unwind"] = (label, {**shocks, "volume": self.x.get("inventory_build", 0.0)})
        return [(key, label, shocks) for key, (label, shocks) in table.items()]


def read(review: dict[str, Any]) -> tuple[Case | None, list[dict[str, Any]]]:
    """One review as it was typed: the case with its defaults (None when Incomplete) and the findings."""
    reader = Reader(review)
    reader.read_identity()
    reader.read_numbers()
    reader.check_numbers()
    customers = reader.read_customers()
    statuses = reader.read_questions()
    three_part = reader.read_three_part()
    scenarios = reader.read_scenarios()
    for key in sorted(reader.assumed):
        reader.find("assumed", key)
    if reader.incomplete:
        return None, reader.findings
    reader.fill_defaults()
    reader.note_unusual()
    case = Case(
        x=reader.x,
        review_type=plain(reader.inputs["review_type"]),
        depreciation_inside=reader.depreciation_inside,
        customers=customers,
        statuses=statuses,
        three_part=three_part,
        scenarios=scenarios,
        assumed=reader.assumed,
        eps=reader.eps,
    )
    return case, reader.findings
