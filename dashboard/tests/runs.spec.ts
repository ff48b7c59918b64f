import { TREE, total } from "./ledger";
import { amount, ask, at, card, expect, sent, source, table, test } from "./page";

const ALPHA = { tenant_id: "alpha" };

test("runs are listed newest first, page after page, with what they cost", async ({ page }) => {
  await page.goto(at("/app/runs", ALPHA));
  const list = table(page, "Runs");
  await expect(list.locator("tbody tr").first()).toBeVisible();
  const runs = new Map<string, string>();
  for (const id of new Set(sent("alpha").map((event) => event.run_id))) runs.set(id, total(sent("alpha").filter((event) => event.run_id === id)));
  const answered = await ask<{ run_id: string; total_cost: string }[]>(await source(card(page, "Runs that began in this time")));
  const shown = await list.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [
    row.querySelector("a.name")?.textContent, row.querySelector("[data-usd]")?.getAttribute("data-usd"),
  ]));
  expect(shown).toEqual(answered.map((run) => [run.run_id, run.total_cost.replace(/\.?0+$/, "") || "0"]));
  // A run that also has events of another day has more to it than this day's.
  const whole = shown.filter(([id]) => id === TREE || id === "run-unpriced");
  expect(whole).toEqual([[TREE, runs.get(TREE)], ["run-unpriced", "0"]]);
});

test("a run's tree rolls costs up, shows failures in place and folds", async ({ page }) => {
  await page.goto(at("/app/runs", ALPHA));
  await table(page, "Runs").getByRole("link", { name: TREE }).click();
  await expect(page.getByRole("heading", { name: TREE })).toBeVisible();
  const run = sent("alpha").filter((event) => event.run_id === TREE);
  expect(await amount(card(page, "Cost"))).toBe(total(run));
  const spans = page.getByTestId("span");
  await expect(spans).toHaveCount(5);
  const told = await spans.evaluateAll((rows) => rows.map((row) => [
    row.getAttribute("data-depth"), row.querySelector(".pick")?.textContent, row.querySelector("[data-usd]")?.getAttribute("data-usd"),
  ]));
  expect(told).toEqual([
    ["0", "agent:plan", "0.330000000001"], ["1", "tool:look", "0.300000000001"], ["2", "tool:look", "0.100000000001"],
    ["2", "tool:look", "0.2"], ["1", "agent:plan", "0.03"],
  ]);
  await expect(spans.nth(3)).toContainText("error");
  await spans.nth(3).getByRole("button", { name: "tool:look" }).click();
  await expect(card(page, "tool:look")).toContainText("second");
  await page.getByRole("button", { name: "Children of tool:look" }).click();
  await expect(spans).toHaveCount(3);
});

test("a run is found by its id, and one that is not there is said so", async ({ page }) => {
  await page.goto(at("/app/runs", ALPHA));
  await page.getByRole("searchbox", { name: "Run id" }).fill(TREE);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: TREE })).toBeVisible();
  await expect(page.getByTestId("span")).toHaveCount(5);
  await page.goto(`/app/runs/${encodeURIComponent(TREE)}?tenant_id=beta`);
  await expect(page.getByText("There is no such run")).toBeVisible();
});
