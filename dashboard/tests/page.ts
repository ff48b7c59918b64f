/** What every test of a page does. */
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { type Event, ledger } from "./ledger";

export const OFF = process.env.DASHBOARD_OFF ?? "";
export const REQUIRED = process.env.DASHBOARD_REQUIRED ?? "";
export const NOW = Number(process.env.DASHBOARD_NOW);

/** Fails a test whose page asked anyone else, broke the content security policy or threw. */
export const test = base.extend<{ clean: undefined }>({
  clean: [async ({ page, context }, use) => {
    const wrong: string[] = [];
    const ours = [OFF, REQUIRED, ...(process.env.DASHBOARD_ISSUER ?? "").split(" ")].filter(Boolean);
    context.on("request", (request) => {
      if (!ours.some((origin) => request.url().startsWith(`${origin}/`)) && !request.url().startsWith("blob:")) wrong.push(`asked ${request.url()}`);
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      // Refusals are a part of some tests; the browser reports each as an error of its own.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrong.push(message.text());
    });
    await use(undefined);
    expect(wrong).toEqual([]);
  }, { auto: true }],
});

export { expect };

/** The half-open time that tests look at: everything sent lies within, or in the day before. */
export const LAST_DAY = { from: new Date(NOW - 24 * 3_600_000).toISOString(), to: new Date(NOW + 60_000).toISOString() };

/** An address with the tests' time, so that pages do not move under them. */
export function at(path: string, query: Record<string, string> = {}): string {
  return `${path}?${new URLSearchParams({ ...query, ...LAST_DAY })}`;
}

const SENT = ledger(NOW);

/** What was sent of a tenant in the tests' time; `before` in the time as long before it. */
export function sent(tenant: string | null, when: "now" | "before" = "now"): Event[] {
  // The API widens a range to whole minutes.
  const [from, to] = [Math.floor(Date.parse(LAST_DAY.from) / 60_000) * 60_000, Math.ceil(Date.parse(LAST_DAY.to) / 60_000) * 60_000];
  const length = Date.parse(LAST_DAY.to) - Date.parse(LAST_DAY.from);
  const earlier = Math.floor((Date.parse(LAST_DAY.from) - length) / 60_000) * 60_000;
  const [begin, end] = when === "now" ? [from, to] : [earlier, Math.ceil(Date.parse(LAST_DAY.from) / 60_000) * 60_000];
  return SENT.filter((event) => {
    const time = Date.parse(event.timestamp);
    return time >= begin && time < end && (tenant === null || event.tenant_id === tenant);
  });
}

/** All that was ever sent of a tenant. */
export const everything = (tenant: string): Event[] => SENT.filter((event) => event.tenant_id === tenant);

export const card = (page: Page, title: string): Locator => page.getByRole("region", { name: title, exact: true });
export const table = (page: Page, name: string): Locator => page.getByRole("table", { name, exact: true });

/** The amount on top of an overview or of a customer's page. */
export const spend = (page: Page): Locator => card(page, "Spend").locator("[data-usd]").first();

/** The exact amount that stands in an element. */
export async function amount(within: Locator): Promise<string | null> {
  const money = within.locator("[data-usd]").first();
  await expect(money).toBeVisible();
  return money.getAttribute("data-usd");
}

/** The rows of a table: first cell's name and the exact amount of each. */
export async function amounts(of: Locator): Promise<[string, string][]> {
  await expect(of.locator("tbody tr").first()).toBeVisible();
  return of.locator("tbody tr").evaluateAll((rows) => rows.map((row): [string, string] => [
    (row.querySelector(".name, td .muted")?.textContent ?? "").trim(),
    row.querySelector("[data-usd]")?.getAttribute("data-usd") ?? "",
  ]));
}

/** The address of the call behind a card, as the page itself gives it. */
export async function source(within: Locator): Promise<string> {
  await within.getByRole("button", { name: /^API calls behind/ }).first().click();
  const text = await within.page().getByTestId("api-url").first().textContent();
  await within.page().keyboard.press("Escape");
  return (text ?? "").replace(/^GET /, "");
}

export async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(OFF + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json() as Promise<T>;
}
