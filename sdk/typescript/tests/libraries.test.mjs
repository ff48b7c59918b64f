// The real libraries, whole and streamed, with and without the proxy: the application gets the
// same, the provider is asked the same, one event per call, tokens exact.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
} from "@aws-sdk/client-bedrock-runtime";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import nodeFetch from "node-fetch";
import OpenAI from "openai";

import * as llmobserve from "llmobserve";

import { Recording } from "./fakes/provider.mjs";
import { delivered, fixture, withFakes } from "./setup.mjs";

const MESSAGES = [{ role: "user", content: "Grüße 🙂" }];

async function items(stream) {
  const got = [];
  for await (const item of stream) got.push(item);
  return got;
}

function openai(url, options = {}) {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 1, ...options });
}

const chat = { model: "gpt-4o", messages: MESSAGES };
const streamed = { ...chat, stream: true, stream_options: { include_usage: true } };

function openaiWays(options) {
  return {
    whole: (url) => openai(url, options).chat.completions.create(chat),
    stream: async (url) => items(await openai(url, options).chat.completions.create(streamed)),
  };
}

function bedrock(url) {
  return new BedrockRuntimeClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    maxAttempts: 2,
    requestHandler: new NodeHttpHandler(),
  });
}

const converse = {
  modelId: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
  messages: [{ role: "user", content: [{ text: "Grüße" }] }],
};

/** What differs between any two calls. */
function lasting({ $metadata, ...answer }) {
  return answer;
}

function ai(url) {
  return createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" });
}

const LIBRARIES = {
  openai: {
    provider: "openai",
    fixtures: { whole: "openai_chat.json", stream: "openai_chat.sse" },
    counts: [1200, 300],
    ...openaiWays(),
  },
  "openai over node-fetch": {
    provider: "openai",
    fixtures: { whole: "openai_chat.json", stream: "openai_chat.sse" },
    counts: [1200, 300],
    ...openaiWays({ fetch: nodeFetch }),
  },
  "openai, with the raw response": {
    provider: "openai",
    fixtures: { whole: "openai_chat.json", stream: "openai_chat.sse" },
    counts: [1200, 300],
    whole: async (url) => {
      const { data, response } = await openai(url).chat.completions.create(chat).withResponse();
      return [data, response.url.replace(url, ""), response.constructor.name, response.bodyUsed];
    },
    stream: async (url) => {
      const response = await openai(url).chat.completions.create(streamed).asResponse();
      return response.text();
    },
  },
  "openai responses": {
    provider: "openai",
    fixtures: { whole: "openai_responses.json", stream: "openai_responses.sse" },
    counts: [900, 250],
    whole: (url) => openai(url).responses.create({ model: "gpt-5", input: "Grüße" }),
    stream: async (url) =>
      items(await openai(url).responses.create({ model: "gpt-5", input: "Grüße", stream: true })),
  },
  "openai embeddings": {
    provider: "openai",
    fixtures: { whole: "openai_embeddings.json" },
    counts: [8, undefined],
    whole: (url) =>
      openai(url).embeddings.create({ model: "text-embedding-3-small", input: "Grüße" }),
  },
  anthropic: {
    provider: "anthropic",
    fixtures: { whole: "anthropic.json", stream: "anthropic.sse" },
    counts: [2321, 400],
    whole: (url) =>
      new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 1 }).messages.create({
        model: "claude-x", max_tokens: 500, messages: MESSAGES,
      }),
    stream: async (url) =>
      new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 1 }).messages.stream({
        model: "claude-x", max_tokens: 500, messages: MESSAGES,
      }).finalMessage(),
  },
  "Vercel AI SDK, responses": {
    provider: "openai",
    fixtures: { whole: "openai_responses.json", stream: "openai_responses.sse" },
    counts: [900, 250],
    whole: async (url) => {
      const { text, usage } =
        await generateText({ model: ai(url)("gpt-5"), messages: MESSAGES, maxRetries: 1 });
      return { text, usage };
    },
    stream: async (url) => {
      const { textStream } = streamText({ model: ai(url)("gpt-5"), messages: MESSAGES });
      return items(textStream);
    },
  },
  "Vercel AI SDK, chat": {
    provider: "openai",
    fixtures: { whole: "openai_chat.json", stream: "openai_chat.sse" },
    counts: [1200, 300],
    whole: async (url) => {
      const { text, usage } =
        await generateText({ model: ai(url).chat("gpt-4o"), messages: MESSAGES, maxRetries: 1 });
      return { text, usage };
    },
    stream: async (url) => {
      const { textStream } = streamText({ model: ai(url).chat("gpt-4o"), messages: MESSAGES });
      return items(textStream);
    },
  },
  "AWS SDK": {
    provider: "bedrock",
    fixtures: { whole: "bedrock_converse.json", stream: "bedrock_converse.stream" },
    counts: [1260, 25],
    whole: async (url) => lasting(await bedrock(url).send(new ConverseCommand(converse))),
    stream: async (url) => items((await bedrock(url).send(new ConverseStreamCommand(converse))).stream),
  },
  "AWS SDK, InvokeModel": {
    provider: "bedrock",
    fixtures: { whole: "anthropic.json" },
    counts: [2321, 400],
    whole: async (url) => {
      const body = JSON.stringify({ messages: MESSAGES });
      const { modelId } = converse;
      return lasting(await bedrock(url).send(new InvokeModelCommand({ modelId, body })));
    },
  },
};

const plain = (value) => JSON.parse(JSON.stringify(value));
const VARIES = ["x-amz-date", "authorization", "amz-sdk-invocation-id", "amz-sdk-request"];
VARIES.push("connection", "content-length", "transfer-encoding", "host", "idempotency-key");

function lastingRequest({ method, path, headers, body }) {
  const kept = Object.entries(headers).filter(([name]) => !VARIES.includes(name)).sort();
  return { method, path, headers: kept, body };
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  for (const way of Object.keys(library.fixtures)) {
    test(`${name}, ${way}`, withFakes(async ({ observe, provider, proxy, collector }) => {
      const pieces = library.fixtures[way].endsWith(".stream") ? { pieces: 50 } : {};
      provider.replay(fixture(library.fixtures[way], pieces));
      const without = plain(await library[way](provider.url));
      for (const through of ["directly", "proxy"]) {
        provider.requests.splice(1);
        const proxyUrl = through === "proxy" ? proxy.url : null;
        observe({ host: library.provider, proxyUrl, tenantId: "acme" });
        assert.deepEqual(plain(await library[way](provider.url)), without);
        await delivered();
        assert.equal(provider.requests.length, 2);
        const [first, second] = provider.requests.map(lastingRequest);
        assert.deepEqual(second, first);
        if (through === "proxy") {
          assert.deepEqual(proxy.calls.map((call) => call["tenant-id"]), ["acme"]);
          assert.equal(collector.calls.length, 1);
        } else {
          assert.equal(proxy.calls.length, 0);
          assert.equal(collector.calls.length, 1);
          const [event] = collector.calls;
          assert.deepEqual([event.input_tokens, event.output_tokens], library.counts);
          assert.deepEqual([event.provider, event.status, event.tenant_id],
            [library.provider, "ok", "acme"]);
          assert.ok(event.model);
          assert.equal(event.is_streaming ?? false, way === "stream");
        }
        await llmobserve.shutdown(1000);
      }
    }));
  }

  test(`errors are the library's own: ${name}`,
    withFakes(async ({ observe, provider, proxy, collector }) => {
      const answer = { error: { type: "slow_down", message: "no", code: 429 }, message: "no" };
      const headers = { "retry-after-ms": "1" };
      provider.replay(new Recording(JSON.stringify(answer), { status: 429, headers }));
      const fail = () => library.whole(provider.url).then(assert.fail, (error) => error);
      const without = await fail();
      const asked = provider.requests.length;
      for (const proxyUrl of [null, proxy.url]) {
        observe({ host: library.provider, proxyUrl });
        const withUs = await fail();
        assert.equal(withUs.constructor, without.constructor);
        assert.equal(withUs.message, without.message);
        await delivered();
        await llmobserve.shutdown(1000);
      }
      assert.ok(asked > 0);
      assert.equal(provider.requests.length, 3 * asked);
      assert.equal(proxy.calls.length, asked);
      assert.deepEqual(collector.calls.map((event) => event.status), Array(asked).fill("rate_limited"));
    }));
}
