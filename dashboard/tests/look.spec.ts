/** Every page in both themes and on a phone: axe-core finds nothing serious, and pictures are taken. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./instance";
import { TREE } from "./ledger";
import { at, expect, test } from "./page";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES: Record<string, string> = {
  overview: at("/", { tenant_id: "alpha" }),
  runs: at("/app/runs", { tenant_id: "alpha" }),
  run: `/app/runs/${encodeURIComponent(TREE)}?tenant_id=alpha`,
  models: at("/app/models", { tenant_id: "alpha" }),
  sections: at("/app/sections", { tenant_id: "alpha" }),
  customers: at("/app/customers", { tenant_id: "alpha" }),
  customer: at("/app/customers/alpha%20customer%203", { tenant_id: "alpha" }),
  insights: "/app/insights?tenant_id=alpha",
  settings: "/app/settings?tenant_id=alpha",
  admin: "/app/admin",
  docs: "/docs",
  empty: at("/", { tenant_id: "nobody" }),
};
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1440, height: 900 },
  { name: "dark", colorScheme: "dark", width: 1440, height: 900 },
  { name: "phone", colorScheme: "light", width: 390, height: 844 },
] as const;

interface Violation { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }

for (const look of LOOKS) {
  test(`pages in ${look.name} are accessible and fit`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: look.width, height: look.height });
    for (const [name, address] of Object.entries(PAGES)) {
      await page.goto(address);
      await expect(page.locator(".skeleton")).toHaveCount(0);
      await page.screenshot({ path: join(ROOT, "target/screenshots", `${name}-${look.name}.png`), fullPage: true, animations: "disabled" });
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
