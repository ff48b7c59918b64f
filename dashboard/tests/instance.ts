/** Starts the product as an operator would, on ports and a data directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
const BINARY = process.env.LLMOBSERVE_BINARY ?? join(ROOT, "target/release/llmobserve");
const START_TIMEOUT_MS = 180_000;

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => done(server));
  })));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

export function temporary(): string {
  return mkdtempSync(join(tmpdir(), "llmobserve-dashboard-"));
}

/** A running process of ours; `stop` ends it and waits. */
export class Process {
  readonly #child: ChildProcess;
  readonly #log: string;
  #line = "";

  constructor(args: string[], settings: Record<string, string>, folder: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("LLMOBSERVE_"));
    this.#log = join(folder, `${args[0]}.log`);
    this.#child = spawn(BINARY, args, { cwd: ROOT, env: { ...Object.fromEntries(inherited), ...settings }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr?.pipe(createWriteStream(this.#log));
    this.#child.stdout?.on("data", (text) => { this.#line += text; });
  }

  /** Waits until `ready` says so. */
  async until(ready: (printed: string) => Promise<boolean> | boolean): Promise<string> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await ready(this.#line))) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`llmobserve did not start:\n${readFileSync(this.#log, "utf8").slice(-4000)}`);
      }
      await new Promise((done) => setTimeout(done, 100));
    }
    return this.#line;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((done) => this.#child.once("exit", done));
    this.#child.kill("SIGTERM");
    await ended;
  }
}
