// With a proxy: it measures, the application notices nothing; without it the call goes directly,
// once.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as llmobserve from "llmobserve";

import { FETCHES, HTTPS } from "./clients.mjs";
import { Recording } from "./fakes/provider.mjs";
import { delivered, fixture, withFakes } from "./setup.mjs";

const BODY = '{"model":"gpt-4o-asked","text":"größe 🙂"}';
const { fetch: ours } = FETCHES;

for (const [client, post] of Object.entries({ fetch: ours, ...HTTPS })) {
  test(`the proxy measures: ${client}`, withFakes(async ({ observe, provider, proxy, collector }) => {
    observe({ proxyUrl: proxy.url, tenantId: "köln", apiKey: "llmo_sk_1", environment: "prod" });
    llmobserve.setCustomerId("kunde 42");
    const recording = fixture("openai_chat.sse");
    provider.replay(recording);
    const url = `${provider.url}/v1/chat/completions?a=b`;
    const [run, answer] = await llmobserve.section("agent:x", () =>
      llmobserve.section("tool:y", async () => [
        llmobserve.getRunId(),
        await post(url, BODY, true),
      ]));
    assert.deepEqual(answer, [200, recording.body.toString()]);
    assert.equal(proxy.calls.length, 1);
    const { "span-id": span, "parent-span-id": parent, ...call } = proxy.calls[0];
    assert.ok(span && parent && span !== parent);
    assert.deepEqual(call, {
      "target-url": url,
      "api-key": "llmo_sk_1",
      "tenant-id": "köln",
      "customer-id": "kunde 42",
      "run-id": run,
      section: "tool:y",
      "section-path": "agent:x/tool:y",
      environment: "prod",
    });
    const [{ path, headers, body }] = provider.requests;
    assert.deepEqual([provider.requests.length, path, body], [1, "/v1/chat/completions?a=b", BODY]);
    assert.equal(headers.authorization, "Bearer sk-vendor");
    assert.ok(!Object.keys(headers).some((name) => name.includes("llmobserve")));
    await delivered();
    assert.equal(collector.calls.length, 0);
    assert.equal(collector.events.length, 2); // the sections
  }));

  test(`a proxy that is away is left out: ${client}`,
    withFakes(async ({ observe, provider, proxy, collector }) => {
      await proxy.stop();
      observe({ proxyUrl: proxy.url, tenantId: "acme" });
      const recording = fixture("openai_chat.json");
      provider.replay(recording);
      const url = `${provider.url}/v1/chat/completions`;
      for (let count = 1; count <= 3; count += 1) {
        assert.deepEqual(await post(url, BODY, false), [200, recording.body.toString()]);
        assert.equal(provider.requests.length, count);
      }
      assert.ok(provider.requests.every(({ body }) => body === BODY));
      await delivered();
      assert.deepEqual(
        collector.calls.map((event) => [event.tenant_id, event.input_tokens]),
        Array(3).fill(["acme", 1200]),
      );
    }));

  test(`many through the proxy: ${client}`, withFakes(async ({ observe, provider, proxy }) => {
    observe({ proxyUrl: proxy.url });
    provider.replay(fixture("openai_chat.json"));
    await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        llmobserve.runWithContext({ tenantId: `t${number}` }, () =>
          post(`${provider.url}/v1/chat/completions?n=${number}`, BODY, false))),
    );
    assert.equal(proxy.calls.length, 40);
    for (const call of proxy.calls) {
      assert.equal(`t${new URL(call["target-url"]).searchParams.get("n")}`, call["tenant-id"]);
    }
  }));
}

test("after the proxy was reached there is no second way",
  withFakes(async ({ observe, provider, proxy, collector }) => {
    observe({ proxyUrl: proxy.url });
    proxy.respond = (request) => request.socket.destroy();
    provider.replay(fixture("openai_chat.json"));
    for (const post of [ours, HTTPS.axios]) {
      await assert.rejects(post(`${provider.url}/v1/chat/completions`, BODY, false));
    }
    assert.equal(provider.requests.length, 0);
    assert.equal(collector.calls.length, 0);
  }));

test("the application sees the provider, not the proxy",
  withFakes(async ({ observe, provider, proxy }) => {
    observe({ proxyUrl: proxy.url });
    provider.replay(new Recording('{"a":1}', { headers: { "x-request-id": "7" } }));
    const response = await fetch(`${provider.url}/v1/responses`, { method: "POST", body: "{}" });
    assert.equal(response.url, `${provider.url}/v1/responses`);
    assert.equal(response.redirected, false);
    assert.equal(response.headers.get("x-request-id"), "7");
    assert.deepEqual(await response.json(), { a: 1 });
    assert.equal(proxy.calls.length, 1);
  }));

test("an address that is none", withFakes(async ({ observe, provider, oneEvent }) => {
  observe({ proxyUrl: "not a url" });
  provider.replay(fixture("openai_chat.json"));
  await ours(`${provider.url}/v1/chat/completions`, BODY, false);
  await oneEvent();
}));
