/** Who is let in, and to what. */
import type { Page } from "@playwright/test";
import { isCall, total } from "./ledger";
import { at, card, expect, REQUIRED, sent, spend, table, test } from "./page";

const PROXY = process.env.DASHBOARD_PROXY ?? "";
const PLATFORM_KEY = process.env.DASHBOARD_KEY ?? "";

/** Over the API, as the platform's own administrator: a key of one tenant. */
async function keyOf(tenant: string, scopes = ["read"]): Promise<string> {
  const answer = await fetch(`${REQUIRED}/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${PLATFORM_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ tenant_id: tenant, scopes }),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()).key;
}

async function signIn(page: Page, credential: string, address = "/"): Promise<void> {
  await page.goto(REQUIRED + address);
  await page.getByLabel("API key or token").fill(credential);
  await page.getByRole("button", { name: "Sign in with this key" }).click();
}

/** Words that only an answer about `beta` can bring. */
const SECRETS = ["beta-run", "beta customer", "gpt-4o", "claude", "agent:research", "tool:search", total(sent("beta"))];

test("a key opens its tenant's pages and no other's, whatever the address says", async ({ page }) => {
  await signIn(page, await keyOf("alpha"), at("/"));
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("alpha")));
  await expect(page.getByRole("link", { name: "Admin" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Tenant:/ })).toHaveCount(0);

  const beta = sent("beta");
  for (const path of ["/", "/app/runs", "/app/models", "/app/sections", "/app/customers", "/app/customers/beta%20customer%203", `/app/runs/${beta[0]?.run_id}`, "/app/insights", "/app/settings", "/app/admin"]) {
    await page.goto(REQUIRED + at(path, { tenant_id: "beta" }));
    await expect(page.locator(".skeleton")).toHaveCount(0);
    await expect(page.getByRole("alert").first(), path).toContainText(/another tenant|may not/);
    // What the visitor wrote into the address the page may repeat; anything else would be told.
    const content = ((await page.locator("main").textContent()) ?? "").replaceAll(decodeURIComponent(path.split("/").at(-1) ?? "") || "\0", "");
    for (const secret of SECRETS) expect(content, path).not.toContain(secret);
    await expect(page.locator("main [data-usd]"), path).toHaveCount(0);
  }
  await page.goto(REQUIRED + at("/", { tenant_id: "beta" }));
  await page.getByRole("button", { name: "Show my own data" }).first().click();
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("alpha")));
  // Another tenant's run of a name that could be guessed is one that is not there.
  await page.goto(`${REQUIRED}/app/runs/${beta[0]?.run_id}`);
  await expect(page.getByText("There is no such run")).toBeVisible();
});

test("the credential is kept in this tab only, and signing out forgets it", async ({ page, context }) => {
  await signIn(page, await keyOf("alpha"), at("/"));
  await expect(spend(page)).toBeVisible();
  await page.reload();
  await expect(spend(page)).toBeVisible();
  expect(await context.cookies()).toEqual([]);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("llmo_sk");
  const other = await context.newPage();
  await other.goto(REQUIRED + at("/"));
  await expect(other.getByLabel("API key or token")).toBeVisible();
  await other.close();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("API key or token")).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain("llmo_sk");
});

test("a key that is none is refused in words", async ({ page }) => {
  await signIn(page, "llmo_sk_0000000000000000_nonsense");
  await expect(page.getByRole("alert")).toContainText("did not work");
});

test("a key is made, shown once, works, and is revoked", async ({ page, browser }) => {
  await signIn(page, PLATFORM_KEY, "/app/settings?tenant_id=alpha");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("made in a test");
  await page.getByRole("checkbox", { name: /ingest/ }).uncheck();
  await page.getByRole("checkbox", { name: /read/ }).check();
  await page.getByRole("button", { name: "Create the key" }).click();
  const key = await page.getByTestId("new-key").locator("pre").textContent();
  expect(key).toMatch(/^llmo_sk_/);
  await page.getByRole("button", { name: "I have copied it" }).click();
  const row = table(page, "API keys").locator("tr", { hasText: "made in a test" });
  await expect(row).toContainText("valid");
  expect(await page.locator("body").textContent()).not.toContain(key);

  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, key ?? "", at("/"));
  await expect(spend(other)).toHaveAttribute("data-usd", total(sent("alpha")));

  await row.getByRole("button", { name: /^Revoke/ }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await expect(row).toContainText("revoked");
  await expect.poll(async () => (await fetch(`${REQUIRED}/whoami`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
  await other.reload();
  await expect(other.getByLabel("API key or token")).toBeVisible();
  await expect(other.getByRole("alert")).toContainText("did not work");
  await context.close();
});

test("a token of the issuer opens its tenant's pages", async ({ page }) => {
  await signIn(page, process.env.DASHBOARD_TOKEN ?? "", at("/"));
  await expect(spend(page)).toHaveAttribute("data-usd", total(sent("alpha")));
  await expect(card(page, "Calls").locator(".stat-value")).toHaveText(String(sent("alpha").filter(isCall).length));
});

test("who signed in with a token makes keys of the own tenant, which Settings puts into the examples", async ({ page }) => {
  await signIn(page, process.env.DASHBOARD_TOKEN ?? "", "/app/settings");
  const example = card(page, "Connect your application");
  await expect(example).toContainText("<your API key>");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("of a token");
  await page.getByRole("button", { name: "Create the key" }).click();
  const key = (await page.getByTestId("new-key").locator("pre").textContent()) ?? "";
  await page.getByRole("button", { name: "I have copied it" }).click();
  const who = await fetch(`${REQUIRED}/whoami`, { headers: { authorization: `Bearer ${key}` } });
  expect(await who.json()).toMatchObject({ tenant_id: "alpha", scopes: ["ingest"] });

  await expect(example).toContainText(`collector_url="${REQUIRED}"`);
  await expect(example).toContainText(`api_key="${key}"`);
  await example.getByRole("button", { name: "Proxy" }).click();
  await expect(example).toContainText(`OPENAI_BASE_URL=${PROXY}/openai/v1`);
  await expect(example).toContainText(`X-LLMObserve-Api-Key: ${key}`);
  await example.getByRole("button", { name: "OpenTelemetry" }).click();
  await expect(example).toContainText(`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${REQUIRED}/v1/traces`);
  await page.reload();
  await expect(example).toContainText("<your API key>");
});

test("the issuer's own page signs people in and brings them back to where they were", async ({ page }) => {
  await page.goto(REQUIRED + at("/app/models"));
  await page.getByRole("button", { name: /^Sign in with 127/ }).click();
  await expect(page.getByRole("heading", { name: "Providers & models" })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`^${REQUIRED}/app/models\\?from=`));
  await expect(table(page, "Providers").getByRole("link", { name: "openai" })).toBeVisible();
});
