// The real libraries, each as one shape: `whole(url)` and where there is one `stream(url)` give what
// the application gets.
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

import { fixture } from "./setup.mjs";

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

export const LIBRARIES = {
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

/** What its provider answers. */
export function replay(library, way, provider) {
  const pieces = library.fixtures[way].endsWith(".stream") ? { pieces: 50 } : {};
  provider.replay(fixture(library.fixtures[way], pieces));
}

/** A library's answer as data. */
export const plain = (value) => JSON.parse(JSON.stringify(value));
/** What differs from call to call, or from connection to connection. */
const VARIES = ["x-amz-date", "authorization", "amz-sdk-invocation-id", "amz-sdk-request"];
VARIES.push("connection", "content-length", "transfer-encoding", "host", "idempotency-key");

/** A request as the provider saw it, as far as two of the same are alike. */
export function lastingRequest({ method, path, headers, body }) {
  const kept = Object.entries(headers).filter(([name]) => !VARIES.includes(name)).sort();
  return { method, path, headers: kept, body };
}
