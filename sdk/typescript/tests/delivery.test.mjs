// Between the queue and the collector: away, slow, failing, talking nonsense; nothing that was
// queued within the bound is lost, and nothing counts twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import * as llmobserve from "llmobserve";

import { backoff, forgetTold, retryAfterMs } from "../dist/esm/internals.js";
import { Collector } from "./fakes/collector.mjs";
import { delivered, fixture, until, warnings, withFakes } from "./setup.mjs";

Object.assign(backoff, { firstMs: 10, maxMs: 50 });

function record(count, start = 0) {
  for (let n = start; n < start + count; n += 1) llmobserve.section(`n${n}`, () => {});
}

const numbers = (collector) =>
  collector.events.map((event) => Number(event.section_path.slice(1))).sort((a, b) => a - b);
const range = (count) => Array.from({ length: count }, (_, number) => number);
const quiet = (test) => (t) => warnings(() => test(t));

for (const mode of ["500", "503", "404", "302", "429", "garbage", "portal"]) {
  test(`failures pass: ${mode}`, quiet(withFakes(async ({ observe, collector }) => {
    observe();
    collector.mode = mode;
    record(50);
    const flushed = llmobserve.flush(500);
    assert.ok(await until(() => collector.posts >= 1, 20_000));
    assert.equal(await flushed, false);
    record(50, 50);
    assert.deepEqual([collector.events.length, llmobserve.stats().queued], [0, 100]);
    collector.mode = "ok";
    await delivered();
    assert.deepEqual(numbers(collector), range(100));
    assert.deepEqual(llmobserve.stats(), { delivered: 100, rejected: 0, dropped: 0, queued: 0 });
  })));
}

test("nobody there, and then somebody", quiet(withFakes(async ({ observe, collector }) => {
  await collector.stop();
  observe();
  record(100);
  assert.equal(await llmobserve.flush(300), false);
  const again = await new Collector().start(collector.port);
  await delivered();
  assert.deepEqual(numbers(again), range(100));
  await again.stop();
})));

for (const url of ["http://collector.invalid:8000", "not a url", "ftp://x", "http://", "http://127.0.0.1:99999"]) {
  test(`an address that leads nowhere: ${url}`, quiet(withFakes(async ({ observe }) => {
    observe({ collectorUrl: url });
    record(3);
    assert.equal(await llmobserve.flush(200), false);
    assert.equal(llmobserve.stats().queued, 3);
  })));
}

test("a slow collector slows nobody", withFakes(async ({ observe, provider, collector }) => {
  observe();
  provider.replay(fixture("openai_chat.json"));
  let open;
  collector.gate = new Promise((resolve) => (open = resolve));
  record(1);
  assert.ok(await until(() => collector.posts === 1, 20_000));
  for (let count = 0; count < 5; count += 1) {
    const asked = { method: "POST", body: "{}" };
    await (await fetch(`${provider.url}/v1/chat/completions`, asked)).text();
  }
  assert.equal(collector.events.length, 0, "the calls were done before the collector was");
  open();
  await delivered();
  assert.deepEqual([collector.calls.length, collector.copies], [5, 0]);
}));

test("an answer that was lost counts once", quiet(withFakes(async ({ observe, collector }) => {
  observe();
  const accept = collector.accept.bind(collector);
  let isLost = false;
  collector.accept = (request, response, body) => {
    if (isLost) return accept(request, response, body);
    isLost = true;
    accept(request, { writeHead() {}, end: () => request.socket.destroy() }, body);
  };
  record(10);
  await delivered();
  assert.deepEqual(numbers(collector), range(10));
  assert.equal(collector.copies, 10);
})));

test("the bound", withFakes(async ({ observe, collector }) => {
  forgetTold();
  const said = await warnings(async () => {
    observe({ queueEventsMax: 100 });
    collector.mode = "500";
    record(150);
    assert.equal(llmobserve.stats().dropped, 50);
    collector.mode = "ok";
    await delivered();
    assert.deepEqual(numbers(collector), range(100));
    record(10, 200);
    await delivered();
    assert.deepEqual(llmobserve.stats(), { delivered: 110, rejected: 0, dropped: 50, queued: 0 });
    await llmobserve.shutdown();
  });
  assert.equal(said.filter((line) => line.includes("queue is full")).length, 1);
  assert.equal(said.filter((line) => line.includes("50 dropped")).length, 1);
}));

test("Retry-After is kept", quiet(withFakes(async ({ observe, collector }) => {
  observe();
  const accept = collector.accept.bind(collector);
  const at = [];
  collector.accept = (request, response, body) => {
    at.push(Date.now());
    if (at.length > 1) accept(request, response, body);
    else response.writeHead(429, { "Retry-After": 1 }).end();
  };
  record(1);
  await delivered();
  assert.equal(at.length, 2);
  assert.ok(at[1] - at[0] >= 900);
})));

test("Retry-After: seconds, a date, nonsense", () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  assert.ok(retryAfterMs(date) > 55_000 && retryAfterMs(date) <= 60_000);
  assert.deepEqual(["3", "99999", "-1", "soon", undefined].map(retryAfterMs),
    [3000, 300_000, 0, undefined, undefined]);
});

test("requests that are too large are halved", withFakes(async ({ observe, collector }) => {
  const accept = collector.accept.bind(collector);
  const { gunzipSync } = await import("node:zlib");
  collector.accept = (request, response, body) => {
    if (gunzipSync(body).toString().split("\n").length <= 10) accept(request, response, body);
    else response.writeHead(413, { "Content-Type": "application/problem+json" }).end("{}");
  };
  observe();
  record(100);
  await delivered();
  assert.deepEqual(numbers(collector), range(100));
}));

test("refused events are counted, told, and not sent again", withFakes(async ({ observe, collector }) => {
  collector.accept = (_, response) => {
    response.writeHead(403, { "Content-Type": "application/problem+json" });
    response.end('{"code":"tenant_forbidden"}');
  };
  forgetTold();
  const said = await warnings(async () => {
    observe();
    record(5);
    await delivered();
  });
  assert.deepEqual(llmobserve.stats(), { delivered: 0, rejected: 5, dropped: 0, queued: 0 });
  assert.match(said.join(), /refused 5 of 5 events: HTTP 403 tenant_forbidden/);
}));

test("flush delivers at once; idle is silent", withFakes(async ({ observe, collector }) => {
  observe({ flushIntervalMs: 60_000 });
  assert.equal(await llmobserve.flush(), true);
  record(1);
  await sleep(50);
  assert.equal(collector.posts, 0);
  await delivered();
  assert.deepEqual([collector.posts, collector.events.length], [1, 1]);
}));

test("begin, end, begin anew", withFakes(async ({ observe, collector }) => {
  observe();
  record(1);
  assert.equal(await llmobserve.shutdown(), true);
  record(1);
  observe();
  record(1, 1);
  await delivered();
  assert.deepEqual(numbers(collector), [0, 1]);
}));

test("recording goes on while it fails on and off", quiet(withFakes(async ({ observe, collector }) => {
  observe({ queueEventsMax: 100_000, flushIntervalMs: 1 });
  const flapping = setInterval(() => (collector.mode = collector.mode === "ok" ? "500" : "ok"), 20);
  for (let count = 0; count < 40; count += 1) {
    record(100, count * 100);
    await sleep(5);
  }
  clearInterval(flapping);
  collector.mode = "ok";
  await delivered();
  assert.deepEqual(numbers(collector), range(4000));
  assert.equal(llmobserve.stats().delivered, 4000);
})));
