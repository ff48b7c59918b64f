// Events on disk: what a kill leaves behind, the next process sends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as llmobserve from "llmobserve";

import { forgetTold } from "../dist/esm/internals.js";
import { delivered, fixture, warnings, withFakes } from "./setup.mjs";

const PROGRAM = fileURLToPath(new URL("programs/spools.mjs", import.meta.url));

function withSpool(test) {
  return withFakes(async (fakes) => {
    const spoolDir = mkdtempSync(join(tmpdir(), "llmobserve-spool-"));
    try {
      await test({ ...fakes, spoolDir, files: () => readdirSync(spoolDir) });
    } finally {
      rmSync(spoolDir, { recursive: true, force: true });
    }
  });
}

function record(count, start = 0) {
  for (let n = start; n < start + count; n += 1) llmobserve.section(`n${n}`, () => {});
}

const numbers = (collector) =>
  collector.events.map((event) => Number(event.section_path.slice(1))).sort((a, b) => a - b);
const range = (count) => Array.from({ length: count }, (_, number) => number);

async function killed(spoolDir, count, start) {
  const child = spawn(process.execPath, [PROGRAM, spoolDir, String(count), String(start)], {
    stdio: "inherit",
  });
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
}

test("what is recorded is on disk, and leaves it when it is delivered",
  withSpool(async ({ observe, provider, collector, spoolDir, files }) => {
    observe({ spoolDir, flushIntervalMs: 60_000, apiKey: "llmo_sk_1", tenantId: "köln" });
    provider.replay(fixture("openai_chat.json"));
    record(10);
    const asked = { method: "POST", body: "{}" };
    await (await fetch(`${provider.url}/v1/chat/completions`, asked)).text();
    assert.equal(files().length, 1);
    assert.equal(statSync(join(spoolDir, files()[0])).mode & 0o777, 0o600);
    await delivered();
    assert.equal(collector.calls[0].input_tokens, 1200);
    assert.deepEqual(new Set(collector.received.map(([, key]) => key)), new Set(["llmo_sk_1"]));
    assert.deepEqual([collector.events.length, files()], [11, []]);
    assert.deepEqual(llmobserve.stats(), { delivered: 11, rejected: 0, dropped: 0, queued: 0 });
  }));

test("after a kill the next process delivers",
  withSpool(async ({ observe, collector, spoolDir, files }) => {
    await Promise.all([killed(spoolDir, 300, 0), killed(spoolDir, 300, 300)]);
    assert.equal(files().length, 2);
    observe({ spoolDir });
    record(100, 600);
    await delivered();
    assert.deepEqual(numbers(collector), range(700));
    assert.deepEqual([collector.copies, files()], [0, []]);
  }));

test("half a line is none", withSpool(async ({ observe, collector, spoolDir, files }) => {
  await killed(spoolDir, 3, 0);
  const [name] = files();
  writeFileSync(join(spoolDir, name), '\t{"span_type":"sec', { flag: "a" });
  observe({ spoolDir });
  await delivered();
  assert.deepEqual(numbers(collector), range(3));
}));

test("an outage waits on disk, beyond what memory holds",
  withSpool(async ({ observe, collector, spoolDir, files }) => {
    await warnings(async () => {
      collector.mode = "500";
      observe({ spoolDir, queueEventsMax: 10 });
      record(500);
      assert.equal(await llmobserve.flush(200), false);
      assert.deepEqual([llmobserve.stats().dropped, llmobserve.stats().queued], [0, 500]);
      await llmobserve.shutdown(10);
    });
    assert.ok(files().length > 0);
  }));

test("where there can be no spool, events wait in memory",
  withSpool(async ({ observe, collector, spoolDir }) => {
    writeFileSync(join(spoolDir, "file"), "");
    forgetTold();
    const said = await warnings(async () => {
      observe({ spoolDir: join(spoolDir, "file", "below") });
      record(3);
      await delivered();
    });
    assert.equal(said.filter((line) => line.includes("no spool")).length, 1);
    assert.deepEqual(numbers(collector), range(3));
  }));

test("a full disk", withSpool(async ({ observe, collector, spoolDir }) => {
  forgetTold();
  const said = await warnings(async () => {
    process.env.LLMOBSERVE_SPOOL_BYTES_MAX = "1000";
    observe({ spoolDir });
    record(50);
    await delivered();
  });
  assert.match(said.join(), /spool is full/);
  assert.deepEqual(numbers(collector), range(50));
}));
