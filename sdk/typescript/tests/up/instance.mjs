// `llmobserve up` on ports and a data directory of its own.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT } from "../setup.mjs";

const BINARY = process.env.LLMOBSERVE_BINARY ?? `${ROOT}target/release/llmobserve`;
const READY_MS = 300_000; // of a busy machine; some seconds otherwise

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Instance {
  async start(settings = {}) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not built: make build`);
    const [port, proxy, clickhouse, kafka] =
      await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    this.url = `http://127.0.0.1:${port}`;
    this.proxyUrl = `http://127.0.0.1:${proxy}`;
    this.brokers = `127.0.0.1:${kafka}`;
    this.directory = mkdtempSync(join(tmpdir(), "llmobserve-ts-"));
    const log = join(this.directory, "up.log");
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("LLMOBSERVE_"));
    this.child = spawn(BINARY, ["up"], {
      cwd: ROOT,
      detached: true, // a process group, which is killed whole
      stdio: ["ignore", "pipe", openSync(log, "a")],
      env: {
        ...Object.fromEntries(kept),
        LLMOBSERVE_PORT: port,
        LLMOBSERVE_PROXY_PORT: proxy,
        LLMOBSERVE_CLICKHOUSE_PORT: clickhouse,
        LLMOBSERVE_KAFKA_PORT: kafka,
        LLMOBSERVE_DATA_DIR: this.directory,
        ...settings,
      },
    });
    const ready = new Promise((resolve) => {
      createInterface(this.child.stdout).on("line", (line) => /^ready\b/.test(line) && resolve(true));
      this.child.once("exit", () => resolve(false));
    });
    const isReady = await Promise.race([ready, sleep(READY_MS, false, { ref: false })]);
    if (!isReady) throw new Error(`up is not ready:\n${readFileSync(log, "utf8").slice(-4000)}`);
    return this;
  }

  /** A key that may name any tenant, by the command line. */
  platformKey() {
    const scopes = ["--platform", "--scope", "admin,ingest,read", "--name", "tests"];
    const command = ["keys", "create", ...scopes, "--kafka-brokers", this.brokers];
    return execFileSync(BINARY, command, { encoding: "utf8" }).trim();
  }

  /** A tenant's own key. */
  async tenantKey(platformKey, tenant) {
    const answer = await fetch(`${this.url}/api-keys`, {
      method: "POST",
      headers: { Authorization: `Bearer ${platformKey}`, "Content-Type": "application/json" },
      body: JSON.stringify({ tenant_id: tenant, scopes: ["ingest", "read"] }),
    });
    return (await answer.json()).key;
  }

  /** The answer, once `isThere` says so (a list: once it is not empty): an event is in the answers within two seconds. */
  async ask(path, isThere = (rows) => rows.length > 0, key) {
    const headers = key ? { Authorization: `Bearer ${key}` } : {};
    for (let attempt = 0; ; attempt += 1) {
      const answer = await (await fetch(this.url + path, { headers })).json();
      if (isThere(answer) || attempt > 200) return answer;
      await sleep(100);
    }
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await Promise.race([ended, sleep(20_000, undefined, { ref: false })]);
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      // nobody of it is left
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
