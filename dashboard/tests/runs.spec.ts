import type { Page } from "@playwright/test";
import { cost, type Event, grouped, plainly, TREE, total, WEEKS } from "./ledger";
import { amount, ask, at, card, everything, expect, sent, source, table, test } from "./page";

const ALPHA = { tenant_id: "alpha" };

/** Each run with what it cost, newest first. */
function runsOf(events: Event[]): [string, string][] {
  const runs = grouped(events, (event) => event.run_id);
  const began = (run: Event[]) => Math.min(...run.map((event) => Date.parse(event.timestamp)));
  return [...runs].sort(([, a], [, b]) => began(b) - began(a)).map(([id, run]): [string, string] => [id, cost(run)]);
}

const listed = (page: Page) => table(page, "Runs").locator("tbody tr").evaluateAll((rows) => rows.map((row): [string, string] => [
  row.querySelector("a.name")?.textContent ?? "", row.querySelector("[data-usd]")?.getAttribute("data-usd") ?? "",
]));

test("runs are listed newest first, with what they cost", async ({ page }) => {
  await page.goto(at("/app/runs", ALPHA));
  await expect(table(page, "Runs").locator("tbody tr").first()).toBeVisible();
  expect(await listed(page)).toEqual(runsOf(sent("alpha")));
  const answered = await ask<{ run_id: string; total_cost: string }[]>(await source(card(page, "Runs that began in this time")));
  expect(answered.map((run) => [run.run_id, run.total_cost.replace(/\.?0+$/, "") || "0"])).toEqual((await listed(page)).map(([id, shown]) => [id, plainly(shown)]));
});

test("a long list is shown page after page, to its end", async ({ page }) => {
  await page.goto(`/app/runs?tenant_id=${WEEKS.tenant}&days=30`);
  const wanted = runsOf(everything(WEEKS.tenant));
  expect(wanted.length).toBeGreaterThan(150);
  const more = page.getByRole("button", { name: "Show more" });
  const rows = table(page, "Runs").locator("tbody tr");
  for (const shown of [50, 100, 150]) {
    await expect(rows).toHaveCount(shown);
    await more.click();
  }
  await expect(rows).toHaveCount(wanted.length);
  await expect(more).toHaveCount(0);
  expect(await listed(page)).toEqual(wanted);
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
  const tokens = await table(page, "Tokens").locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
  expect(tokens).toEqual([["Input", "1,200"], ["read from the cache", "800"], ["written to the cache", "150"], ["Output", "340"], ["reasoning", "260"]]);
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
