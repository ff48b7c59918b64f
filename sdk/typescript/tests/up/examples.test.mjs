// The examples, and what the SDK makes of every provider's shape, against a real collector:
// `llmobserve up` with keys. All ends in the right tenant's data, priced, and nobody else sees it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import * as llmobserve from "llmobserve";
import { ApiError, configure, fetchProviderStats, fetchRunDetail, fetchRuns, getTenantId } from "llmobserve/api";

import { Provider } from "../fakes/provider.mjs";
import { EXPECTED, fixture, ROOT, takeFor } from "../setup.mjs";
import { Instance } from "./instance.mjs";

const EXAMPLES = `${ROOT}examples/typescript/`;
/** 1,200 input tokens of which 1,024 are cached, 300 output: gpt-4o at 2.5, 1.25 and 10 dollars. */
const PRICE = 0.00472;

const TENANTS = ["user_abc123", "acme_corp", "globex_inc", "user_clerk", "nobody", "shapes"];

let up;
let provider;
let platformKey;
const keys = {};

before(async () => {
  // As `npm install` in the examples' folder would lay it out, from what the tests have.
  mkdirSync(`${EXAMPLES}node_modules`, { recursive: true });
  for (const [name, place] of Object.entries({
    llmobserve: "", openai: "node_modules/openai", express: "node_modules/express",
  })) {
    rmSync(`${EXAMPLES}node_modules/${name}`, { recursive: true, force: true });
    symlinkSync(`${ROOT}sdk/typescript/${place}`, `${EXAMPLES}node_modules/${name}`);
  }
  const settings = { LLMOBSERVE_AUTH: "required" };
  [up, provider] = await Promise.all([new Instance().start(settings), new Provider().start()]);
  provider.replay(fixture("openai_chat.json"));
  platformKey = up.platformKey();
  for (const tenant of TENANTS) keys[tenant] = await up.tenantKey(platformKey, tenant);
}, { timeout: 330_000 });

after(async () => {
  await llmobserve.shutdown(1000);
  await Promise.all([up?.stop(), provider?.stop()]);
  rmSync(`${EXAMPLES}node_modules`, { recursive: true, force: true });
});

function start(example, settings, ...args) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("LLMOBSERVE_"));
  const child = spawn(process.execPath, [EXAMPLES + example, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...Object.fromEntries(kept),
      PORT: "0",
      COLLECTOR_URL: up.url,
      OPENAI_API_KEY: "k",
      OPENAI_BASE_URL: `${provider.url}/v1`,
      LLMOBSERVE_PROVIDER_HOSTS: `openai=${provider.host}`,
      ...settings,
    },
  });
  return child;
}

async function run(example, settings, ...args) {
  const child = start(example, settings, ...args);
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  const [code] = await once(child, "close");
  assert.deepEqual([code, said.includes("Grüße")], [0, true], said);
}

/** As the tenant itself asks, with its own key. */
const ask = (tenant, path, isThere) => up.ask(path, isThere, keys[tenant]);

const totals = (tenant, calls) =>
  ask(tenant, "/dashboard/stats", (answer) => answer.call_count >= calls);

/** What the front end's helpers ask is asked by this tenant. */
const signIn = (tenant) => configure({ collectorUrl: up.url, token: () => keys[tenant] });

async function assertHidden(tenant) {
  signIn("nobody");
  assert.deepEqual(await fetchRuns(100), []);
  const refused = (status) => (error) => error instanceof ApiError && error.status === status;
  await assert.rejects(fetchRuns(100, tenant), refused(403));
  configure({ token: "" });
  await assert.rejects(fetchRuns(100, tenant), refused(401));
}

test("example 1", async () => {
  await run("example_1_multi_tenant.mjs", { USER_API_KEY: keys.user_abc123 });
  const { call_count, unpriced_count, total_cost } = await totals("user_abc123", 2);
  assert.deepEqual([call_count, unpriced_count, total_cost], [2, 0, 2 * PRICE]);
  const customers = await ask("user_abc123", "/dashboard/customers");
  const counts = customers.map((row) => [row.customer_id, row.call_count]);
  assert.deepEqual(new Map(counts), new Map([["end_user_42", 1], [null, 1]]));
  await assertHidden("user_abc123");
});

test("example 2", async () => {
  for (const tenant of ["acme_corp", "globex_inc"]) {
    await run("example_2_white_label.mjs", { TENANT_API_KEY: keys[tenant] }, tenant);
  }
  for (const tenant of ["acme_corp", "globex_inc"]) {
    const { call_count, total_cost } = await totals(tenant, 1);
    assert.deepEqual([call_count, total_cost], [1, PRICE]);
    await assertHidden(tenant);
  }
});

test("example 3: back end, helpers, page", async () => {
  const tenant = getTenantId("user_clerk");
  const settings = { LLMOBSERVE_API_KEY: keys[tenant] };
  await run("example_3_clerk.mjs", settings, tenant);
  await totals(tenant, 1);
  signIn(tenant);
  const runs = await fetchRuns(100, tenant);
  assert.deepEqual(runs.map((one) => [one.tenant_id, one.top_section, one.total_cost]),
    [[tenant, "feature:greeting", PRICE]]);
  const detail = await fetchRunDetail(runs[0].run_id, tenant);
  assert.deepEqual(detail.spans.map((span) => [span.name, span.span_type, span.total_cost]),
    [["feature:greeting", "section", PRICE]]);
  assert.deepEqual(detail.spans[0].children.map((call) => call.model), ["gpt-4o-2024-08-06"]);
  assert.equal(detail.breakdown.by_provider[0].provider, "openai");
  const [stats] = await fetchProviderStats(24, tenant);
  assert.deepEqual([stats.provider, stats.total_cost, stats.call_count], ["openai", PRICE, 1]);
  await assertHidden(tenant);
  signIn("nobody");
  await assert.rejects(fetchRunDetail(runs[0].run_id, "nobody"),
    (error) => error instanceof ApiError && error.status === 404);

  const page = start("example_3_dashboard.mjs", settings);
  const [line] = await once(createInterface(page.stdout), "line");
  const { origin } = new URL(line);
  assert.match(await (await fetch(line)).text(), /fetchRuns\(100, tenantId\)/);
  // What the browser loads is the module itself; it imports nothing.
  const script = await (await fetch(`${origin}/api.js`)).text();
  assert.doesNotMatch(script, /^\s*import\b|require\(/m);
  const { configure: set, fetchRuns: inPage } =
    await import(`data:text/javascript,${encodeURIComponent(script)}`);
  set({ collectorUrl: `${origin}/llmobserve` });
  assert.deepEqual(await inPage(100, tenant), runs);
  page.kill();
});

test("a web service with a tenant per request", async () => {
  const service = start("express_tenant_per_request.mjs", { LLMOBSERVE_API_KEY: platformKey });
  const [line] = await once(createInterface(service.stdout), "line");
  const visit = (tenant) =>
    fetch(line, { headers: { "X-Tenant": tenant, "X-Customer-ID": `of ${tenant}` } });
  const tenants = Array.from({ length: 12 }, (_, number) => `web${number % 3}`);
  for (const answer of await Promise.all(tenants.map(visit))) assert.equal(answer.status, 200);
  for (const tenant of new Set(tenants)) {
    keys[tenant] = await up.tenantKey(platformKey, tenant);
    assert.equal((await totals(tenant, 4)).call_count, 4);
    const customers = await ask(tenant, "/dashboard/customers");
    assert.deepEqual(customers.map((row) => row.customer_id), [`of ${tenant}`]);
    signIn(tenant);
    const runs = await fetchRuns(10, tenant);
    assert.equal(runs.length, 4);
    const { spans } = await fetchRunDetail(runs[0].run_id, tenant);
    assert.deepEqual(spans.map((span) => span.name), ["agent:answer"]);
    assert.deepEqual(spans[0].children.map((child) => child.span_type).sort(), ["llm", "tool"]);
  }
  service.kill();
});

test("every provider's shape is accepted and priced", async () => {
  llmobserve.observe({ collectorUrl: up.url, tenantId: "shapes", apiKey: keys.shapes });
  for (const [name, { provider: whose }] of Object.entries(EXPECTED)) {
    takeFor(whose, provider);
    provider.replay(fixture(name));
    const path = whose === "bedrock"
      ? "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
      : name.includes("embed") ? "/v1/embeddings" : "/v1/chat/completions";
    const model = whose === "cohere" ? "command-r-plus-08-2024" : "gpt-4o";
    const body = JSON.stringify({ model });
    await (await fetch(provider.url + path, { method: "POST", body })).arrayBuffer();
  }
  assert.ok(await llmobserve.flush());
  const count = Object.keys(EXPECTED).length;
  assert.deepEqual(llmobserve.stats(), { delivered: count, rejected: 0, dropped: 0, queued: 0 });
  assert.equal((await totals("shapes", count)).call_count, count);
  const models = await ask("shapes", "/stats/by-model");
  const unpriced = Object.fromEntries(models.map((row) => [row.model, row.unpriced_count]));
  assert.equal(unpriced["claude-sonnet-4-5-20250929"], 1); // the one that broke off
  assert.equal(unpriced["gemini-2.5-flash"], 0);
  assert.equal(unpriced["mistral-large-latest"], 0);
  assert.equal(unpriced["gpt-4o-2024-08-06"], 1); // the stream without usage
});
