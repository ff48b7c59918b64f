import { total, WEEKS } from "./ledger";
import { ask, card, everything, expect, NOW, source, spend, test } from "./page";

const GAMMA = everything(WEEKS.tenant);
/** As the insights divide time: days that end where the one in question does. */
const daysAgo = (days: number) => GAMMA.filter(({ timestamp }) => Math.floor((NOW - Date.parse(timestamp)) / 86_400_000) === days);

interface Insight {
  type: string;
  message: string;
  subject: Record<string, string>;
  actual: string;
  expected: string;
  evidence: { impact_usd: string; from: string; to: string; api: string; also?: Record<string, string>[] };
}

test("a jump of cost is told with subject, dollars, time and evidence, and leads to what shows it", async ({ page }) => {
  await page.goto(`/app/insights?tenant_id=${WEEKS.tenant}`);
  const spike = page.getByTestId("insight").filter({ hasText: "Cost spike" });
  await expect(spike).toHaveCount(1);

  // What jumped is one customer, whom one model of one provider serves: the insight names one of them,
  // and beside it the others.
  const [told] = (await ask<Insight[]>(await source(card(page, "What stood out in the last 24 hours")))).filter(({ type }) => type === "cost_spike");
  const named = [told?.subject ?? {}, ...(told?.evidence.also ?? [])];
  expect(named).toContainEqual({ customer_id: WEEKS.customer });
  const dear = daysAgo(0).filter((event) => event.customer_id === WEEKS.customer);
  const about = dear.filter((event) => Object.entries(told?.subject ?? {}).every(([name, value]) => (event as unknown as Record<string, string>)[name] === value));
  expect(about.length).toBeGreaterThan(0);
  const day = daysAgo(0).filter((event) => Object.entries(told?.subject ?? {}).every(([name, value]) => (event as unknown as Record<string, string>)[name] === value));
  await expect(spike.locator("dd", { has: page.locator(`[data-usd="${total(day)}"]`) }).first()).toBeVisible();
  expect(Number(told?.evidence.impact_usd)).toBeCloseTo(Number(told?.actual) - Number(told?.expected), 4);
  await expect(spike.locator("dd").first()).toHaveText(`+$${Number(told?.evidence.impact_usd).toFixed(2)}`);
  await expect(spike.getByRole("heading")).toHaveText(told?.message ?? "");
  // A bar for each of the days, the last one as high as the day was dear.
  const bars = spike.locator(".day-bars rect:not(.usual)");
  await expect(bars).toHaveCount(29);
  await expect(bars.last().locator("title")).toContainText(`$${Number(total(day)).toFixed(2)}`);

  // The question behind it: the subject's days, the last of them the one in question.
  const series = await ask<{ buckets: { total_cost: string }[] }>(await source(spike));
  const sum = series.buckets.reduce((whole, bucket) => whole + Number(bucket.total_cost), 0);
  expect(sum).toBeGreaterThan(Number(total(day)));

  await spike.getByRole("link", { name: /^Show/ }).click();
  await expect(page).toHaveURL(/from=.*to=/);
  await expect(spend(page)).toHaveAttribute("data-usd", total(day));
});

test("what filters do not name is left out, and the day before is told as it was", async ({ page }) => {
  await page.goto(`/app/insights?tenant_id=${WEEKS.tenant}&customer_id=${encodeURIComponent("gamma customer 1")}`);
  await expect(page.getByText("Nothing stands out of what these filters name")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(page.getByTestId("insight")).not.toHaveCount(0);
  await page.getByRole("button", { name: "Day before" }).click();
  await expect(page).toHaveURL(/as_of=/);
  await expect(page.getByRole("heading", { name: "Nothing stands out" })).toBeVisible();
  await page.getByRole("button", { name: "Day after" }).click();
  await expect(page.getByTestId("insight")).not.toHaveCount(0);
});
