/** Every number on a page can be traced to the call of the API that gave it. */
import { TREE, WEEKS } from "./ledger";
import { ask, at, expect, test } from "./page";

const alpha = { tenant_id: "alpha" };
const PAGES = [
  at("/", alpha), at("/app/runs", alpha), `/app/runs/${encodeURIComponent(TREE)}?tenant_id=alpha`, at("/app/models", alpha), at("/app/sections", alpha),
  at("/app/customers", alpha), at("/app/customers/alpha%20customer%203", alpha), `/app/insights?tenant_id=${WEEKS.tenant}`, "/app/settings?tenant_id=alpha", "/app/admin",
];

for (const address of PAGES) {
  test(`numbers of ${address.split("?")[0]} name their calls`, async ({ page }) => {
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(request.url()));
    await page.goto(address);
    await expect(page.locator(".skeleton")).toHaveCount(0);
    await page.waitForLoadState("networkidle");
    // No figure stands outside of a card that tells where it comes from; the notice about prices has a link instead.
    const outside = await page.locator("main").evaluate((main) => [...main.querySelectorAll("[data-usd], td.number, .stat-value, .evidence dd")]
      .filter((figure) => !figure.closest("section.card")?.querySelector("[aria-label^='API calls behind']")).map((figure) => figure.outerHTML));
    expect(outside).toEqual([]);
    const buttons = page.locator("main").getByRole("button", { name: /^API calls behind/ });
    await expect(buttons).not.toHaveCount(0);
    const calls = new Set<string>();
    for (const button of await buttons.all()) {
      await button.click();
      for (const text of await page.getByTestId("api-url").allTextContents()) calls.add(text.replace(/^GET /, ""));
      await page.keyboard.press("Escape");
      await expect(page.getByTestId("api-url")).toHaveCount(0);
    }
    for (const text of await page.locator(".spark title").allTextContents()) calls.add(text.replace(/^.*\nGET /s, ""));
    // They are calls that the page made, or can be made as they stand.
    for (const call of calls) await ask(call);
    const origin = new URL(page.url()).origin;
    expect([...calls].filter((call) => asked.has(origin + call)).length).toBeGreaterThan(0);
    // And of the calls for data that the page made, none is hidden.
    const hidden = [...asked].map((url) => url.replace(origin, "")).filter((path) => /^\/(stats|dashboard|runs|insights|admin|api-keys)\b/.test(path) && !calls.has(path));
    expect(hidden).toEqual([]);
  });
}
