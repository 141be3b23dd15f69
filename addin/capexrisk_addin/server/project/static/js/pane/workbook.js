// The open workbook through Office.js: reading the review's ranges, going to a cell, recalculating.

const NAMES = ["Inputs", "Customers", "Scenarios", "Questions"];
const SCORE = "risk_score";
const TIMEOUT = 30_000;

export class NotAReview extends Error {}

/** Read the open review and have the server assess it; `shown` is what the workbook's own cell holds as its score. */
export async function assess() {
  const { ranges, shown } = await Excel.run(read);
  return { ...(await post("/review", ranges)), shown };
}

async function read(context) {
  const items = Object.fromEntries([...NAMES, SCORE].map((name) => [name, context.workbook.names.getItemOrNullObject(name)]));
  Object.values(items).forEach((item) => item.load("name"));
  await context.sync();
  const missing = NAMES.filter((name) => items[name].isNullObject);
  if (missing.length) {
    throw new NotAReview(
      `It has no range named ${missing.join(", ")}. Make a review with: capexrisk new "Acme Cloud" --functions office`,
    );
  }
  const found = Object.fromEntries(
    Object.entries(items)
      .filter(([, item]) => !item.isNullObject)
      .map(([name, item]) => [name, item.getRangeOrNullObject()]),
  );
  Object.values(found).forEach((range) => range.load("address,values"));
  await context.sync();
  const lost = NAMES.filter((name) => found[name].isNullObject);
  if (lost.length) throw new NotAReview(`The name ${lost.join(", ")} does not stand for cells any more.`);
  const score = found[SCORE];
  return {
    ranges: Object.fromEntries(NAMES.map((name) => [name, { address: found[name].address, values: found[name].values }])),
    shown: score && !score.isNullObject ? score.values[0][0] : undefined,
  };
}

async function post(path, body) {
  const auth = typeof globalThis.getAuth === "function" ? await globalThis.getAuth() : { token: "", provider: "" };
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: auth.token, "Auth-Provider": auth.provider },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch {
    throw new Error("The server does not answer. Check the network, then press Check.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || answer.detail || `The server answered ${response.status}.`);
  return answer;
}

/** Recalculate every cell of the workbook. */
export async function recalculate() {
  await Excel.run(async (context) => {
    context.workbook.application.calculate(Excel.CalculationType.full);
    await context.sync();
  });
}

/** Show and select a cell. */
export async function select(sheet, cell) {
  await Excel.run(async (context) => {
    const place = context.workbook.worksheets.getItem(sheet);
    place.activate();
    place.getRange(cell).select();
    await context.sync();
  });
}

/** Call `changed` whenever somebody types into the workbook, where Excel can say so. */
export async function watch(changed) {
  if (!Office.context.requirements.isSetSupported("ExcelApi", "1.9")) return;
  await Excel.run(async (context) => {
    context.workbook.worksheets.onChanged.add(async () => changed());
    await context.sync();
  });
}
