// However a process ends: as it would without us, and what was recorded is delivered.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { withFakes } from "./setup.mjs";

const PROGRAM = fileURLToPath(new URL("programs/ends.mjs", import.meta.url));

async function run(url, count, way, env = {}) {
  const { LLMOBSERVE_DISABLED: _, ...inherited } = process.env;
  const started = performance.now();
  const child = spawn(process.execPath, [PROGRAM, url, String(count), way], {
    env: { ...inherited, LLMOBSERVE_EXIT_TIMEOUT_MS: "10000", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  const [code, signal] = await once(child, "close");
  return { code, signal, said, tookMs: performance.now() - started };
}

const WAYS = {
  naturally: { code: 0 },
  "process.exit": { code: 3 },
  "process.exit later": { code: 3 },
  "uncaught error": { code: 1, said: /RangeError: the application's/ },
  "unhandled rejection": { code: 1, said: /RangeError: the application's/ },
  "exit code": { code: 5 },
  flush: { code: null, signal: "SIGKILL" },
  SIGKILL: { code: null, signal: "SIGKILL" },
  "own SIGTERM": { code: 7 },
  worker: { code: 0 },
  "worker, process.exit": { code: 0 },
  cluster: { code: 0, times: 2 },
};

for (const [way, { code, signal = null, said, times = 1 }] of Object.entries(WAYS)) {
  test(`ends: ${way}`, withFakes(async ({ collector }) => {
    const ended = await run(collector.url, 200, way);
    assert.deepEqual([ended.code, ended.signal], [code, signal], ended.said);
    assert.match(ended.said, said ?? /^$/);
    assert.equal(collector.events.length, 200 * times);
    assert.equal(collector.copies, 0);
  }));
}

test("SIGTERM ends the process at once, as without us", withFakes(async ({ collector }) => {
  assert.equal((await run(collector.url, 5, "SIGTERM")).signal, "SIGTERM");
}));

for (const way of ["naturally", "process.exit"]) {
  test(`a collector that does not answer holds nobody up: ${way}`,
    withFakes(async ({ collector }) => {
      collector.delayMs = 30_000;
      const ended = await run(collector.url, 5, way, { LLMOBSERVE_EXIT_TIMEOUT_MS: "300" });
      assert.ok(ended.tookMs < 15_000, `${ended.tookMs} ms`);
      assert.match(ended.said, /0 events delivered, 5 not delivered/);
    }));

  test(`nobody there: ${way}`, withFakes(async ({ collector }) => {
    await collector.stop();
    const ended = await run(collector.url, 5, way);
    assert.match(ended.said, /0 events delivered, 5 not delivered/);
  }));
}

test("disabled: nothing is recorded", withFakes(async ({ collector }) => {
  const ended = await run(collector.url, 5, "naturally", { LLMOBSERVE_DISABLED: "1" });
  assert.deepEqual([ended.code, ended.said, collector.posts], [0, "", 0]);
}));
