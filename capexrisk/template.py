"""The review template as data: sections, fields, tables and results, each fact once.

The workbook's layout, its validations and messages, the functions' help, the findings and the documentation are
derived from these tables. Labels are the template's own words where it has the item. Money is in the review's
currency and unit; shares and margins are fractions (0.25 shows as 25%).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

TEMPLATE_VERSION = "1"
"""Counts up when a workbook made before needs `capexrisk roll` to hold what a new one holds."""

MAX_CUSTOMERS = 25
MAX_SCENARIOS = 24
QUARTERS = 8
CUSTOMERS_LIMIT = 1.005
"""How far the customers' revenues together may exceed AI revenue, as a multiple of it: rounding, no more."""

YES_NO = ("Yes", "No")
REVIEW_TYPES = ("Vendor review", "Budget request", "Pitch", "Investment")
SCOPES = ("Whole entity", "Project")
UNITS = ("", "k", "m", "bn")
UNIT_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}
PLAIN_UNIT = "ones"
"""How the unit "" is written where a blank means the default (a cell, a CSV)."""
KINDS = ("Model lab", "Hyperscaler", "Neocloud", "Enterprise", "Government", "Consumer", "Internal", "Other")
LAB_KINDS = ("Model lab", "Hyperscaler", "Neocloud")
CREDITS = ("Investment grade", "High yield", "Unrated")
STATUSES = ("Evidence", "Partial", "Assertion", "None")

RATINGS = ("Low", "Moderate", "High", "Severe")
VERDICTS = ("Holds", "Strained", "Breaks")
WAYS = ("Liquidity", "Debt service", "Collateral")
DECISIONS = ("Incomplete", "Speculative", "Restructure", "Conditional", "Proven")


@dataclass(frozen=True)
class Section:
    """One of the template's six headings; `scored` sections have a score of their own."""

    key: str
    title: str
    name: str
    scored: bool = True


SECTIONS = (
    Section("spend", "What is the spend?", "Spend"),
    Section("payers", "Who pays for it?", "Payers"),
    Section("revenue", "What revenue is real?", "Revenue"),
    Section("breaks", "What breaks first?", "Breaks"),
    Section("questions", "What should I ask in the meeting?", "Questions"),
    Section("decision", "Decision rule", "Decision", scored=False),
)
SCORED_SECTIONS = tuple(section.key for section in SECTIONS if section.scored)

DECISION_RULE = (
    "Spend that depends on future AI revenue which is not yet proven is treated as speculative until actual margins "
    "and customer demand prove otherwise."
)


@dataclass(frozen=True)
class Field:
    """One input of a review.

    `kind` is money, share, years, number, text, date or choice. `low` and `high` are bounds, met exactly being
    allowed unless `above_low`; `at_most` names the input that this one may not exceed. `default` is the value a
    blank takes (a constant) or, as text in `default_text`, how it follows from others (`figures.DEFAULTS` computes it).
    A field that is neither required nor has a default may stay blank. `headline` marks the template's own items.
    """

    key: str
    label: str
    section: str
    kind: str
    help: str = ""
    where: str = ""
    low: float | None = None
    high: float | None = None
    above_low: bool = False
    at_most: str | None = None
    required: bool = False
    default: float | str | None = None
    default_text: str = ""
    choices: tuple[str, ...] = ()
    headline: bool = False

    @property
    def optional(self) -> bool:
        """Whether a blank takes a default and is listed as assumed."""
        return self.default is not None or bool(self.default_text)

    @property
    def named(self) -> str:
        """The label as it stands in a sentence: one that is a question is quoted."""
        return f'"{self.label}"' if self.label.endswith("?") else self.label


_money = partial(Field, kind="money", low=0.0)
_share = partial(Field, kind="share", low=0.0, high=1.0)


FIELDS: tuple[Field, ...] = (
    # Identity
    Field("entity", "Entity", "identity", "text", required=True, help="The company, department or project reviewed."),
    Field(
        "review_type",
        "Review type",
        "identity",
        "choice",
        required=True,
        choices=REVIEW_TYPES,
        help="A vendor whose capacity you buy, a budget request, a pitch, or an investment.",
    ),
    Field(
        "scope",
        "Scope",
        "identity",
        "choice",
        choices=SCOPES,
        default="Whole entity",
        help="Project: fill in as if it were a company: cash = budget, debt 0 unless the project itself borrows, AI "
        "revenue = documented yearly saving or income, operating income = saving less running cost.",
    ),
    Field(
        "period_end",
        "Period end",
        "identity",
        "date",
        required=True,
        help="Last day of the twelve months that the figures cover.",
    ),
    Field("currency", "Currency", "identity", "text", required=True, help="ISO 4217 code, three letters: USD, EUR."),
    Field(
        "unit",
        "Unit",
        "identity",
        "choice",
        choices=UNITS,
        default="m",
        help="All money in this review is in this unit: ones, k (thousands), m (millions) or bn (billions).",
    ),
    Field("prepared_by", "Prepared by", "identity", "text", help="Who filled this in."),
    Field("review_date", "Review date", "identity", "date", help="The day of the review."),
    # 1 What is the spend?
    _money(
        "annual_capex",
        "Annual capex",
        "spend",
        required=True,
        above_low=True,
        headline=True,
        help="Capital expenditure of the year, in cash.",
        where="Cash flow statement, purchases of property and equipment",
    ),
    _money(
        "ai_capex",
        "AI-specific capex",
        "spend",
        required=True,
        above_low=True,
        at_most="annual_capex",
        headline=True,
        help="The part of it that buys AI capacity: chips, servers, data centres, power.",
        where="Management discussion, capex by purpose",
    ),
    _money(
        "debt_for_capex",
        "Debt used to fund it",
        "spend",
        required=True,
        at_most="annual_capex",
        headline=True,
        help="The part of annual capex that was paid with new debt.",
        where="Cash flow statement, proceeds from borrowings less repayments",
    ),
    _money(
        "lease_commitments",
        "Lease commitments",
        "spend",
        required=True,
        headline=True,
        help="Lease and purchase-commitment payments on contracts signed, undiscounted, that are not yet in operating "
        "costs (not yet started; under IFRS 16 all leases).",
        where="Lease note, leases not yet commenced; purchase commitments",
    ),
    Field(
        "lease_term",
        "Average term of those commitments",
        "spend",
        "years",
        low=1,
        high=40,
        default=15.0,
        help="Years over which the lease commitments are paid.",
        where="Lease note",
    ),
    _money(
        "lease_payments_12m",
        "Payments on them in the next 12 months",
        "spend",
        at_most="lease_commitments",
        default_text="lease commitments divided by their average term",
        help="What of the lease commitments is paid within a year.",
        where="Lease note, maturity table",
    ),
    _money(
        "lease_liability",
        "Lease liabilities already on the balance sheet, unless inside total debt",
        "spend",
        default=0.0,
        help="Operating and finance leases that have started.",
        where="Balance sheet, lease liabilities",
    ),
    _money(
        "guarantees",
        "Guarantees given for others' debt and leases",
        "spend",
        default=0.0,
        help="Type 0 if there are none.",
        where="Note on commitments and contingencies",
    ),
    _money(
        "total_debt",
        "Total debt",
        "spend",
        required=True,
        help="All borrowings, current and long-term.",
        where="Balance sheet and debt note",
    ),
    _money(
        "debt_due_12m",
        "Debt due within 12 months",
        "spend",
        required=True,
        at_most="total_debt",
        help="Principal that must be repaid or renewed within a year.",
        where="Debt note, maturity table",
    ),
    _money(
        "debt_due_24m",
        "Debt due in months 13 to 24",
        "spend",
        default_text="the debt due within 12 months, at most what remains",
        help="Together with the debt due within 12 months at most total debt.",
        where="Debt note, maturity table",
    ),
    _money(
        "interest_expense",
        "Interest for the year, capitalised interest included",
        "spend",
        required=True,
        help="Interest cost before any is capitalised.",
        where="Debt note; cash flow statement, interest paid",
    ),
    _share(
        "interest_rate",
        "Average rate on today's debt",
        "spend",
        default_text="interest over total debt, held between 3% and 20% (6% without debt)",
        help="As a yearly rate.",
        where="Debt note, effective rates",
    ),
    _share(
        "floating_share",
        "Share of debt at floating rates",
        "spend",
        default=0.5,
        help="The part of debt whose rate moves with the market.",
        where="Market risk note",
    ),
    _money(
        "cash",
        "Cash and liquid investments",
        "spend",
        required=True,
        help="What can be spent now; restricted cash left out.",
        where="Balance sheet",
    ),
    _money(
        "undrawn_facilities",
        "Undrawn committed facilities that are not meant for this capex",
        "spend",
        default=0.0,
        help="Revolving credit that lenders are bound to provide.",
        where="Debt note, liquidity section",
    ),
    _money(
        "committed_capex",
        "Capex committed for the next 12 months",
        "spend",
        default_text="this year's annual capex",
        help="What is signed or announced for the next year.",
        where="Guidance; purchase commitments",
    ),
    _money(
        "hardware_value",
        "Book value of AI hardware",
        "spend",
        above_low=True,
        default_text="the AI-specific capex",
        help="Servers, chips and network, after depreciation.",
        where="Property note",
    ),
    _money(
        "secured_debt",
        "Debt secured on that hardware",
        "spend",
        at_most="total_debt",
        default_text="hardware value times the debt-funded share of capex, at most total debt",
        help="Loans for which the hardware is the collateral.",
        where="Debt note, security",
    ),
    Field(
        "useful_life",
        "Useful life used for AI hardware",
        "spend",
        "years",
        low=1,
        high=40,
        default=6.0,
        help="Years over which it is depreciated.",
        where="Accounting policies, property",
    ),
    _money(
        "ai_depreciation",
        "Yearly depreciation of that hardware",
        "spend",
        at_most="depreciation",
        default_text="hardware value over useful life, at most total depreciation",
        help="The part of depreciation that falls on AI hardware.",
        where="Property note",
    ),
    # 2 Who pays for it?
    _money(
        "total_backlog",
        "Total backlog",
        "payers",
        default_text="the sum of the listed backlogs",
        help="All revenue contracted and not yet booked; at least the sum of the backlogs listed under Customers.",
        where="Revenue note, remaining performance obligations",
    ),
    # 3 What revenue is real?
    _money(
        "booked_revenue",
        "Actual booked revenue",
        "revenue",
        required=True,
        headline=True,
        help="Revenue of the year as booked.",
        where="Income statement",
    ),
    _money(
        "ai_revenue",
        "of which from AI capacity",
        "revenue",
        at_most="booked_revenue",
        default_text="all of it",
        help="The part of booked revenue that AI capacity earned.",
        where="Segment note",
    ),
    _money(
        "run_rate_revenue",
        "Revenue reported as run rate",
        "revenue",
        headline=True,
        default_text="the AI revenue booked",
        help="AI revenue, annualised: the last month times 12 or the last quarter times 4.",
        where="Earnings release",
    ),
    _share(
        "gross_margin",
        "Gross margin",
        "revenue",
        low=-20.0,
        required=True,
        headline=True,
        help="On AI revenue; not needed when AI revenue is 0.",
        where="Segment note; cost of revenue",
    ),
    Field(
        "margin_includes_depreciation",
        "Is depreciation inside that margin?",
        "revenue",
        "choice",
        choices=YES_NO,
        default="Yes",
        help="Yes when cost of revenue includes the depreciation of AI hardware.",
        where="Note on cost of revenue",
    ),
    _share(
        "operating_margin",
        "Operating margin",
        "revenue",
        low=-1000.0,
        required=True,
        headline=True,
        help="Of the whole entity; not needed when operating income is given.",
        where="Income statement",
    ),
    Field(
        "operating_income",
        "Operating income",
        "revenue",
        "money",
        default_text="booked revenue times operating margin",
        help="Needed when nothing is booked. With the operating margin given too, both must agree.",
        where="Income statement",
    ),
    _money(
        "depreciation",
        "Depreciation and amortisation",
        "revenue",
        required=True,
        help="All of it, for the year.",
        where="Cash flow statement",
    ),
    Field(
        "operating_cash_flow",
        "Operating cash flow",
        "revenue",
        "money",
        default_text="EBITDA less interest",
        help="Cash from operations, before capex.",
        where="Cash flow statement",
    ),
    _share(
        "inventory_build",
        "Share of AI revenue that is customers stocking ahead of use",
        "revenue",
        default=0.0,
        help="Bought now, used later. Type 0 if there is none.",
        where="Ask; customers' inventories",
    ),
    # 4 What breaks first?
    _share(
        "utilization",
        "Utilization of AI capacity today",
        "breaks",
        above_low=True,
        default=0.85,
        help="Capacity in paid use over capacity installed.",
        where="Ask; operating metrics",
    ),
    _share(
        "variable_cost_share",
        "Share of cash costs that falls when volume falls",
        "breaks",
        default=0.20,
        help="Power and staff that go with volume; rent and leases do not.",
        where="Ask; cost structure",
    ),
)
FIELD = {item.key: item for item in FIELDS}
NUMBER_KINDS = ("money", "share", "years", "number", "quarters", "days")
NUMBERS = tuple(item.key for item in FIELDS if item.kind in NUMBER_KINDS)
"""Keys of the inputs that are numbers, in the template's order."""

CUSTOMER_FIELDS: tuple[Field, ...] = (
    Field(
        "customer",
        "Customer",
        "payers",
        "text",
        required=True,
        help="One row for each ultimate parent, largest first, no totals; each name once.",
    ),
    Field(
        "kind",
        "Kind",
        "payers",
        "choice",
        required=True,
        choices=KINDS,
        help="Consumer is a pool of many small payers and is left out of the top-customer measures.",
    ),
    _money("revenue", "Revenue", "payers", required=True, help="AI revenue booked from it in the year."),
    _money("backlog", "Backlog", "payers", help="Contracted and not yet booked. Type 0 if there is none."),
    Field(
        "credit",
        "Credit",
        "payers",
        "choice",
        choices=CREDITS,
        default="Unrated",
        help="The payer's credit; it decides what a take-or-pay contract is worth.",
    ),
    Field(
        "take_or_pay",
        "Take-or-pay",
        "payers",
        "choice",
        choices=YES_NO,
        default="No",
        help="Yes when the customer must pay whether it uses the capacity or not.",
    ),
    Field(
        "circular",
        "Circular",
        "payers",
        "choice",
        choices=YES_NO,
        default="No",
        help="Yes when money also flows the other way: we, our group or our main supplier fund, own, lend to or "
        "guarantee it, or it funds, owns or supplies us.",
    ),
)
CUSTOMER_FIELD = {item.key: item for item in CUSTOMER_FIELDS}

SHOCKS: tuple[Field, ...] = (
    _share("volume", "Volume", "breaks", default=0.0, help="Share of every customer's AI volume that goes away."),
    _share(
        "top_volume", "Top volume", "breaks", default=0.0, help="Share of the largest customer's volume that goes away."
    ),
    _share("price", "Price", "breaks", default=0.0, help="Price cut to every AI customer."),
    _share("top_price", "Top price", "breaks", default=0.0, help="Price cut to the largest customer."),
    Field(
        "pause",
        "Pause",
        "breaks",
        "quarters",
        low=0,
        high=8,
        default=0.0,
        help="Whole quarters, from the first, in which the largest customer buys nothing.",
    ),
    Field(
        "delay_days",
        "Delay days",
        "breaks",
        "days",
        low=0,
        high=730,
        default=0.0,
        help="Days later than today that the largest customer pays.",
    ),
    _share(
        "rate_add",
        "Rate add",
        "breaks",
        default=0.0,
        help="Added to the rate of floating, renewed and new debt (3% is 300 basis points).",
    ),
    _share(
        "financing_cut",
        "Financing cut",
        "breaks",
        default=0.0,
        help="Share of maturing debt, and of new debt for capex, that lenders no longer provide.",
    ),
    _share(
        "draw_cut", "Draw cut", "breaks", default=0.0, help="Share of undrawn facilities that can no longer be drawn."
    ),
    _share("utilization", "Utilization", "breaks", default=0.0, help="Points of utilization lost (20% is 20 points)."),
    _share("resale", "Resale", "breaks", default=0.0, help="Share of the AI hardware's value that is lost."),
    _share(
        "contracts_hold",
        "Contracts hold",
        "breaks",
        default=0.0,
        help="0: take-or-pay protects nothing; 1: it protects volume and price as far as the customer's credit goes.",
    ),
)
SHOCK = {item.key: item for item in SHOCKS}


@dataclass(frozen=True)
class Question:
    """A question of section 5, or a part of the three-part test beside them (`three_part`)."""

    key: str
    text: str
    three_part: bool = False


QUESTIONS = (
    Question("question_1", "What exact workload justifies this spend?"),
    Question("question_2", "Which customer is paying today?"),
    Question("question_3", "What happens if that customer pauses for two quarters?"),
    Question("question_4", "What debt or lease obligations are attached?"),
    Question("question_5", "What numbers are you not showing me yet?"),
)
THREE_PART = (
    Question("behaviour", "The product behaviour that changes", three_part=True),
    Question("segment", "The user segment that pays for it", three_part=True),
    Question("margin", "The margin profile that makes it worth building", three_part=True),
)
NOT_SHOWN = ("run_rate_revenue", "inventory_build", "guarantees", "lease_liability", "committed_capex", "backlog")
"""While any of these is assumed, the fifth question can be no better than Partial."""


@dataclass(frozen=True)
class Metric:
    """A metric of the model: its label, how its value is shown, and the words for what is not a number.

    `kind` is multiple (0.0x), share, years or index. `beyond` says inf, `without` says no value. `assumed` lists the
    inputs which, while assumed, hold its score at 50 or worse.
    """

    key: str
    label: str
    section: str
    kind: str
    formula: str
    beyond: str = ""
    without: str = ""
    assumed: tuple[str, ...] = field(default=())


_NO_EARNINGS, _NOTHING, _NO_AI = "no earnings", "nothing to cover", "no AI revenue"

METRICS = (
    Metric("leverage", "Debt to EBITDA", "spend", "multiple", "total debt / EBITDA", _NO_EARNINGS),
    Metric(
        "committed_leverage", "Everything owed to EBITDA", "spend", "multiple",
        "(total debt + lease liabilities + present value of lease commitments + guarantees) / EBITDA", _NO_EARNINGS,
        assumed=("guarantees", "lease_liability"),
    ),
    Metric("interest_cover", "Interest cover", "spend", "multiple", "EBIT / interest", _NOTHING),
    Metric(
        "debt_service_cover", "Debt service cover (nothing refinanced)", "spend", "multiple",
        "EBITDA / (interest + lease payments + debt due within 12 months)", _NOTHING,
    ),
    Metric(
        "liquidity_cover", "Liquidity cover", "spend", "multiple",
        "(cash + undrawn facilities + operating cash flow) / (debt due + committed capex + lease payments)", _NOTHING,
        assumed=("committed_capex",),
    ),
    Metric("capex_to_cash_flow", "Capex to operating cash flow", "spend", "multiple",
           "annual capex / operating cash flow", _NO_EARNINGS),
    Metric("debt_funded_share", "Debt-funded share of capex", "spend", "share", "debt used to fund it / annual capex"),
    Metric("maturity_wall", "Debt due within 24 months", "spend", "share",
           "(due in 12 + due in months 13 to 24) / total debt"),
    Metric("top_customer", "Largest customer's share of AI revenue", "payers", "share",
           "largest customer's revenue / AI revenue, Consumer left out", without=_NO_AI),
    Metric("top_3_customers", "Top 3 customer share of revenue", "payers", "share",
           "three largest customers' revenue / AI revenue, Consumer left out", without=_NO_AI),
    Metric("concentration", "Concentration risk", "payers", "index",
           "Herfindahl-Hirschman index: 10,000 x sum of squared shares, Consumer left out", without=_NO_AI),
    Metric("lab_dependency", "Dependency on one model lab or one hyperscaler", "payers", "share",
           "largest share of AI revenue, or of backlog, of one model lab, hyperscaler or neocloud", without=_NO_AI,
           assumed=("backlog",)),
    Metric("circular_share", "Circular share of AI revenue", "payers", "share",
           "revenue from customers with money flowing the other way / AI revenue", without=_NO_AI),
    Metric("run_rate_gap", "Run rate above booked AI revenue", "revenue", "share",
           "run rate / AI revenue - 1", _NO_AI, assumed=("run_rate_revenue",)),
    Metric("adjusted_gross_margin", "Gross margin after depreciation", "revenue", "share",
           "gross margin, less AI depreciation / AI revenue when that is not inside it", without=_NO_AI),
    Metric("operating_margin", "Operating margin, whole entity", "revenue", "share",
           "operating income / booked revenue", without="nothing booked"),
    Metric("payback", "Payback period", "revenue", "years",
           "book value of AI hardware / (AI revenue x cash margin); scored over useful life", "never"),
    Metric("inventory_build", "Stocking ahead of use", "revenue", "share", "share of AI revenue that is stocking ahead",
           assumed=("inventory_build",)),
)  # fmt: skip
METRIC = {item.key: item for item in METRICS}


@dataclass(frozen=True)
class Check:
    """One of the six checks of the decision rule."""

    key: str
    label: str


CHECKS = (
    Check("booked", "Run rate is backed by booked revenue"),
    Check("margin", "Margins are real"),
    Check("payback", "It pays back in time"),
    Check("demand", "Demand does not hang on one payer"),
    Check("survives", "It survives the core scenarios"),
    Check("evidence", "Answers come with evidence"),
)
