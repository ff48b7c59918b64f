// What measuring adds to a call: the same calls with and without, in turn, and the difference of
// their times; and how long `import "llmobserve"` takes. Prints one line each.
//
// What is measured here is what the SDK itself does on the caller's way: the provider's bytes are
// handed to the very objects that undici and `node:http` use, without a network and its noise. What
// else the machine does only adds: of several rounds the quietest counts, for the calls with and for
// those without.
import { execFileSync } from "node:child_process";
import { channel } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { observe, section } from "llmobserve";

import { shared } from "../dist/esm/internals.js";

/** Of a round. */
const CALLS = Number(process.env.CALLS ?? 500);
const ROUNDS = 10;
const content = "word ".repeat(400);
const DOCUMENT = Buffer.from(JSON.stringify({
  model: "gpt-4o-2024-08-06",
  choices: [{ index: 0, message: { role: "assistant", content } }],
  usage: { prompt_tokens: 1200, completion_tokens: 300, total_tokens: 1500 },
}));
const CHUNK = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"w"}}],"usage":null}\n\n');
const LAST = Buffer.from('data: {"usage":{"prompt_tokens":9,"completion_tokens":9}}\n\ndata: [DONE]\n\n');
const BODY = Buffer.from('{"model":"gpt-4o","messages":[]}');

const publish = (name, message) => channel(`undici:request:${name}`).publish(message);

/** As undici takes a request through its own methods and channels. */
function request(origin, type, pieces) {
  const request = { origin, path: "/v1/chat/completions", method: "POST", onBodySent, onData };
  publish("create", { request });
  request.onBodySent(BODY);
  const headers = [Buffer.from("content-type"), Buffer.from(type)];
  publish("headers", { request, response: { statusCode: 200, headers } });
  for (const piece of pieces) request.onData(piece);
  publish("trailers", { request, trailers: [] });
}
function onBodySent() {}
function onData() {}

const STREAM = [...Array(200).fill(CHUNK), LAST];
const CASES = {
  "a call": () => request("https://api.openai.com", "application/json", [DOCUMENT]),
  "a stream of 200 events": () => request("https://api.openai.com", "text/event-stream", STREAM),
  "a request elsewhere": () => request("https://example.com", "application/json", [DOCUMENT]),
  "a section": () => section("agent:x", () => {}),
};

const KINDS = ["ran", "passed"];

/** The processor's time, and beside it the time by the clock. */
async function compare(name, call) {
  measure(call, 200);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(measure(call, CALLS));
    await new Promise(setImmediate);
  }
  const [added, byTheClock] = KINDS.map((kind) =>
    [0.5, 0.9, 0.99]
      .map((share) => quietest(rounds, kind, true, share) - quietest(rounds, kind, false, share))
      .map((micros) => Math.round(micros * 10) / 10)
      .join(", "));
  console.log(`${name}: adds ${added} µs p50, p90, p99 (by the clock ${byTheClock})`);
}

/** In turns, so that whatever else the machine does strikes both alike. */
function measure(call, count) {
  const observer = shared.active;
  const times = { ran: { true: [], false: [] }, passed: { true: [], false: [] } };
  for (let number = 0; number < 2 * count; number += 1) {
    const isMeasured = number % 2 === 1;
    shared.active = isMeasured ? observer : undefined;
    const [clock, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    call();
    const { user, system } = process.cpuUsage(cpu);
    times.passed[isMeasured].push(Number(process.hrtime.bigint() - clock) / 1000);
    times.ran[isMeasured].push(user + system);
  }
  shared.active = observer;
  for (const kind of KINDS) {
    for (const list of Object.values(times[kind])) list.sort((a, b) => a - b);
  }
  return times;
}

function quietest(rounds, kind, isMeasured, share) {
  const lists = rounds.map((times) => times[kind][isMeasured]);
  return Math.min(...lists.map((list) => list[Math.floor(list.length * share)]));
}

function importMs(load, ...flags) {
  const code = `const t = process.cpuUsage(); ${load};
    const { user, system } = process.cpuUsage(t); console.log((user + system) / 1000)`;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const once = () => Number(execFileSync(process.execPath, [...flags, "-e", code], { cwd }));
  return Math.min(...Array.from({ length: 5 }, once)).toFixed(1);
}

writeFileSync(join(tmpdir(), "nothing.mjs"), "");
const nothing = JSON.stringify(pathToFileURL(join(tmpdir(), "nothing.mjs")));
console.log(`import of an empty file, Node's own part: ${importMs(`await import(${nothing})`, "--input-type=module")} ms of the processor's time`);
console.log(`import: ${importMs('await import("llmobserve")', "--input-type=module")} ms of the processor's time`);
console.log(`require: ${importMs('require("llmobserve")')} ms of the processor's time`);
// Delivered to nobody, and digested by nobody: that happens between the application's own work.
observe({ collectorUrl: "http://127.0.0.1:9", queueEventsMax: 1e7, tenantId: "t", flushIntervalMs: 1e9 });
for (const [name, call] of Object.entries(CASES)) await compare(name, call);
shared.active = undefined;
