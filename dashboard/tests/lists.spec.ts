import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { type Event, grouped, isCall, plainly, total, totalsBy, WEEKS } from "./ledger";
import { amounts, ask, at, card, everything, expect, OFF, sent, source, spend, table, test } from "./page";

const ALPHA = { tenant_id: "alpha" };
const calls = () => sent("alpha").filter(isCall);

const LISTS: { path: string; title: string; key: (event: Event) => string | undefined; missing: string; api: string; field: string }[] = [
  { path: "/app/models", title: "Providers", key: (event) => event.provider, missing: "None", api: "/stats/by-provider", field: "provider" },
  { path: "/app/models", title: "Models", key: (event) => event.model, missing: "No model", api: "/stats/by-model", field: "model" },
  { path: "/app/customers", title: "Customers", key: (event) => event.customer_id, missing: "No customer", api: "/dashboard/customers", field: "customer_id" },
];

/** The file that a card gives. */
async function saved(page: Page, title: string): Promise<string> {
  const saving = page.waitForEvent("download");
  await card(page, title).getByRole("button", { name: /as CSV$/ }).click();
  return readFileSync(await (await saving).path(), "utf8");
}

/** One column of a CSV whose cells hold no commas. */
function column(file: string, name: string): string[] {
  const [head = "", ...rows] = file.trim().split("\r\n");
  const at = head.split(",").indexOf(name);
  return rows.map((row) => row.split(",")[at] ?? "");
}

const plain = (cost: string) => cost.replace(/\.?0+$/, "") || "0";

for (const { path, title, key, missing, api, field } of LISTS) {
  test(`${title.toLowerCase()} cost what was sent, and the file says the same`, async ({ page }) => {
    await page.goto(at(path, ALPHA));
    const wanted = totalsBy(calls(), key).map(([name, cost]): [string, string] => [name || missing, cost]);
    const shown = await amounts(table(page, title));
    expect(new Map(shown)).toEqual(new Map(wanted));
    expect(shown.map(([, cost]) => cost)).toEqual(wanted.map(([, cost]) => cost));

    const heading = title === "Customers" ? "Customers, dearest first" : title;
    const listed = await ask<Record<string, string | null>[]>(await source(card(page, heading)));
    expect(listed.map((row) => [row[field] ?? missing, plain(row.total_cost ?? "")])).toEqual(shown.map(([name, cost]) => [name, plainly(cost)]));

    const file = await saved(page, heading);
    const address = new URLSearchParams(new URL(page.url()).search);
    address.set("format", "csv");
    expect(file).toBe(await (await fetch(`${OFF}${api}?${address}`)).text());
    expect(file.trim().split("\r\n")).toHaveLength(wanted.length + 1);
  });
}

test("the other lists can be saved, too: runs, sections, costs over time, tenants", async ({ page }) => {
  await page.goto(at("/app/runs", ALPHA));
  const runs = [...grouped(sent("alpha"), (event) => event.run_id)].map(([id, run]) => [id, total(run)]);
  let file = await saved(page, "Runs that began in this time");
  expect(new Map(column(file, "run_id").map((id, row) => [id, plain(column(file, "total_cost")[row] ?? "")]))).toEqual(new Map(runs as [string, string][]));

  await page.goto(at("/app/sections", ALPHA));
  file = await saved(page, "Sections");
  expect(column(file, "total_cost").map(plain)).toEqual(totalsBy(calls(), (event) => event.section_path).map(([, cost]) => plainly(cost)));

  await page.goto(at("/", ALPHA));
  file = await saved(page, "Cost over time");
  expect(column(file, "total_cost").length).toBeGreaterThan(50);

  await page.goto("/app/admin");
  file = await saved(page, "Tenants, dearest first");
  expect(column(file, "tenant_id")).toEqual(expect.arrayContaining(["alpha", "beta", WEEKS.tenant]));
});

test("every list follows the filters", async ({ page }) => {
  const wanted = calls().filter((event) => event.provider === "openai" && event.environment === "staging");
  const filters = { ...ALPHA, provider: "openai", environment: "staging" };
  await page.goto(at("/app/models", filters));
  expect(await amounts(table(page, "Models"))).toEqual(totalsBy(wanted, (event) => event.model));
  await page.getByRole("link", { name: "Customers" }).click();
  expect(await amounts(table(page, "Customers"))).toEqual(totalsBy(wanted, (event) => event.customer_id).map(([name, cost]) => [name || "No customer", cost]));
  await page.getByRole("link", { name: "Sections" }).click();
  expect((await amounts(table(page, "Sections"))).map(([, cost]) => cost)).toEqual(totalsBy(wanted, (event) => event.section_path).map(([, cost]) => cost));
  const [name] = totalsBy(wanted, (event) => event.customer_id).map(([customer]) => customer).filter(Boolean);
  await page.goto(at(`/app/customers/${encodeURIComponent(name ?? "")}`, filters));
  await expect(spend(page)).toHaveAttribute("data-usd", total(wanted.filter((event) => event.customer_id === name)));
  await expect(page.getByRole("group", { name: "Filters" }).getByRole("button", { name: "Provider: openai" })).toBeVisible();
  await expect(page.getByRole("group", { name: "Filters" }).getByRole("button", { name: "Customer" })).toHaveCount(0);
});

test("a list is put in another order by its heads, with the keyboard too", async ({ page }) => {
  await page.goto(at("/app/customers", ALPHA));
  const names = totalsBy(calls().filter((event) => event.customer_id), (event) => event.customer_id).map(([name]) => name).sort();
  const head = table(page, "Customers").getByRole("columnheader", { name: "Customer" });
  await head.getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(head).toHaveAttribute("aria-sort", "descending");
  await page.keyboard.press("Enter");
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  expect((await amounts(table(page, "Customers"))).map(([name]) => name).filter((name) => name !== "No customer")).toEqual(names);
});

test("an administrator sees what every tenant cost, and goes to one", async ({ page }) => {
  await page.goto("/app/admin");
  const rows = new Map(await amounts(table(page, "Tenants")));
  for (const tenant of ["alpha", "beta", WEEKS.tenant]) expect(rows.get(tenant), tenant).toBe(total(everything(tenant)));
  const limit = (tenant: string) => table(page, "Tenants").getByRole("row", { name: tenant }).getByRole("cell").nth(4);
  await expect(limit("alpha")).toHaveText("none");
  await expect(limit("beta")).toHaveText("1M events/s +1");
  await expect(limit("beta").locator("span")).toHaveAttribute("title", "1,000,000 events a second, 900,000,000 bytes a second");
  await table(page, "Tenants").getByRole("link", { name: "beta", exact: true }).click();
  await expect(page).toHaveURL(/\/\?tenant_id=beta$/);
});

test("sections cost what was sent, also with those below them", async ({ page }) => {
  await page.goto(at("/app/sections", ALPHA));
  const rows = await amounts(table(page, "Sections"));
  const wanted = totalsBy(calls(), (event) => event.section_path);
  expect(rows.map(([, cost]) => cost)).toEqual(wanted.map(([, cost]) => cost));
  const support = total(calls().filter((event) => event.section_path?.startsWith("agent:support")));
  const tile = page.locator(".treemap a.group", { hasText: "agent:support" });
  await expect(tile).toHaveAttribute("aria-label", new RegExp(`^agent:support: \\$${Number(support).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}$`));
  await tile.click({ position: { x: 5, y: 5 } });
  await expect(page).toHaveURL(/section=agent%3Asupport%2F/);
  await expect(table(page, "Sections").locator("tbody tr")).toHaveCount(2);
});

test("a customer's page is about this customer", async ({ page }) => {
  await page.goto(at("/app/customers", ALPHA));
  await table(page, "Customers").getByRole("link", { name: "alpha customer 3" }).click();
  const own = calls().filter((event) => event.customer_id === "alpha customer 3");
  await expect(page.getByRole("heading", { name: "alpha customer 3" })).toBeVisible();
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", total(own));
  await expect(card(page, "Calls").locator(".stat-value")).toHaveText(String(own.length));
  const models = await amounts(table(page, "By model"));
  expect(models).toEqual(totalsBy(own, (event) => event.model));
});

test("calls without a price can be found", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  await page.getByRole("link", { name: "See which" }).click();
  const rows = table(page, "Models").locator("tbody tr");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("gpt-of-tomorrow");
  await expect(rows.locator(".tag.warn")).toHaveText(["unknown", "3"]);
});
