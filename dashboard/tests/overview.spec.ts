import { type Event, isCall, isFailure, total, totalsBy } from "./ledger";
import { amount, amounts, ask, at, card, expect, sent, source, table, test } from "./page";

const ALPHA = { tenant_id: "alpha" };

test("the figures are those of the ledger and of the API", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  const events = sent("alpha");
  const spend = card(page, "Spend");
  expect(await amount(spend)).toBe(total(events));
  const answered = await ask<{ total_cost: string; call_count: number; p95_latency_ms: number }>(await source(spend));
  expect(answered.total_cost.replace(/\.?0+$/, "")).toBe(total(events));
  const calls = events.filter(isCall);
  await expect(card(page, "Calls").locator(".stat-value")).toHaveText(String(calls.length));
  const rate = (events.filter(isFailure).length / calls.length) * 100;
  await expect(card(page, "Error rate").locator(".stat-value")).toHaveText(`${rate.toFixed(1)}%`);
  await expect(page.getByTestId("unpriced-count")).toHaveText(String(calls.filter((event) => event.cost_usd === undefined).length));
});

test("every figure is compared with the period before, until someone switches that off", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  const before = sent("alpha", "before");
  expect(before.length).toBeGreaterThan(10);
  const foot = card(page, "Spend").locator(".stat-foot");
  expect(await amount(foot)).toBe(total(before));
  const change = Number(total(sent("alpha"))) / Number(total(before)) - 1;
  await expect(foot.locator(".delta")).toHaveText(`+${change >= 0.1 ? Math.round(change * 100) : (change * 100).toFixed(1)}%`);
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL(/compare=off/);
  await expect(foot.locator(".delta")).toHaveCount(0);
  await expect(card(page, "Top movers")).toContainText("Nothing to compare with");
});

for (const [dimension, key] of [["Provider", "provider"], ["Model", "model"], ["Customer", "customer_id"]] as const) {
  test(`cost over time by ${dimension.toLowerCase()} adds up to what was sent`, async ({ page }) => {
    await page.goto(at("/", ALPHA));
    const chart = card(page, "Cost over time");
    await chart.getByRole("button", { name: dimension, exact: true }).click();
    const wanted = totalsBy(sent("alpha").filter((event) => event.cost_usd), (event) => event[key]).filter(([, cost]) => cost !== "0");
    await expect(chart.locator(".legend li")).toHaveCount(wanted.length);
    const legend = await chart.locator(".legend li").evaluateAll((entries) => entries.map((entry) => [
      entry.querySelector(".truncate")?.textContent, entry.querySelector("[data-usd]")?.getAttribute("data-usd"),
    ]));
    expect(legend).toEqual(wanted.map(([name, cost]) => [name || "None", cost]));
  });
}

test("the chart can be walked with the keyboard, and tells each bar", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  const chart = card(page, "Cost over time").getByRole("application");
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  const buckets = (await ask<{ buckets: { total_cost: string }[] }>(await source(card(page, "Cost over time")))).buckets;
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  expect(await amount(page.locator(".chart-tip .head"))).toBe(buckets.at(-2)?.total_cost.replace(/\.?0+$/, "") || "0");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=.*to=/);
});

test("filters are in the address, and everything follows them", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  await page.getByRole("button", { name: "Provider", exact: true }).first().click();
  await page.getByRole("checkbox", { name: /openai/ }).check();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/provider=openai/);
  const openai = sent("alpha").filter((event) => event.provider === "openai");
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", total(openai));
  await page.getByRole("button", { name: "Environment", exact: true }).click();
  await page.getByRole("checkbox", { name: /staging/ }).check();
  await page.keyboard.press("Escape");
  const both = openai.filter((event) => event.environment === "staging");
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", total(both));
  // An address can be shared.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(card(other, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", total(both));
  await other.close();
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", total(sent("alpha")));
});

test("movers are what changed most, of every kind", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  const rows = await amounts(table(page, "Top movers"));
  const keys = [(e: Event) => e.provider, (e: Event) => e.model, (e: Event) => e.section_path, (e: Event) => e.customer_id];
  const changes = keys.flatMap((key) => {
    const before = new Map(totalsBy(sent("alpha", "before"), key));
    const now = new Map(totalsBy(sent("alpha"), key));
    return [...new Set([...before.keys(), ...now.keys()])].filter((name) => name !== "")
      .map((name) => ({ name, before: before.get(name) ?? "0", size: Math.abs(Number(now.get(name) ?? 0) - Number(before.get(name) ?? 0)) }));
  });
  const most = changes.sort((a, b) => b.size - a.size).slice(0, 8);
  expect(rows.map(([name, before]) => [name, before])).toEqual(most.map(({ name, before }) => [name, before]));
});

test("the tenant switcher goes from all tenants to one", async ({ page }) => {
  await page.goto(at("/"));
  const spend = card(page, "Spend").locator("[data-usd]").first();
  await expect(spend).toHaveAttribute("data-usd", total(sent(null)));
  await page.getByRole("button", { name: "Tenant: all tenants" }).click();
  await page.getByRole("searchbox", { name: "Find a tenant" }).fill("beta");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tenant_id=beta/);
  await expect(spend).toHaveAttribute("data-usd", total(sent("beta")));
});

test("new data appears by itself, and stands still when asked to", async ({ page }) => {
  await page.goto("/?tenant_id=live&hours=1");
  await expect(page.getByText("No calls in this time")).toBeVisible();
  const send = (id: string) => page.request.post("/events", { data: { id, tenant_id: "live", provider: "openai", model: "gpt-4o", cost_usd: "1.25" } });
  expect((await send("one")).status()).toBe(202);
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", "1.25");
  await page.getByRole("button", { name: "Live" }).click();
  expect((await send("two")).status()).toBe(202);
  await page.waitForTimeout(7000);
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", "1.25");
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(card(page, "Spend").locator("[data-usd]").first()).toHaveAttribute("data-usd", "2.5");
});
