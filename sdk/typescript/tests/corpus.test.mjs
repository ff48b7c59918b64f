// Real exchanges, where `LLMOBSERVE_CORPUS` names their folder: one event per call, the counts
// that the body states, and the same bytes through the client as over the wire.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import * as llmobserve from "llmobserve";

import { Providers, read } from "../dist/esm/internals.js";
import { Recording } from "./fakes/provider.mjs";
import { delivered, takeFor, withFakes } from "./setup.mjs";

const CORPUS = process.env.LLMOBSERVE_CORPUS;
const skip = CORPUS ? false : "LLMOBSERVE_CORPUS names no folder";
const load = (name) => gunzipSync(readFileSync(`${CORPUS}/${name}`)).toString();

function bodyOf({ response_body: body }) {
  return typeof body === "object" && body?.base64
    ? Buffer.from(body.base64, "base64")
    : Buffer.from(body ?? "");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The JSON object that begins at `start`. */
function objectAt(text, start) {
  let depth = 0;
  for (let end = start; end < text.length; end += 1) {
    if (text[end] === "{") depth += 1;
    if (text[end] === "}") depth -= 1;
    if (depth === 0) return JSON.parse(text.slice(start, end + 1));
  }
  return {};
}

/** An independent, simple reading: the last object that counts, by its members' names. */
function countsStated(body, type) {
  const text = body.toString();
  if (type.includes("amazon")) {
    return objectAt(text, text.indexOf("{", text.lastIndexOf('"usage":')));
  }
  const isStream = type.includes("event-stream");
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  const found = {};
  for (const document of isStream ? lines.map((line) => line.slice(5)) : [text]) {
    const whole = parsed(document);
    if (typeof whole !== "object" || whole === null) continue;
    const kind = String(whole.type);
    const wrapped = kind === "message_start" ? whole.message : kind.includes("response.") && whole.response;
    const holder = wrapped || whole;
    const meta = typeof holder.meta === "object" ? holder.meta : undefined;
    const usage = holder.usage ?? holder.usageMetadata ?? holder.x_groq?.usage ?? meta ?? {};
    for (const [name, value] of Object.entries(usage)) if (value !== null) found[name] = value;
  }
  return found;
}

/** What the contract calls input and output, from the provider's own words. */
function inputAndOutput(usage) {
  const sum = (...names) => {
    const values = names.map((name) => usage[name]).filter(Number.isInteger);
    return values.length > 0 ? values.reduce((a, b) => a + b) : undefined;
  };
  if ("promptTokenCount" in usage || "candidatesTokenCount" in usage) {
    return [sum("promptTokenCount", "toolUsePromptTokenCount"),
      sum("candidatesTokenCount", "thoughtsTokenCount")];
  }
  if ("inputTokens" in usage) {
    return [sum("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"), sum("outputTokens")];
  }
  if (usage.billed_units) return [usage.billed_units.input_tokens, usage.billed_units.output_tokens];
  if ("prompt_tokens" in usage) return [sum("prompt_tokens"), sum("completion_tokens")];
  if ("input_tokens" in usage) {
    return [sum("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
      sum("output_tokens")];
  }
  return [sum("total_tokens"), undefined];
}

function isPending(body) {
  const text = body.toString().replaceAll(" ", "");
  return text.includes('"background":true') && text.includes('"status":"queued"');
}

test("recordings", { skip }, withFakes(async ({ t, observe, provider, collector }) => {
  const known = new Providers();
  const sent = new Map();
  let streams = 0;
  observe();
  for (const [number, line] of load("provider-recordings.jsonl.gz").trim().split("\n").entries()) {
    const recording = JSON.parse(line);
    const url = new URL(recording.url);
    const whose = known.ofHost(url.protocol, url.host);
    const method = recording.method.toUpperCase();
    if (method !== "POST" || !whose || !known.kind(whose, method, url.pathname)) continue;
    takeFor(whose, provider);
    const [body, type] = [bodyOf(recording), recording.content_type ?? ""];
    const isStream = type.includes("event");
    const pieces = isStream ? { pieces: 500 } : {};
    provider.replay(new Recording(body, { status: recording.status, type, ...pieces }));
    const { request_body: given } = recording;
    const asked = typeof given === "string" ? given : JSON.stringify(given);
    const got = await llmobserve.runWithContext({ runId: `run ${number}` }, async () =>
      (await fetch(provider.url + url.pathname, { method, body: asked })).arrayBuffer());
    assert.ok(Buffer.from(got).equals(body));
    streams += isStream ? 1 : 0;
    if (isStream || !isPending(body)) {
      sent.set(`run ${number}`, { path: url.pathname, status: recording.status, body, type });
    }
  }
  await delivered(30_000);
  const events = new Map(collector.calls.map((event) => [event.run_id, event]));
  assert.equal(events.size, collector.calls.length);
  assert.deepEqual([...events.keys()].sort(), [...sent.keys()].sort());
  const counted = [...sent].filter(([run, call]) => agrees(events.get(run), call)).length;
  t.diagnostic(`${events.size} calls, ${streams} of them streams, ${counted} with counts`);
  assert.ok(counted > 600 && streams > 40);
}));

function agrees(event, { path, status, body, type }) {
  assert.deepEqual([event.http_status, event.endpoint], [status, path]);
  if (status >= 400) {
    assert.ok(["error", "rate_limited"].includes(event.status));
    return false;
  }
  if (body.includes('"error":{') && type.includes("event")) {
    assert.ok(event.status === "error" && event.error_type); // a stream that broke off with one
    return false;
  }
  assert.equal(event.status, "ok");
  assert.ok(event.model);
  const ours = [event.input_tokens, event.output_tokens];
  const stated = inputAndOutput(countsStated(body, type));
  const isUnstated = stated.every((count) => count === undefined);
  if (isUnstated && /(:predict|\/invoke)$/.test(path)) return ours.some(Number.isInteger);
  assert.deepEqual(ours, stated, JSON.stringify(event));
  return ours.some(Number.isInteger);
}

const OWN_SHAPES = {
  "anthropic default": ({ usage }) => usage && "cache_read_input_tokens" in usage,
  "openai responses": ({ usage }) => usage && "input_tokens_details" in usage,
  "openai chat": ({ usage }) => usage && "completion_tokens" in usage,
  "groq default": ({ usage }) => usage && "completion_time" in usage,
  "google default": (body) => "usageMetadata" in body,
  "aws default": ({ usage }) => usage && "inputTokens" in usage,
  "cohere default": ({ usage }) => usage && "billed_units" in usage,
  "cohere embeddings": (body) => "meta" in body,
  "x-ai chat": ({ usage }) => usage && "completion_tokens" in usage,
};
const NAMES = { aws: "bedrock", "x-ai": "xai" };

test("usages as the price book reads them", { skip }, (t) => {
  let compared = 0;
  for (const { body, extracted } of JSON.parse(load("priced-usages.json.gz"))) {
    for (const { usage, extractors } of extracted) {
      for (const { provider_id: provider, api_flavor: flavor } of extractors) {
        const isOwn = OWN_SHAPES[`${provider} ${flavor}`];
        // A count that only OpenRouter and OpenAI report, which xAI's extractor hence ignores.
        const details = body.usage?.prompt_tokens_details ?? {};
        if (!isOwn?.(body) || (provider === "x-ai" && "cache_write_tokens" in details)) continue;
        const { counts } = read([Buffer.from(JSON.stringify(body))], NAMES[provider] ?? provider);
        const wanted = Object.entries(usage).filter(
          ([name, count]) => count && name !== "cache_write_5m_tokens"); // what is left of them
        const got = [...counts].filter(([, count]) => count);
        assert.deepEqual(Object.fromEntries(got), Object.fromEntries(wanted), JSON.stringify(body));
        compared += 1;
      }
    }
  }
  t.diagnostic(`${compared} usages compared`);
  assert.ok(compared > 900);
});
