// The real libraries through the real proxy, and past it when it is away: the application gets what it
// gets without the SDK, the provider is asked the same, and each call is one event with its own tenant,
// customer, run and section, with the counts of its body and their price.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as llmobserve from "llmobserve";

import { Provider } from "../fakes/provider.mjs";
import { lastingRequest, LIBRARIES, plain, replay } from "../libraries.mjs";
import { freePort, Instance } from "./instance.mjs";

/** Of the answers, by the published prices; Bedrock's in the region "us" cost a tenth more. */
const PRICES = {
  "openai_chat.json": "0.00472",
  "openai_chat.sse": "0.00472",
  "openai_responses.json": "0.003049",
  "openai_responses.sse": "0.003049",
  "openai_embeddings.json": "0.00000016",
  "anthropic.json": "0.028238",
  "anthropic.sse": "0.028238",
  "bedrock_converse.json": "0.001782",
  "bedrock_converse.stream": "0.001782",
  "AWS SDK, InvokeModel": "0.0090618",
};

const providers = {};
let up;
let away;

before(async () => {
  for (const name of ["openai", "anthropic", "bedrock"]) {
    providers[name] = await new Provider().start();
  }
  const hosts = Object.entries(providers).map(([name, server]) => `${name}=${server.host}`).join();
  process.env.LLMOBSERVE_PROVIDER_HOSTS = hosts; // the proxy is told, and the SDK
  up = await new Instance().start({ LLMOBSERVE_PROVIDER_HOSTS: hosts });
  away = `http://127.0.0.1:${await freePort()}`;
}, { timeout: 330_000 });

after(() => Promise.all([up, ...Object.values(providers)].map((one) => one?.stop())));

for (const [name, library] of Object.entries(LIBRARIES)) {
  for (const way of Object.keys(library.fixtures)) {
    test(`${name}, ${way}`, async () => {
      const provider = providers[library.provider];
      replay(library, way, provider);
      provider.requests.length = 0;
      const without = plain(await library[way](provider.url));
      for (const proxyUrl of [up.proxyUrl, away]) {
        const isProxied = proxyUrl === up.proxyUrl;
        provider.requests.splice(1);
        llmobserve.observe({ collectorUrl: up.url, proxyUrl, flushIntervalMs: 20 });
        const [run, answer] = await llmobserve.runWithContext({ tenantId: name }, () => {
          llmobserve.setCustomerId("kunde 42");
          return llmobserve.section("tool:köln", async () =>
            [llmobserve.getRunId(), plain(await library[way](provider.url))]);
        });
        assert.deepEqual(answer, without);
        assert.ok(await llmobserve.flush());
        assert.equal(llmobserve.stats().delivered, isProxied ? 1 : 2); // the section, and the call
        await llmobserve.shutdown(1000);
        assert.equal(provider.requests.length, 2);
        const [first, second] = provider.requests.map(lastingRequest);
        assert.deepEqual(second, first);
        assert.ok(!Object.keys(provider.requests[1].headers).some((one) => one.includes("llmobserve")));
        await assertStored(run, name, library, way);
      }
    });
  }
}

async function assertStored(run, tenant, library, way) {
  const query = `tenant_id=${encodeURIComponent(tenant)}&money=string`;
  const detail = await up.ask(`/runs/${run}?${query}`, ({ spans }) => spans?.[0]?.children[0]);
  assert.deepEqual([detail.tenant_id, detail.call_count], [tenant, 1]);
  const [{ name, children: [call, ...others] }, ...more] = detail.spans;
  assert.deepEqual([name, others, more], ["tool:köln", [], []]);
  const price = PRICES[tenant] ?? PRICES[library.fixtures[way]];
  assert.deepEqual(
    [call.provider, call.status, call.input_tokens, call.output_tokens || undefined, call.cost_usd],
    [library.provider, "ok", ...library.counts, price],
  );
  const customers = await up.ask(`/dashboard/customers?${query}`);
  assert.deepEqual(customers.map((row) => row.customer_id), ["kunde 42"]);
}
