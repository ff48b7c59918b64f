import { readFileSync } from "node:fs";
import { type Event, isCall, total, totalsBy } from "./ledger";
import { amounts, ask, at, card, expect, OFF, sent, source, table, test } from "./page";

const ALPHA = { tenant_id: "alpha" };
const calls = () => sent("alpha").filter(isCall);

const LISTS: { path: string; title: string; key: (event: Event) => string | undefined; missing: string; api: string; column: string }[] = [
  { path: "/app/models", title: "Providers", key: (event) => event.provider, missing: "None", api: "/stats/by-provider", column: "provider" },
  { path: "/app/models", title: "Models", key: (event) => event.model, missing: "No model", api: "/stats/by-model", column: "model" },
  { path: "/app/customers", title: "Customers", key: (event) => event.customer_id, missing: "No customer", api: "/dashboard/customers", column: "customer_id" },
];

for (const { path, title, key, missing, api, column } of LISTS) {
  test(`${title.toLowerCase()} cost what was sent, and the file says the same`, async ({ page }) => {
    await page.goto(at(path, ALPHA));
    const wanted = totalsBy(calls(), key).map(([name, cost]): [string, string] => [name || missing, cost]);
    const shown = await amounts(table(page, title));
    expect(new Map(shown)).toEqual(new Map(wanted));
    expect(shown.map(([, cost]) => cost)).toEqual(wanted.map(([, cost]) => cost));

    const heading = title === "Customers" ? "Customers, dearest first" : title;
    const listed = await ask<Record<string, string | null>[]>(await source(card(page, heading)));
    expect(listed.map((row) => [row[column] ?? missing, (row.total_cost ?? "").replace(/\.?0+$/, "") || "0"])).toEqual(shown);

    const saving = page.waitForEvent("download");
    await card(page, heading).getByRole("button", { name: /as CSV$/ }).click();
    const file = readFileSync(await (await saving).path(), "utf8");
    const address = new URLSearchParams(new URL(page.url()).search);
    address.set("format", "csv");
    const asked = await fetch(`${OFF}${api}?${address}`);
    expect(file).toBe(await asked.text());
    expect(file.trim().split("\r\n")).toHaveLength(wanted.length + 1);
  });
}

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
  await expect(rows.locator(".tag.warn")).toHaveText("3");
});
