// Records with a spool and is killed at once: `node spools.mjs <directory> <count> <start>`.
import { observe, section } from "llmobserve";

const [spoolDir, count, start] = process.argv.slice(2);
observe({ collectorUrl: "http://127.0.0.1:9", spoolDir, flushIntervalMs: 60_000 });
for (let n = Number(start); n < Number(start) + Number(count); n += 1) section(`n${n}`, () => {});
process.kill(process.pid, "SIGKILL");
