// What the pane shows of an assessed review. Nothing is said by colour alone.
import { liquidityChart } from "./chart.js";
import { make } from "./elements.js";

const RATINGS = ["Low", "Moderate", "High", "Severe"];
const KINDS = { missing: "Missing", wrong: "Wrong", assumed: "Assumed where blank", unusual: "Unusual" };
const BLOCKING = ["missing", "wrong"];

// What the reader has chosen and opened stays so when the review is read again.
const opened = new Map();
let chosenScenario = null;

/** Show a review; `select(sheet, cell)` goes to a cell. */
export function draw(review, select) {
  text("entity", review.entity || "A review without a name");
  text("about", review.about || "Review of AI capital expenditure");
  text("foot", `Policy ${review.policy}. ${review.version}. Not a credit rating.`);
  const blocking = review.findings.filter((finding) => BLOCKING.includes(finding.kind));
  fill(
    review.complete ? verdict(review) : incomplete(blocking),
    ...BLOCKING.map((kind) => findings(kind, review.findings, select, true)),
    review.complete ? stress(review) : null,
    review.complete ? section("Decision rule", checks(review.checks), failing(review.checks)) : null,
    review.complete ? section("Scores by section", scores(review.sections), "0 best, 100 worst") : null,
    review.ask.length ? section("Ask in the meeting", make("ul", { class: "ask" }, review.ask.map((question) => make("li", {}, question)))) : null,
    findings("unusual", review.findings, select, true),
    findings("assumed", review.findings, select, false),
  );
}

/** Show that this workbook is no review. */
export function drawNoReview(why) {
  text("entity", "Capex risk");
  text("about", "Review of AI capital expenditure");
  fill(make("section", { class: "card" }, make("h2", {}, "This workbook is not a review"), make("p", {}, why)));
}

/** Show what went wrong, above the review as it was last read. */
export function drawFailure(why) {
  const failure = make("section", { class: "card failure", role: "alert" }, make("h2", {}, "The review could not be checked"), make("p", {}, why));
  const shown = [...document.getElementById("review").children].filter((block) => !block.matches(".failure"));
  fill(failure, ...shown);
}

const text = (id, value) => (document.getElementById(id).textContent = value);

/** Put these blocks in place of what is shown, and the keyboard's focus where it was. */
function fill(...blocks) {
  const key = document.activeElement?.dataset.key;
  document.getElementById("review").replaceChildren(...blocks.filter(Boolean));
  if (key) document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function section(heading, body, note) {
  return make("section", {}, make("h2", {}, heading, note ? make("span", { class: "note" }, note) : null), body);
}

function verdict(review) {
  const score = Math.round(review.score);
  return make(
    "section",
    { class: `card rating-${review.rating.toLowerCase()}`, "aria-label": "Verdict" },
    make(
      "div",
      { class: "score" },
      make("span", { class: "number" }, String(score)),
      make("span", {}, make("span", { class: "rating" }, `${review.rating} risk`), make("span", { class: "muted block" }, "of 100, 0 is best")),
    ),
    gauge(review),
    make(
      "dl",
      { class: "facts" },
      make("dt", {}, "Decision"),
      make("dd", {}, make("strong", {}, review.decision), make("span", { class: "block" }, sentence(review.reason))),
      make("dt", {}, "Breaks first"),
      make("dd", {}, make("span", {}, sentence(review.breaks_first))),
    ),
  );
}

function gauge(review) {
  const zones = RATINGS.map((rating) => make("span", { class: `zone ${rating === review.rating ? "here" : ""}` }, rating));
  const marker = make("span", { class: "marker" });
  marker.style.left = `${Math.min(100, Math.max(0, review.score))}%`;
  return make("div", { class: "gauge", "aria-hidden": "true" }, make("div", { class: "zones" }, zones), marker);
}

function incomplete(blocking) {
  const count = blocking.length;
  return make(
    "section",
    { class: "card incomplete", "aria-label": "Verdict" },
    make("div", { class: "score" }, make("span", { class: "rating" }, "Incomplete")),
    make("p", {}, `No score yet: ${count === 1 ? "one input is" : `${count} inputs are`} missing or wrong. Press one to go to its cell.`),
  );
}

function stress(review) {
  const chart = liquidityChart(review.stress, review.unit);
  const rows = review.stress.map((scenario) =>
    make(
      "button",
      {
        type: "button",
        class: `scenario ${scenario.verdict.toLowerCase()}`,
        "data-key": `scenario ${scenario.key}`,
        onclick: () => {
          chosenScenario = scenario.key;
          choose(scenario);
        },
      },
      make("span", { class: "label" }, scenario.label),
      make("span", { class: "verdict" }, scenario.verdict),
      make("span", { class: "said" }, detail(scenario)),
    ),
  );
  function choose(chosen) {
    chart.choose(chosen);
    rows.forEach((row, index) => row.setAttribute("aria-pressed", String(review.stress[index] === chosen)));
  }
  choose(review.stress.find((scenario) => scenario.key === chosenScenario) ?? worst(review.stress));
  const first = (scenario) => scenario.core || scenario.key === "base";
  const others = rows.filter((_, index) => !first(review.stress[index]));
  const breaking = review.stress.filter((scenario) => scenario.verdict === "Breaks").length;
  const broken = review.stress.filter((scenario) => !first(scenario) && scenario.verdict === "Breaks").length;
  const more = make("span", {}, `${others.length} more, ${counted(broken, others.length)}`);
  return section(
    "Liquidity by scenario",
    make(
      "div",
      {},
      chart.drawing,
      make("div", { class: "scenarios" }, rows.filter((_, index) => first(review.stress[index]))),
      others.length ? folding("more", more, make("div", { class: "scenarios" }, others), false) : null,
    ),
    counted(breaking, review.stress.length),
  );
}

/** "none breaks", "1 of 13 breaks", "all 13 break". */
function counted(breaking, all) {
  if (!breaking) return "none breaks";
  if (breaking === all) return all === 1 ? "it breaks" : `all ${all} break`;
  return `${breaking} of ${all} break${breaking === 1 ? "s" : ""}`;
}

/** The outcome without the verdict that stands beside it: "in Q3: liquidity −120 m" for "Breaks in Q3: …". */
function detail(scenario) {
  return sentence(scenario.sentence.replace(new RegExp(`^${scenario.verdict}[: ]+`), ""));
}

/** The core scenario that ends lowest: the first to look at. */
function worst(scenarios) {
  const core = scenarios.filter((scenario) => scenario.core);
  const lowest = (scenario) => Math.min(...scenario.liquidity);
  return (core.length ? core : scenarios).reduce((a, b) => (lowest(b) < lowest(a) ? b : a));
}

function checks(list) {
  return make(
    "ul",
    { class: "checks" },
    list.map((check) =>
      make(
        "li",
        { class: check.ok ? "holds" : "fails" },
        make("span", { class: "mark" }, check.ok ? "✓ Holds" : "✕ Fails"),
        make("span", { class: "label" }, check.label),
        make("span", { class: "said" }, check.text),
      ),
    ),
  );
}

function failing(list) {
  const count = list.filter((check) => !check.ok).length;
  return count ? `${count} of ${list.length} fail${count === 1 ? "s" : ""}` : "all hold";
}

function scores(list) {
  return make(
    "ul",
    { class: "bars" },
    list.map((item) => {
      const bar = make("span", { class: "fill" });
      bar.style.width = `${item.score}%`;
      return make(
        "li",
        { class: `rating-${item.rating.toLowerCase()}` },
        make("span", { class: "label" }, item.label),
        make("span", { class: "bar", "aria-hidden": "true" }, bar),
        make("span", { class: "points" }, `${Math.round(item.score)}`),
        make("span", { class: "said" }, item.rating),
      );
    }),
  );
}

/** The findings of one kind, each with a link to its cell; folded away unless `open`. */
function findings(kind, all, select, open) {
  const list = all.filter((finding) => finding.kind === kind);
  if (!list.length) return null;
  const rows = list.map((finding) =>
    make(
      "li",
      {},
      make(
        "button",
        { type: "button", class: "cell", "data-key": `${finding.kind} ${finding.label} ${finding.cell}`, "aria-label": `Go to cell ${finding.cell} of ${finding.sheet}`, onclick: () => select(finding.sheet, finding.cell) },
        `${finding.sheet}!`,
        make("wbr"),
        finding.cell,
      ),
      make("span", { class: "said" }, finding.text),
    ),
  );
  const heading = make("h2", {}, KINDS[kind], make("span", { class: "note" }, String(list.length)));
  return make("section", {}, folding(kind, heading, make("ul", { class: `findings ${kind}` }, rows), open));
}

function folding(key, heading, body, open) {
  const ontoggle = (event) => opened.set(key, event.target.open);
  return make("details", { open: opened.get(key) ?? open, class: key, ontoggle }, make("summary", { "data-key": key }, heading), body);
}

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
