// Records as told and ends as told: `node ends.mjs <collector> <count> <way>`.
import cluster from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker } from "node:worker_threads";

import { flush, observe, section } from "llmobserve";

const [collectorUrl, count, way] = process.argv.slice(2);

function record() {
  observe({ collectorUrl, flushIntervalMs: way === "SIGKILL" ? 50 : 60_000 });
  for (let number = 0; number < Number(count); number += 1) section(`n${number}`, () => {});
}

const WAYS = {
  naturally: () => {},
  "process.exit": () => process.exit(3),
  "process.exit later": () => setTimeout(() => process.exit(3), 50),
  "uncaught error": () => { throw new RangeError("the application's"); },
  "unhandled rejection": () => void Promise.reject(new RangeError("the application's")),
  "exit code": () => { process.exitCode = 5; },
  flush: async () => { await flush(); process.kill(process.pid, "SIGKILL"); },
  SIGKILL: async () => { await sleep(3000); process.kill(process.pid, "SIGKILL"); },
  SIGTERM: async () => { process.kill(process.pid, "SIGTERM"); await sleep(5000); },
  "own SIGTERM": async () => {
    process.on("SIGTERM", () => process.exit(7));
    process.kill(process.pid, "SIGTERM");
    await sleep(5000);
  },
};

if (way === "worker" || way === "worker, process.exit") {
  if (isMainThread) {
    const here = fileURLToPath(import.meta.url);
    const worker = new Worker(here, { argv: process.argv.slice(2) });
    await new Promise((resolve) => worker.on("exit", resolve));
  } else {
    record();
    if (way !== "worker") process.exit(0);
  }
} else if (way === "cluster" && cluster.isPrimary) {
  await Promise.all([1, 2].map(() => new Promise((done) => cluster.fork().on("exit", done))));
} else {
  record();
  if (way === "cluster") process.disconnect();
  else await WAYS[way]();
}
