// The task pane: reads the open review's ranges, has the server assess them, shows the answer.
import { draw, drawFailure, drawNoReview } from "./pane/view.js";
import { NotAReview, assess, recalculate, select, watch } from "./pane/workbook.js";

const element = (id) => document.getElementById(id);
const buttons = [element("check"), element("recalculate")];
const PAUSE = 700; // milliseconds without a change before the review is read again

let running = false;
let again = false;

async function run(work, telling) {
  if (running) {
    again = true;
    return;
  }
  running = true;
  again = false;
  element("review").setAttribute("aria-busy", "true");
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  element("status").textContent = telling;
  try {
    await work();
    const review = await assess();
    draw(review, select);
    element("status").textContent = `Checked at ${new Date().toLocaleTimeString()}.${compared(review)}`;
  } catch (error) {
    (error instanceof NotAReview ? drawNoReview : drawFailure)(error.message);
    element("status").textContent = "";
  } finally {
    running = false;
    element("review").setAttribute("aria-busy", "false");
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
  if (again) await run(() => {}, telling);
}

// The cells and this check may differ: the cells were not recalculated, or were made for another add-in.
function compared(review) {
  const shown = review.shown;
  if (shown === "#NAME?") {
    return " The cells show #NAME?: they were made for the Windows add-in; make the workbook with --functions office.";
  }
  const same = review.score === null ? shown === "" || shown === null : typeof shown === "number" && Math.abs(shown - review.score) < 1e-6;
  if (same || shown === undefined) return "";
  return " The cells show another score: press Recalculate.";
}

const check = () => run(() => {}, "Checking…");
element("check").addEventListener("click", check);
element("recalculate").addEventListener("click", () => run(recalculate, "Recalculating…"));

Office.onReady(async () => {
  await check();
  let waiting;
  await watch(() => {
    clearTimeout(waiting);
    waiting = setTimeout(check, PAUSE);
  });
});
