// Calls that end early, one way or another: the application sees what it would see without us,
// and there is one event.
import assert from "node:assert/strict";
import http from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import axios from "axios";
import nodeFetch from "node-fetch";
import OpenAI from "openai";
import * as undici7 from "undici7";

import { Recording } from "./fakes/provider.mjs";
import { delivered, fixture, until, withFakes } from "./setup.mjs";

const STREAM = { pieces: "events", pauseMs: 5 };
const asked = { method: "POST", body: '{"model":"gpt-4o-asked"}' };
const FETCHES = { fetch: (...args) => fetch(...args), "undici 7": undici7.fetch, "node-fetch": nodeFetch };

async function outcome(act, url, provider) {
  try {
    return { value: await act(url, provider) };
  } catch ({ name, code, message, cause }) {
    const kept = message.replaceAll(/:\d{4,5}/g, ""); // without the port that it came from
    return { name, code, message: kept, cause: cause?.code ?? cause?.name };
  }
}

/** `act` ends as it does without us, and leaves one event, which `event` looks at. */
function ends(name, { recording, act, event }) {
  test(name, withFakes(async ({ observe, provider, collector }) => {
    const url = `${provider.url}/v1/chat/completions`;
    provider.replay(recording());
    const without = await outcome(act, url, provider);
    observe();
    assert.deepEqual(await outcome(act, url, provider), without);
    await until(() => collector.calls.length > 0);
    await delivered();
    assert.equal(collector.calls.length, 1, JSON.stringify(collector.calls));
    event(collector.calls[0]);
  }));
}

const cancelled = (event) => {
  assert.equal(event.status, "cancelled");
  assert.ok(!("output_tokens" in event));
};

for (const [client, ask] of Object.entries(FETCHES)) {
  ends(`aborted while reading: ${client}`, {
    recording: () => fixture("openai_chat.sse", STREAM),
    act: async (url) => {
      const controller = new AbortController();
      const response = await ask(url, { ...asked, signal: controller.signal });
      let pieces = 0;
      for await (const _ of response.body) if ((pieces += 1) === 2) controller.abort();
    },
    event: cancelled,
  });

  ends(`aborted before an answer: ${client}`, {
    recording: () => fixture("openai_chat.json", { delayMs: 2000 }),
    act: async (url) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      await ask(url, { ...asked, signal: controller.signal });
    },
    event: (event) => {
      cancelled(event);
      assert.equal(event.http_status, undefined);
      assert.equal(event.model, "gpt-4o-asked");
    },
  });

  ends(`a connection that breaks: ${client}`, {
    recording: () => fixture("openai_chat.sse", { ...STREAM, breaksAfter: 2 }),
    act: async (url) => (await ask(url, asked)).text(),
    event: (event) => assert.equal(event.status, "error"),
  });

  ends(`nobody there: ${client}`, {
    recording: () => fixture("openai_chat.json"),
    act: async (url, provider) => {
      await provider.stop();
      try {
        await ask(url, asked);
      } finally {
        await provider.start(provider.port);
      }
    },
    event: (event) => {
      assert.deepEqual([event.status, event.error_type], ["error", "ECONNREFUSED"]);
      assert.ok(!("usage" in event), "it cost nothing");
    },
  });

  ends(`the loop is left: ${client}`, {
    recording: () => fixture("openai_chat.sse", { ...STREAM, hangsAfter: 4 }),
    act: async (url) => {
      for await (const piece of (await ask(url, asked)).body) return piece.length > 0;
    },
    event: cancelled,
  });
}

ends("a timeout of the application's", {
  recording: () => fixture("openai_chat.json", { delayMs: 3000 }),
  act: (url) => fetch(url, { ...asked, signal: AbortSignal.timeout(300) }),
  event: (event) => assert.deepEqual([event.status, event.error_type], ["timeout", "TimeoutError"]),
});

ends("axios' timeout", {
  recording: () => fixture("openai_chat.json", { delayMs: 3000 }),
  act: (url) => axios.post(url, asked.body, { timeout: 300 }),
  event: (event) => assert.equal(event.status, "timeout"),
});

ends("axios' cancelling", {
  recording: () => fixture("openai_chat.json", { delayMs: 3000 }),
  act: (url) => axios.post(url, asked.body, { signal: AbortSignal.abort() }).catch(() =>
    axios.post(url, asked.body, { signal: AbortSignal.timeout(300) })),
  event: (event) => assert.ok(["cancelled", "timeout"].includes(event.status)),
});

ends("a reader that cancels", {
  recording: () => fixture("openai_chat.sse", STREAM),
  act: async (url) => {
    const reader = (await fetch(url, asked)).body.getReader();
    await reader.read();
    await reader.cancel("enough");
  },
  event: cancelled,
});

ends("OpenAI's stream, left in the middle", {
  recording: () => fixture("openai_chat.sse", { ...STREAM, hangsAfter: 3 }),
  act: async (url) => {
    const client = new OpenAI({ baseURL: url.replace("/chat/completions", ""), apiKey: "k" });
    const stream = await client.chat.completions.create({ model: "m", messages: [], stream: true });
    for await (const chunk of stream) return chunk.model;
  },
  event: cancelled,
});

ends("after the provider's last word it is no early end", {
  recording: () => new Recording(
    Buffer.concat([fixture("openai_chat.sse").body, Buffer.from("more\n\n")]),
    { type: "text/event-stream", pieces: "events", hangsAfter: 30 },
  ),
  act: async (url) => {
    for await (const piece of (await fetch(url, asked)).body) {
      if (Buffer.from(piece).includes("[DONE]")) return "done";
    }
  },
  event: (event) => assert.deepEqual([event.status, event.output_tokens], ["ok", 300]),
});

ends("node:http: the request is destroyed", {
  recording: () => fixture("openai_chat.sse", STREAM),
  act: (url) => new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST" }, (response) => {
      response.on("error", (error) => resolve(error.code)).once("data", () => request.destroy());
    });
    request.on("error", reject).end(asked.body);
  }),
  event: cancelled,
});

ends("node:http: the response is destroyed", {
  recording: () => fixture("openai_chat.sse", STREAM),
  act: (url) => new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST" }, (response) => {
      response.once("data", () => response.destroy()).once("close", () => resolve("closed"));
    });
    request.on("error", reject).end(asked.body);
  }),
  event: cancelled,
});

ends("node:http: nobody listens to the response", {
  recording: () => fixture("openai_chat.json"),
  act: (url) => new Promise((resolve, reject) => {
    http.request(url, { method: "POST" }).on("error", reject).on("close", () => resolve("closed"))
      .end(asked.body);
  }),
  event: (event) => assert.deepEqual([event.status, event.output_tokens], ["ok", undefined]),
});

test("fetch and its response are the original ones", withFakes(async ({ observe, provider, collector }) => {
  const { fetch: original } = globalThis;
  observe();
  assert.equal(globalThis.fetch, original);
  provider.replay(fixture("openai_chat.sse"));
  const ask = () => fetch(`${provider.url}/v1/chat/completions`, asked);
  const text = provider.requests.length === 0 && (await (await ask()).text());
  const response = await ask();
  assert.equal(Object.getPrototypeOf(response), Response.prototype);
  assert.deepEqual(Object.getOwnPropertyNames(response.body), []);
  assert.equal(response.bodyUsed, false);
  const [one, other] = (await ask()).body.tee();
  assert.equal(await new Response(one).text(), text);
  assert.equal(await new Response(other).text(), text);
  const cloned = response.clone();
  assert.deepEqual([await response.text(), await cloned.text()], [text, text]);
  const pieces = [];
  for await (const piece of Readable.fromWeb((await ask()).body)) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), text);
  const through = (await ask()).body.pipeThrough(new TextDecoderStream());
  assert.equal((await Array.fromAsync?.(through))?.join("") ?? text, text);
  if (!Array.fromAsync) for await (const _ of through);
  await delivered();
  assert.equal(collector.calls.length, 5);
  assert.ok(collector.calls.every((event) => event.output_tokens === 300));
}));

test("whoever reads slowly slows the provider down, as without us",
  withFakes(async ({ observe, provider }) => {
    observe();
    let written = 0;
    provider.respond = async (request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const piece = Buffer.from(`data: ${"x".repeat(65_000)}\n\n`);
      while (written < 200_000_000 && !response.destroyed) {
        written += piece.length;
        if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
      }
    };
    const response = await fetch(`${provider.url}/v1/chat/completions`, asked);
    const reader = response.body.getReader();
    await reader.read();
    await sleep(500);
    assert.ok(written < 50_000_000, `${written} bytes`);
    await reader.cancel();
  }));
