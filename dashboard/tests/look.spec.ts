/** Every page in both themes, on a tablet and on a phone: axe-core finds nothing serious, and pictures are taken. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { ROOT } from "./instance";
import { TREE, WEEKS } from "./ledger";
import { at, card, expect, REQUIRED, test } from "./page";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Sight {
  address: string;
  /** What someone does there before it is looked at. */
  then?(page: Page): Promise<unknown>;
  /** A page of so much text that its beginning must do. */
  long?: boolean;
}

const alpha = { tenant_id: "alpha" };
const SIGHTS: Record<string, Sight> = {
  overview: { address: at("/", alpha) },
  "overview-bar": { address: at("/", alpha), then: (page) => walk(page) },
  "overview-filtered": { address: at("/", { ...alpha, provider: "openai", model: "gpt-4o", environment: "production", status: "ok", customer_id: "alpha customer 3" }) },
  "overview-filter": { address: at("/", alpha), then: (page) => page.getByRole("button", { name: "Model", exact: true }).first().click() },
  "overview-time": { address: at("/", alpha), then: (page) => page.getByRole("button", { name: /^Time range/ }).click() },
  "overview-source": { address: at("/", alpha), then: (page) => page.getByRole("button", { name: "API calls behind Top movers" }).click() },
  runs: { address: at("/app/runs", alpha) },
  run: { address: `/app/runs/${encodeURIComponent(TREE)}?tenant_id=alpha` },
  "run-span": { address: `/app/runs/${encodeURIComponent(TREE)}?tenant_id=alpha`, then: (page) => page.getByTestId("span").nth(3).getByRole("button", { name: "tool:look" }).click() },
  models: { address: at("/app/models", alpha) },
  sections: { address: at("/app/sections", alpha) },
  customers: { address: at("/app/customers", alpha) },
  customer: { address: `/app/customers/${encodeURIComponent(WEEKS.customer)}?tenant_id=${WEEKS.tenant}&days=30` },
  insights: { address: `/app/insights?tenant_id=${WEEKS.tenant}` },
  "insights-none": { address: "/app/insights?tenant_id=alpha" },
  settings: { address: "/app/settings?tenant_id=alpha" },
  "settings-key": { address: "/app/settings?tenant_id=alpha", then: (page) => page.getByRole("button", { name: "New key" }).click() },
  admin: { address: "/app/admin" },
  docs: { address: "/docs", long: true },
  empty: { address: at("/", { tenant_id: "nobody" }) },
  "no-run": { address: "/app/runs/none?tenant_id=alpha" },
  "sign-in": { address: `${REQUIRED}/` },
};
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1440, height: 900 },
  { name: "dark", colorScheme: "dark", width: 1440, height: 900 },
  { name: "tablet", colorScheme: "light", width: 820, height: 1180 },
  { name: "phone", colorScheme: "dark", width: 390, height: 844 },
] as const;

interface Violation { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }

for (const look of LOOKS) {
  test(`pages in ${look.name} are accessible and fit`, async ({ page }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: look.width, height: look.height });
    for (const [name, { address, then, long }] of Object.entries(SIGHTS)) {
      await page.goto(address);
      await expect(page.getByRole("main")).not.toBeEmpty();
      await expect(page.locator(".skeleton")).toHaveCount(0);
      await page.waitForLoadState("networkidle");
      await then?.(page);
      await page.screenshot({ path: join(ROOT, "target/screenshots", `${name}-${look.name}.png`), fullPage: !long, animations: "disabled" });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect.soft(overflow, `${name}: wider than the screen`).toBeLessThanOrEqual(0);
      // Evaluated as a debugger does: the page's own policy would rightly refuse it.
      await page.evaluate(AXE);
      const violations = await page.evaluate(async () => {
        const axe = (window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe;
        return (await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] })).violations;
      });
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect.soft(serious.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)).toEqual([]);
    }
  });
}

async function walk(page: Page): Promise<void> {
  await card(page, "Cost over time").getByRole("application").focus();
  await page.keyboard.press("End");
}
