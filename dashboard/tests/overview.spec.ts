import { type Event, grouped, isCall, isFailure, total, totalsBy, WEEKS } from "./ledger";
import { amount, amounts, ask, at, card, everything, expect, NOW, sent, source, spend, table, test } from "./page";

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

test("nothing moves away from under the hand while figures arrive", async ({ page }) => {
  await page.addInitScript(() => {
    const moved = Object.assign(window, { moved: 0 });
    const add = (entries: PerformanceEntryList) => entries.forEach((entry) => { moved.moved += (entry as unknown as { value: number }).value; });
    new PerformanceObserver((list) => { add(list.getEntries()); }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(at("/", ALPHA));
  await expect(page.getByTestId("unpriced-count")).toBeVisible();
  await expect(card(page, "Cost over time").locator(".legend li").first()).toBeVisible();
  await expect(card(page, "Latest runs").getByRole("row").nth(1)).toBeVisible();
  // As a part of the screen times the way it went.
  expect(await page.evaluate(() => (window as unknown as { moved: number }).moved)).toBeLessThan(0.01);
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
  await expect(spend(page)).toHaveAttribute("data-usd", total(openai));
  await page.getByRole("button", { name: "Environment", exact: true }).click();
  await page.getByRole("checkbox", { name: /staging/ }).check();
  await page.keyboard.press("Escape");
  const both = openai.filter((event) => event.environment === "staging");
  await expect(spend(page)).toHaveAttribute("data-usd", total(both));
  // An address can be shared.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(spend(other)).toHaveAttribute("data-usd", total(both));
  await other.close();
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("alpha")));
});

const FACETS: [name: string, value: string, holds: (event: Event) => boolean][] = [
  ["customer_id", "alpha customer 3", (event) => event.customer_id === "alpha customer 3"],
  ["provider", "anthropic", (event) => event.provider === "anthropic"],
  ["model", "gpt-4o-mini", (event) => event.model === "gpt-4o-mini"],
  ["section", "agent:support/", (event) => event.section_path?.startsWith("agent:support/") ?? false],
  ["environment", "staging", (event) => event.environment === "staging"],
  ["status", "rate_limited", (event) => event.status === "rate_limited"],
];

test("each filter leaves what it names", async ({ page }) => {
  for (const [name, value, holds] of FACETS) {
    await page.goto(at("/", { ...ALPHA, [name]: value }));
    const wanted = sent("alpha").filter(holds);
    expect(wanted.length, name).toBeGreaterThan(2);
    await expect(card(page, "Calls").locator(".stat-value"), name).toHaveText(String(wanted.filter(isCall).length));
    await expect(spend(page), name).toHaveAttribute("data-usd", total(wanted));
  }
});

test("the time is one of the presets, or any", async ({ page }) => {
  await page.goto(`/?tenant_id=${WEEKS.tenant}`);
  const since = (days: number) => everything(WEEKS.tenant).filter((event) => Date.parse(event.timestamp) > NOW - days * 86_400_000);
  await expect(spend(page)).toHaveAttribute("data-usd", total(since(1)));
  for (const days of [7, 30]) {
    await page.getByRole("button", { name: /^Time range/ }).click();
    await page.getByRole("button", { name: `Last ${days} days` }).click();
    await expect(page).toHaveURL(new RegExp(`days=${days}`));
    await expect(spend(page)).toHaveAttribute("data-usd", total(since(days)));
  }
  // Three whole days of the reader's own calendar.
  const [from, to] = [10, 7].map((ago) => new Date(new Date(NOW - ago * 86_400_000).setUTCHours(0, 0, 0, 0)));
  const local = (date: Date | undefined) => new Date(date?.getTime() ?? 0).toLocaleString("sv", { timeZone: "Europe/Berlin" }).slice(0, 16).replace(" ", "T");
  await page.getByRole("button", { name: /^Time range/ }).click();
  await page.getByLabel("From").fill(local(from));
  await page.getByLabel("Until").fill(local(to));
  await page.getByRole("button", { name: "Show this time" }).click();
  const within = everything(WEEKS.tenant).filter(({ timestamp }) => Date.parse(timestamp) >= Number(from) && Date.parse(timestamp) < Number(to));
  await expect(spend(page)).toHaveAttribute("data-usd", total(within));
});

test("a time that the API refuses is said in words, with the way out", async ({ page }) => {
  await page.goto("/?tenant_id=alpha&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z");
  await expect(page.getByRole("alert").first()).toContainText(/range|days|long/i);
  await page.getByRole("button", { name: "Reset time and filters" }).first().click();
  await expect(spend(page)).toBeVisible();
});

test("the keyboard is enough", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  await expect(spend(page)).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  const provider = page.getByRole("group", { name: "Filters" }).getByRole("button", { name: "Provider" });
  await provider.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("searchbox", { name: "Find a provider" })).toBeFocused();
  await page.keyboard.type("goog");
  await expect(page.getByRole("checkbox")).toHaveCount(1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/provider=google/);
  await expect(provider).toBeFocused();
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("alpha").filter((event) => event.provider === "google")));
});

test("the colours are the system's, until someone chooses", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(at("/", ALPHA));
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Light", exact: true }).first().click();
  expect(await ground()).not.toBe(dark);
  await page.reload();
  expect(await ground()).not.toBe(dark);
});

test("movers are what changed most, of every kind", async ({ page }) => {
  await page.goto(at("/", ALPHA));
  const rows = await amounts(table(page, "Top movers"));
  const keys = [(e: Event) => e.provider, (e: Event) => e.model, (e: Event) => e.section_path, (e: Event) => e.customer_id];
  const changes = keys.flatMap((key) => {
    const sums = (events: Event[]) => new Map([...grouped(events, key)].map(([name, group]) => [name, total(group)]));
    const [before, now] = [sums(sent("alpha", "before")), sums(sent("alpha"))];
    return [...new Set([...before.keys(), ...now.keys()])].filter((name) => name !== "")
      .map((name) => ({ name, before: before.get(name) ?? "0", size: Math.abs(Number(now.get(name) ?? 0) - Number(before.get(name) ?? 0)) }));
  });
  const most = changes.sort((a, b) => b.size - a.size).slice(0, 8);
  expect(rows.map(([name, before]) => [name, before])).toEqual(most.map(({ name, before }) => [name, before]));
});

test("the tenant switcher goes from all tenants to one", async ({ page }) => {
  await page.goto(at("/"));
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent(null)));
  await page.getByRole("button", { name: "Tenant: all tenants" }).click();
  await page.getByRole("searchbox", { name: "Find a tenant" }).fill("beta");
  await expect(page.getByRole("radio")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tenant_id=beta/);
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("beta")));
});

test("new data appears by itself, and stands still when asked to", async ({ page }) => {
  await page.goto("/?tenant_id=live&hours=1");
  await expect(page.getByText("No calls in this time")).toBeVisible();
  const send = (id: string) => page.request.post("/events", { data: { id, tenant_id: "live", provider: "openai", model: "gpt-4o", cost_usd: "1.25" } });
  expect((await send("one")).status()).toBe(202);
  await expect(spend(page)).toHaveAttribute("data-usd", "1.25");
  await page.getByRole("button", { name: "Live", exact: true }).click();
  expect((await send("two")).status()).toBe(202);
  await page.waitForTimeout(7000);
  await expect(spend(page)).toHaveAttribute("data-usd", "1.25");
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(spend(page)).toHaveAttribute("data-usd", "2.5");
});
