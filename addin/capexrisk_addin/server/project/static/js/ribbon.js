// The ribbon's button Recalculate. A classic script: xlwings Server's page loads it so.
Office.actions.associate("recalculate", async (event) => {
  try {
    await Excel.run(async (context) => {
      context.workbook.application.calculate(Excel.CalculationType.full);
      await context.sync();
    });
  } finally {
    event.completed();
  }
});
