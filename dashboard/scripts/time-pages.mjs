// How long a reader waits: milliseconds from the address to the overview's figures and chart, with an empty
// cache, and from a click to what the next page is about. `node scripts/time-pages.mjs http://… QUERY TIMES`
import { chromium } from "@playwright/test";

const [origin, query, times] = process.argv.slice(2);
const PAGES = ["Runs", "Providers & models", "Sections", "Customers", "Overview"];
/** A page's main thing: the figure on top, or a row of its first list. */
const SHOWN = "main [data-usd], main tbody tr";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
});
const found = { "Overview, first": [] };
for (const name of PAGES) found[name] = [];
for (let n = 0; n < Number(times); n++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${origin}/?${query}`, { waitUntil: "commit" });
  // By the page's own clock, which begins with the navigation.
  const first = await page.waitForFunction((shown) =>
    document.querySelector(shown) && document.querySelector("main .card svg rect") && performance.now(), SHOWN);
  found["Overview, first"].push(await first.jsonValue());
  // A reader looks at the page before going on; meanwhile the others' code comes.
  await page.waitForTimeout(4000);
  for (const name of PAGES) {
    found[name].push(await page.evaluate(follow, [name, SHOWN]));
    await page.waitForTimeout(1000);
  }
  await context.close();
}
await browser.close();
console.log(JSON.stringify(found));

/** In the page: clicks the menu's entry and waits, frame by frame, for the page of that name. */
function follow([name, shown]) {
  const link = [...document.querySelectorAll("nav a")].find((entry) => entry.textContent.trim() === name);
  const begun = performance.now();
  link.click();
  return new Promise((resolve) => {
    const look = () => {
      const there = document.querySelector("main h1")?.textContent === name && document.querySelector(shown);
      if (there) resolve(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}
