/**
 * The end of the process (or worker thread). No signal handler is touched.
 *
 * When nothing is left to do, `beforeExit` delivers. After `process.exit()` or an uncaught error
 * only synchronous code runs, so that a child process delivers, within the same bound.
 */

import { childProcess, zlib } from "./builtin.js";
import type { Observer } from "./observer.js";
import { shared } from "./shared.js";
import { headersOf } from "./transport.js";

/** What was not confirmed at the end is tried once: nobody waits for a collector that is away. */
let hasGivenUp = false;

export function deliverAtTheEnd(): void {
  process.on("beforeExit", () => void beforeExit());
  process.on("exit", atExit);
}

async function beforeExit(): Promise<void> {
  const { active } = shared;
  if (active === undefined || hasGivenUp) return;
  active.endOpen(false);
  if (active.sender.waiting() === 0) return;
  hasGivenUp = !(await active.sender.flush(active.config.exitTimeoutMs, 1));
}

function atExit(): void {
  const { active } = shared;
  if (active === undefined) return;
  active.endOpen(true);
  if (!hasGivenUp && active.sender.failures === 0 && process.versions["electron"] === undefined) {
    deliverNow(active);
  }
  active.tell();
}

/** Same ids as in a delivery that may be under way: what arrives twice counts once. */
function deliverNow({ sender, collector, config }: Observer): void {
  const { gzipSync } = zlib();
  const posts = [...sender.unconfirmed()].map(([apiKey, lines]) => {
    const body = gzipSync(lines.join("\n"), { level: 3 });
    return {
      count: lines.length,
      headers: headersOf(apiKey, body.length),
      body: body.toString("base64"),
    };
  });
  if (posts.length === 0) return;
  const child = childProcess().spawnSync(process.execPath, ["--no-warnings", "-e", CHILD], {
    input: JSON.stringify({ url: collector.url, posts }), // a key belongs in no argument list
    timeout: config.exitTimeoutMs,
    env: { LLMOBSERVE_DISABLED: "1" },
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  const done = String(child.stdout).trim().split("\n").filter(Boolean).map(Number);
  for (const index of done) sender.confirmed(posts[index]?.count ?? 0);
}

/** Posts what its input names; prints the number of each post that the collector has answered. */
const CHILD = `
let input = "";
process.stdin.on("data", (data) => (input += data)).on("end", () => {
  const { url, posts } = JSON.parse(input);
  const { request } = require(url.startsWith("https:") ? "https" : "http");
  posts.forEach(({ headers, body }, index) => {
    const asking = request(url, { method: "POST", headers }, (answer) => {
      if (answer.statusCode === 202) console.log(index);
      answer.resume();
    });
    asking.on("error", () => {});
    asking.end(Buffer.from(body, "base64"));
  });
});
`;
