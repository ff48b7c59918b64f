// Every client, every provider's shape, whole and streamed: the same bytes as without us, one
// event, the provider's own counts.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as llmobserve from "llmobserve";

import { FETCHES, POSTS, RAW } from "./clients.mjs";
import { Recording } from "./fakes/provider.mjs";
import { delivered, EXPECTED, fixture, takeFor, withFakes } from "./setup.mjs";

export const BODY = '{"messages":[{"content":"the \\"model\\": \\"none\\""}],"model":"gpt-4o-asked"}';
const FIELDS = ["input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens"];
FIELDS.push("cache_write_1h_tokens", "reasoning_tokens", "model", "service_tier", "usage");

export function expect(event, name) {
  const { status = "ok", error_type, ...wanted } = EXPECTED[name].event;
  assert.equal(event.status, status);
  assert.equal(event.error_type, error_type);
  assert.equal(event.provider, EXPECTED[name].provider);
  const stated = FIELDS.filter((field) => event[field]).map((field) => [field, event[field]]);
  assert.deepEqual(Object.fromEntries(stated), wanted);
}

for (const [client, post] of Object.entries(POSTS)) {
  for (const isStream of [false, true]) {
    test(`every shape, once and exactly: ${client}, ${isStream ? "stream" : "whole"}`,
      withFakes(async ({ observe, provider, collector }) => {
        observe({ tenantId: "acme" });
        for (const [name, wanted] of Object.entries(EXPECTED)) {
          takeFor(wanted.provider, provider);
          const recording = fixture(name);
          provider.replay(recording);
          const [status, body] = await llmobserve.runWithContext({ runId: name }, () =>
            post(`${provider.url}/v1/x?key=secret`, BODY, isStream));
          assert.equal(status, 200);
          if (!name.endsWith(".stream")) assert.equal(body, recording.body.toString(), name);
        }
        await delivered();
        assert.deepEqual(collector.calls.map((e) => e.run_id).sort(), Object.keys(EXPECTED).sort());
        for (const event of collector.calls) {
          expect(event, event.run_id);
          assert.equal(event.tenant_id, "acme");
          assert.equal(event.endpoint, "/v1/x");
          assert.equal(event.http_status, 200);
          assert.equal(event.is_streaming ?? false, !event.run_id.endsWith(".json"));
          assert.ok(event.latency_ms > 0);
        }
        assert.ok(!JSON.stringify(collector.events).includes("secret"));
        for (const { headers, body } of provider.requests) {
          assert.equal(body, BODY);
          assert.deepEqual(Object.keys(headers).filter((name) => name.includes("llmobserve")), []);
        }
      }));
  }

  test(`compressed: ${client}`, withFakes(async ({ observe, provider, collector }) => {
    observe();
    for (const encoding of ["gzip", "deflate", "br"]) {
      const recording = fixture("openai_chat.sse", { encoding, pieces: 100 });
      provider.replay(recording);
      const [, body] = await post(`${provider.url}/v1/chat/completions`, BODY, true);
      if (!(client in RAW) && !client.startsWith("http")) {
        assert.equal(body, recording.body.toString());
      }
    }
    await delivered();
    assert.equal(collector.calls.length, 3);
    for (const event of collector.calls) expect(event, "openai_chat.sse");
  }));

  test(`streams cut anywhere: ${client}`, withFakes(async ({ observe, provider, collector }) => {
    observe({ host: "anthropic" });
    for (const size of [1, 64]) {
      for (const name of ["anthropic.sse", "bedrock_converse.stream"]) {
        provider.replay(fixture(name, { pieces: size }));
        await post(`${provider.url}/v1/messages`, BODY, true);
      }
    }
    await delivered();
    assert.deepEqual(collector.calls.map((e) => e.output_tokens), [400, 25, 400, 25]);
  }));

  test(`refusals: ${client}`, withFakes(async ({ observe, provider, collector }) => {
    observe();
    const answer = '{"error":{"message":"no, and here is your prompt","type":"some_error"}}';
    const outcomes = { 400: "error", 401: "error", 408: "timeout", 429: "rate_limited", 500: "error" };
    for (const status of Object.keys(outcomes).map(Number)) {
      provider.replay(new Recording(answer, { status }));
      const got = await post(`${provider.url}/v1/chat/completions`, BODY, false);
      assert.deepEqual(got, [status, answer]);
    }
    await delivered();
    assert.deepEqual(
      Object.fromEntries(collector.calls.map((event) => [event.http_status, event.status])),
      outcomes,
    );
    for (const event of collector.calls) {
      assert.equal(event.error_type, "some_error");
      assert.equal(event.model, "gpt-4o-asked");
      assert.ok(!("usage" in event) && !("input_tokens" in event));
    }
    assert.ok(!JSON.stringify(collector.events).includes("prompt"));
  }));

  test(`what is no call is left alone: ${client}`,
    withFakes(async ({ observe, provider, proxy, collector }) => {
      observe({ proxyUrl: proxy.url });
      provider.replay(fixture("openai_chat.json"));
      for (const path of ["/v1/files", "/v1/messages/count_tokens", "/v1beta/models/x:countTokens"]) {
        await post(provider.url + path, BODY, false);
      }
      takeFor("", provider); // another host
      assert.equal((await post(`${provider.url}/v1/chat/completions`, BODY, false))[0], 200);
      await delivered();
      assert.deepEqual([collector.events, proxy.calls], [[], []]);
    }));
}

test("large documents are read at their ends", withFakes(async ({ observe, provider, collector }) => {
  observe();
  const data = [{ index: 0, embedding: Array(60_000).fill(0.123456789) }];
  const usage = { prompt_tokens: 77, total_tokens: 77 };
  const document = { object: "list", data, model: "text-embedding-3-large", usage };
  provider.replay(new Recording(JSON.stringify(document), { pieces: 65_536 }));
  for (const client of ["fetch", "axios"]) {
    for (const isStream of [false, true]) {
      await POSTS[client](`${provider.url}/v1/embeddings`, BODY, isStream);
    }
  }
  await delivered();
  assert.equal(collector.calls.length, 4);
  for (const event of collector.calls) {
    assert.deepEqual([event.input_tokens, event.model], [77, "text-embedding-3-large"]);
    assert.equal(event.span_type, "embedding");
  }
}));

test("background responses count when they are fetched",
  withFakes(async ({ observe, provider, collector }) => {
    observe();
    const document = JSON.parse(fixture("openai_responses.json").body);
    const queued = { ...document, background: true, status: "queued", usage: null };
    provider.replay(new Recording(JSON.stringify(queued)));
    await FETCHES.fetch(`${provider.url}/v1/responses`, BODY);
    await (await fetch(`${provider.url}/v1/responses/resp_1`)).text();
    provider.replay(new Recording(JSON.stringify({ ...document, background: true })));
    await (await fetch(`${provider.url}/v1/responses/resp_1`)).text();
    await (await fetch(`${provider.url}/v1/responses/resp_1`)).text();
    await delivered();
    assert.deepEqual(collector.calls.map((e) => [e.id, e.input_tokens]), [["resp_1", 900]]);
    assert.equal(collector.copies, 1);
  }));

test("redirects are one call", withFakes(async ({ observe, provider, oneEvent }) => {
  observe();
  provider.replay(new Recording("", { status: 307, headers: { Location: "/v1/there" } }), "/v1/here");
  provider.replay(fixture("openai_chat.json"));
  const [status] = await FETCHES.fetch(`${provider.url}/v1/here`, BODY);
  assert.equal(status, 200);
  expect(await oneEvent(), "openai_chat.json");
}));

test("counts that contradict each other have no price",
  withFakes(async ({ observe, provider, oneEvent }) => {
    observe();
    const prompt_tokens_details = { cached_tokens: 9 };
    const usage = { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details };
    provider.replay(new Recording(JSON.stringify({ model: "m", usage })));
    await FETCHES.fetch(`${provider.url}/v1/chat/completions`, BODY);
    const event = await oneEvent();
    assert.deepEqual([event.input_tokens, event.output_tokens], [5, 1]);
    assert.ok(!("cached_tokens" in event));
    assert.deepEqual(event.usage, { cache_read_tokens: 9 });
  }));
