// A stand-in for Microsoft's office.js in tests: one workbook, given as globalThis.openWorkbook before the page loads.
// As in the real one, a property is there only after load and sync, and nothing happens before sync.
(() => {
  const workbook = globalThis.openWorkbook ?? { name: "Book1.xlsx", names: {} };
  const done = { selected: [], calculated: [], completed: 0, watching: [] };
  const functions = {};
  const actions = {};
  let queue = [];

  const later = (work) => queue.push(work);
  async function sync() {
    const works = queue;
    queue = [];
    await Promise.resolve();
    works.forEach((work) => work());
  }

  function proxy(values, isNull = false) {
    const loaded = new Set();
    let synced = false;
    later(() => (synced = true));
    const read = (name) => {
      if (!synced || !loaded.has(name)) throw new Error(`The property '${name}' is not available: load and sync it first.`);
      if (isNull) throw new Error(`The object is null; '${name}' cannot be read.`);
      return values[name];
    };
    const object = {
      load(names) {
        const wanted = String(names).split(",").map((name) => name.trim());
        later(() => wanted.forEach((name) => loaded.add(name)));
        return object;
      },
      get isNullObject() {
        if (!synced) throw new Error("The property 'isNullObject' is not available: sync first.");
        return isNull;
      },
    };
    Object.keys(values).forEach((name) => Object.defineProperty(object, name, { get: () => read(name) }));
    return object;
  }

  function namedItem(name) {
    const given = workbook.names[name];
    const item = proxy({ name }, given === undefined);
    item.getRangeOrNullObject = () => proxy({ address: given?.address, values: given?.values }, !given?.values);
    return item;
  }

  class RequestContext {
    constructor() {
      const culture = { name: "en-US", load: () => culture, datetimeFormat: { shortDatePattern: "m/d/yyyy", load() {} } };
      this.application = { cultureInfo: culture };
      this.workbook = {
        name: workbook.name,
        load() {},
        application: { calculate: (kind) => later(() => done.calculated.push(kind)) },
        names: { getItemOrNullObject: namedItem },
        worksheets: {
          onChanged: { add: (handler) => later(() => done.watching.push(handler)) },
          getItem: (sheet) => ({
            activate() {},
            getRange: (cell) => ({ select: () => later(() => done.selected.push(`${sheet}!${cell}`)) }),
          }),
        },
      };
      this.sync = sync;
    }
  }

  class CustomFunctionsError extends Error {
    constructor(code, message) {
      super(message);
      this.code = code;
    }
  }

  globalThis.Office = {
    HostType: { Excel: "Excel" },
    actions: { associate: (name, action) => (actions[name] = action) },
    context: { requirements: { isSetSupported: () => true }, diagnostics: { version: "test", platform: "OfficeOnline" } },
    onReady: async (callback) => {
      const info = { host: "Excel", platform: "OfficeOnline" };
      await callback?.(info);
      return info;
    },
  };
  globalThis.Excel = {
    CalculationType: { full: "Full" },
    RequestContext,
    run: async (work) => work(new RequestContext()),
  };
  globalThis.CustomFunctions = {
    Error: CustomFunctionsError,
    ErrorCode: { invalidValue: "#VALUE!" },
    associate: (name, call) => (functions[name] = call),
  };
  // For the test: what was done, and a cell that calls a function as Excel would.
  globalThis.tested = {
    done,
    functions: () => Object.keys(functions),
    workbook,
    async press(action) {
      await actions[action]({ completed: () => done.completed++ });
    },
    async call(name, args) {
      try {
        return { gives: await functions[name](...args, { address: "Sheet1!A1", parameterAddresses: [] }) };
      } catch (error) {
        return { error: error.code, says: error.message };
      }
    },
    async change(change) {
      Object.assign(workbook.names, change);
      await Promise.all(done.watching.map((handler) => handler({})));
    },
  };
})();
