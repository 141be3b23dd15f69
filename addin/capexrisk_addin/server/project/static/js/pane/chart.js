// Liquidity over eight quarters, one line a scenario; the chosen one stands out.
import { makeSvg } from "./elements.js";

const WIDTH = 320;
const HEIGHT = 172;
const MARGIN = { top: 20, right: 8, bottom: 20, left: 44 };

/** Draw the scenarios' liquidity; gives the drawing and a function that makes one scenario stand out. */
export function liquidityChart(scenarios, unit) {
  const quarters = scenarios[0].liquidity.length;
  const values = scenarios.flatMap((scenario) => scenario.liquidity);
  const ticks = niceTicks(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const x = (quarter) => MARGIN.left + (quarter / (quarters - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value) => HEIGHT - MARGIN.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);

  const drawing = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img" });
  const title = makeSvg("title");
  drawing.append(title);
  if (low < 0) {
    const top = y(0);
    drawing.append(makeSvg("rect", { class: "below", x: MARGIN.left, y: top, width: WIDTH - MARGIN.left - MARGIN.right, height: y(low) - top }));
  }
  for (const tick of ticks) {
    drawing.append(
      makeSvg("line", { class: tick === 0 ? "zero" : "grid", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(tick), y2: y(tick) }),
      makeSvg("text", { class: "tick", x: MARGIN.left - 6, y: y(tick) + 3.5, "text-anchor": "end" }, short(tick)),
    );
  }
  for (let quarter = 0; quarter < quarters; quarter++) {
    drawing.append(makeSvg("text", { class: "tick", x: x(quarter), y: HEIGHT - 6, "text-anchor": "middle" }, `Q${quarter + 1}`));
  }
  drawing.append(makeSvg("text", { class: "tick", x: 0, y: 9 }, unit));
  const lines = new Map();
  for (const scenario of scenarios) {
    const points = scenario.liquidity.map((value, quarter) => `${x(quarter).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const line = makeSvg("polyline", { class: `line ${scenario.verdict.toLowerCase()}${scenario.key === "base" ? " base" : ""}`, points });
    lines.set(scenario.key, line);
    drawing.append(line);
  }
  const dot = makeSvg("circle", { class: "dot", r: 3 });
  const label = makeSvg("text", { class: "value" });
  drawing.append(dot, label);

  /** Make a scenario stand out: its line in front, its lowest point marked and said. */
  function choose(scenario) {
    lines.forEach((line, key) => line.classList.toggle("chosen", key === scenario.key));
    drawing.insertBefore(lines.get(scenario.key), dot);
    const lowest = Math.min(...scenario.liquidity);
    const at = scenario.liquidity.indexOf(lowest);
    dot.setAttribute("cx", x(at));
    dot.setAttribute("cy", y(lowest));
    label.textContent = scenario.lowest;
    const late = at > quarters / 2;
    label.setAttribute("x", x(at) + (late ? -6 : 6));
    label.setAttribute("text-anchor", late ? "end" : "start");
    label.setAttribute("y", y(lowest) > HEIGHT - MARGIN.bottom - 14 ? y(lowest) - 7 : y(lowest) + 13);
    title.textContent = `Liquidity over ${quarters} quarters${unit ? ` in ${unit}` : ""}, ${scenario.label}: ${scenario.sentence}`;
  }
  return { drawing, choose };
}

/** Three to six round numbers that hold `low` and `high`, zero among them. */
function niceTicks(low, high) {
  const span = high - low || 1;
  const raw = span / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** A tick as few characters: 1,500,000 is "1.5M". */
function short(value) {
  const size = Math.abs(value);
  const [factor, letter] = size >= 1e9 ? [1e9, "bn"] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  const text = (size / factor).toLocaleString("en-US", { maximumFractionDigits: size / factor >= 10 ? 1 : 3 });
  return (value < 0 ? "−" : "") + text + letter;
}
