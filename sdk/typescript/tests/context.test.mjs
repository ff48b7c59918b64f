// Who a call is for: under concurrency, across awaits, in web frameworks, in other processes.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { setImmediate as soon, setTimeout as sleep } from "node:timers/promises";

import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";

import * as llmobserve from "llmobserve";

import { POSTS } from "./clients.mjs";
import { delivered, fixture, until, withFakes } from "./setup.mjs";

const { agent, section, tool, trace } = llmobserve;
const BODY = '{"model":"gpt-4o"}';
const { fetch: post } = POSTS;

test("1,000 concurrent tasks of 50 tenants: each event carries its own context",
  withFakes(async ({ observe, provider, collector }) => {
    observe({ tenantId: "process" });
    provider.replay(fixture("openai_chat.json"));
    const clients = [POSTS.fetch, POSTS["http (import)"]];
    const task = async (number) => {
      llmobserve.observe({ tenantId: `t${number % 50}`, apiKey: `key ${number % 50}` });
      await soon();
      llmobserve.setCustomerId(`c${number}`);
      llmobserve.setRunId(`r${number}`);
      await section(`agent:a${number}`).run(async () => {
        await soon();
        await section(`tool:b${number}`, async () => {
          await soon();
          await clients[number % 2](`${provider.url}/v1/chat/completions`, BODY, number % 3 === 0);
        });
      });
    };
    let next = 0;
    const lanes = Array.from({ length: 100 }, async () => {
      // A hundred at a time, each in the context that the one before it in its lane left behind.
      while (next < 1000) await task(next++);
    });
    await Promise.all(lanes);
    await delivered(20_000);
    assert.equal(collector.events.length, 3000);
    const spans = new Map(collector.events.map((event) => [event.span_id, event]));
    for (const [event, key] of collector.received) {
      const number = Number(event.run_id.slice(1));
      assert.equal(event.tenant_id, `t${number % 50}`);
      assert.equal(event.customer_id, `c${number}`);
      assert.equal(key, `key ${number % 50}`);
      const path = `agent:a${number}/tool:b${number}`;
      if (event.span_type === "llm") {
        assert.equal(event.section_path, path);
        assert.equal(spans.get(event.parent_span_id).section_path, path);
      } else assert.ok(path.startsWith(event.section_path));
    }
  }));

test("a later observe() is for the current context only",
  withFakes(async ({ observe, collector }) => {
    observe({ tenantId: "process", apiKey: "process key" });
    const login = (tenantId) =>
      llmobserve.runWithContext({}, async () => {
        llmobserve.observe({ tenantId, apiKey: `key of ${tenantId}`, collectorUrl: "http://x" });
        await soon();
        section(`of ${tenantId}`, () => {});
      });
    await Promise.all([login("a"), login("b")]);
    llmobserve.runWithContext({ tenantId: "c" }, () => section("of c", () => {}));
    await delivered();
    assert.deepEqual(
      collector.received.map(([e, key]) => [e.section_path, e.tenant_id, key]).sort(),
      [["of a", "a", "key of a"], ["of b", "b", "key of b"], ["of c", "c", "process key"]],
    );
  }));

test("what an awaited function sets counts for its caller, within a request's context",
  withFakes(async () => {
    const authenticate = async (tenant) => {
      await sleep(1);
      llmobserve.setTenantId(tenant);
    };
    await llmobserve.runWithContext({}, async () => {
      await authenticate("a");
      assert.equal(llmobserve.getTenantId(), "a");
      await section("inside", async () => assert.equal(llmobserve.getTenantId(), "a"));
      await Promise.all(["b", "c"].map(async (tenant) => {
        llmobserve.setTenantId(tenant);
        await sleep(1);
        assert.equal(llmobserve.getTenantId(), tenant);
      }).map((task) => llmobserve.runWithContext({}, () => task)));
    });
  }));

test("what is set inside runWithContext stays inside", withFakes(async () => {
  llmobserve.setTenantId("outer");
  await llmobserve.runWithContext({ customerId: "kim" }, async () => {
    assert.equal(llmobserve.getTenantId(), "outer");
    llmobserve.setTenantId("inner");
    await soon();
    assert.deepEqual([llmobserve.getTenantId(), llmobserve.getCustomerId()], ["inner", "kim"]);
    llmobserve.setCustomerId(null);
    assert.equal(llmobserve.getRunId(), llmobserve.getRunId());
  });
  assert.deepEqual([llmobserve.getTenantId(), llmobserve.getCustomerId()], ["outer", undefined]);
}));

test("sections: results, errors, tree, metadata", withFakes(async ({ observe, collector }) => {
  observe();
  const boom = new RangeError("the message is nobody's business");
  assert.equal(section("plain", () => 7), 7);
  assert.equal(await section("agent:async", { plan: "pro" }, async () => section("in", () => 8)), 8);
  assert.throws(() => section("throws", () => { throw boom; }), boom);
  await assert.rejects(section("rejects", () => Promise.reject(boom)), boom);
  await delivered();
  const by = Object.fromEntries(collector.events.map((event) => [event.section_path, event]));
  assert.deepEqual(Object.keys(by).sort(),
    ["agent:async", "agent:async/in", "plain", "rejects", "throws"]);
  assert.equal(by["agent:async"].span_type, "agent");
  assert.deepEqual(by["agent:async"].event_metadata, { plan: "pro" });
  assert.equal(by["agent:async/in"].parent_span_id, by["agent:async"].span_id);
  assert.equal(by["agent:async/in"].run_id, by["agent:async"].run_id);
  for (const name of ["throws", "rejects"]) {
    assert.deepEqual([by[name].status, by[name].error_type], ["error", "RangeError"]);
  }
  assert.ok(!JSON.stringify(collector.events).includes("nobody"));
}));

test("a section leaves a thenable what it is", withFakes(async ({ observe, collector }) => {
  observe();
  let asked = 0;
  class Query {
    extra() { return "own method"; }
    then(onValue, onError) {
      asked += 1;
      return Promise.resolve("rows").then(onValue, onError);
    }
  }
  const query = section("query", () => new Query());
  assert.ok(query instanceof Query);
  assert.equal(query.extra(), "own method");
  await soon();
  assert.equal(asked, 0);
  assert.equal(await query, "rows");
  assert.equal(asked, 1);
  await delivered();
  assert.deepEqual(collector.events.map((event) => event.status), ["ok"]);
}));

test("agent, tool, trace: functions of every kind", withFakes(async ({ observe, collector }) => {
  observe();
  const places = [];
  const here = () => places.push(llmobserve.exportContext().section_path);
  const search = tool(function search(a, b) { here(); return [this, a, b]; });
  assert.equal(search.name, "search");
  assert.equal(search.length, 2);
  const owner = { search };
  assert.deepEqual(owner.search(1, 2), [owner, 1, 2]);
  const generate = trace({ step: "gen" }, function* (n) {
    for (let i = 0; i < n; i += 1) { here(); const sent = yield i; if (sent) here(); }
    return "end";
  });
  const stream = agent("streamer", async function* (n) {
    for (let i = 0; i < n; i += 1) { await soon(); here(); yield i; }
  });
  assert.deepEqual([...generate(2)], [0, 1]);
  const steps = generate(1);
  assert.deepEqual(steps.next(), { value: 0, done: false });
  assert.equal(llmobserve.exportContext().section_path, undefined);
  assert.deepEqual(steps.next("sent"), { value: "end", done: true });
  const got = [];
  for await (const item of stream(3)) { got.push(item); if (item === 1) break; }
  assert.deepEqual(got, [0, 1]);
  const failing = tool("bad", async function* () { yield 1; throw new TypeError("x"); });
  await assert.rejects(async () => { for await (const _ of failing()); }, TypeError);
  const never = stream(1); // a generator that nobody starts is no pass
  assert.equal(Object.prototype.toString.call(never), "[object AsyncGenerator]");
  await delivered();
  assert.deepEqual(new Set(places), new Set(["tool:search", "step:gen", "agent:streamer"]));
  assert.deepEqual(
    collector.events.map((e) => [e.section_path, e.status]).sort(),
    [["agent:streamer", "ok"], ["step:gen", "ok"], ["step:gen", "ok"], ["tool:bad", "error"],
      ["tool:search", "ok"]],
  );
  assert.throws(() => trace({}, () => {}), TypeError);
}));

test("export and import", withFakes(async () => {
  llmobserve.setTenantId("acme");
  llmobserve.setTraceId("trace");
  const run = llmobserve.setRunId();
  const exported = section("agent:a", () => section("b", () => llmobserve.exportContext()));
  assert.deepEqual(Object.keys(exported).sort(),
    ["run_id", "section_path", "span_id", "tenant_id", "trace_id"]);
  assert.equal(exported.run_id, run);
  await llmobserve.runWithContext({ tenantId: "other" }, async () => {
    llmobserve.importContext(exported, async () => {
      await soon();
      assert.deepEqual(llmobserve.exportContext(), exported);
    });
    assert.equal(llmobserve.getTenantId(), "other");
    llmobserve.importContext(exported);
    assert.deepEqual(llmobserve.exportContext(), exported);
  });
}));

test("import and require share one state", withFakes(async ({ observe, collector }) => {
  const required = createRequire(import.meta.url)("llmobserve");
  observe({ tenantId: "process" });
  assert.notEqual(required.section, section);
  required.observe({ tenantId: "acme" });
  assert.equal(llmobserve.getTenantId(), "acme");
  required.section("a", () => section("b", () => {}));
  await delivered();
  assert.deepEqual(collector.events.map((e) => e.section_path).sort(), ["a", "a/b"]);
  assert.equal(required.stats().delivered, 2);
}));

/** The handler of every framework: authenticates after an await, reads its body, works. */
async function handle(tenant, text, provider) {
  await (async () => {
    await sleep(Math.random() * 5);
    llmobserve.setTenantId(tenant);
  })();
  await section("agent:x", () => post(`${provider.url}/v1/chat/completions`, BODY, false));
  return { tenant: llmobserve.getTenantId(), customer: llmobserve.getCustomerId(), text };
}

const FRAMEWORKS = {
  http: async (provider) => {
    const server = createServer(llmobserve.requestListener((request, response) => {
      let text = "";
      request.on("data", (piece) => (text += piece));
      request.on("end", async () => {
        response.end(JSON.stringify(await handle(request.headers["x-tenant"], text, provider)));
      });
    }));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return [server.address().port, () => server.close()];
  },
  express: async (provider) => {
    const app = express();
    app.use(llmobserve.middleware, express.text({ type: "*/*" }));
    app.post("/", async (request, response) => {
      response.json(await handle(request.headers["x-tenant"], request.body, provider));
    });
    const server = await new Promise((resolve) => {
      const made = app.listen(0, "127.0.0.1", () => resolve(made));
    });
    return [server.address().port, () => server.close()];
  },
  fastify: async (provider) => {
    const app = fastify();
    app.addHook("onRequest", llmobserve.middleware);
    app.addContentTypeParser("*", { parseAs: "string" }, (_, body, done) => done(null, body));
    app.post("/", (request) => handle(request.headers["x-tenant"], request.body, provider));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return [app.server.address().port, () => app.close()];
  },
  hono: async (provider) => {
    const app = new Hono();
    app.use(llmobserve.middleware);
    app.post("/", async (c) =>
      c.json(await handle(c.req.header("x-tenant"), await c.req.text(), provider)));
    const server = await new Promise((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(made));
    });
    return [server.address().port, () => server.close()];
  },
};

for (const [name, start] of Object.entries(FRAMEWORKS)) {
  test(`a context for each request: ${name}`, withFakes(async ({ observe, provider, collector }) => {
    observe({ tenantId: "process" });
    provider.replay(fixture("openai_chat.json"));
    const [port, stop] = await start(provider);
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, number) => {
      const headers = { "x-tenant": `t${number % 7}`, "content-type": "text/plain" };
      if (number % 2) headers["x-customer-id"] = `c${number}`;
      const body = `body ${number}`;
      return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body })).json();
    }));
    await until(() => collector.calls.length >= 60);
    await delivered();
    await stop();
    answers.forEach((answer, number) => {
      assert.equal(answer.tenant, `t${number % 7}`);
      assert.equal(answer.customer, number % 2 ? `c${number}` : undefined);
      assert.equal(answer.text, `body ${number}`);
    });
    assert.equal(collector.calls.length, 60);
    assert.equal(new Set(collector.calls.map((event) => event.run_id)).size, 60);
    assert.equal(new Set(collector.calls.map((event) => event.tenant_id)).size, 7);
    assert.ok(collector.events.every((event) => event.tenant_id !== "process"));
  }));
}
