/** One instance without authentication and, over the same data, a query API with it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, Process, temporary } from "./instance";
import { issuer } from "./issuer";
import { isCall, ledger } from "./ledger";

export default async function setup(): Promise<() => Promise<void>> {
  const folder = temporary();
  const [port, proxy, clickhouse, kafka, guarded] = (await freePorts(5)).map(String);
  const signIn = await issuer();
  const up = new Process(["up"], {
    LLMOBSERVE_PORT: port ?? "", LLMOBSERVE_PROXY_PORT: proxy ?? "", LLMOBSERVE_CLICKHOUSE_PORT: clickhouse ?? "",
    LLMOBSERVE_KAFKA_PORT: kafka ?? "", LLMOBSERVE_DATA_DIR: join(folder, "data"), LLMOBSERVE_LOG: "warn",
    LLMOBSERVE_TENANT_LIMITS: "beta=0/1000000/900000000",
  }, folder);
  const off = `http://127.0.0.1:${port}`;
  const required = `http://127.0.0.1:${guarded}`;
  const keyFile = join(folder, "first-key");
  const running = [up];
  const stop = async () => {
    for (const process of running.toReversed()) await process.stop();
    await signIn.close();
  };
  try {
    await up.until((printed) => printed.startsWith("ready"));
    const withAuth = new Process(["query-api"], {
      LLMOBSERVE_BIND: `127.0.0.1:${guarded}`, LLMOBSERVE_AUTH: "required", LLMOBSERVE_BOOTSTRAP_KEY_FILE: keyFile,
      LLMOBSERVE_KAFKA_BROKERS: `127.0.0.1:${kafka}`, LLMOBSERVE_CLICKHOUSE_URL: `http://127.0.0.1:${clickhouse}`,
      LLMOBSERVE_PUBLIC_PROXY_URL: `http://127.0.0.1:${proxy}`, ...signIn.settings,
    }, folder);
    running.push(withAuth);
    await withAuth.until(() => fetch(`${required}/ready`).then((answer) => answer.ok && existsSync(keyFile), () => false));
    const now = Date.now();
    await send(off, now);
    Object.assign(process.env, {
      DASHBOARD_CLICKHOUSE: `http://127.0.0.1:${clickhouse}`, DASHBOARD_ISSUER: signIn.url,
      DASHBOARD_OFF: off, DASHBOARD_REQUIRED: required, DASHBOARD_NOW: String(now), DASHBOARD_PROXY: `http://127.0.0.1:${proxy}`,
      DASHBOARD_KEY: readFileSync(keyFile, "utf8").trim(), DASHBOARD_TOKEN: signIn.token("alpha"),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Through the public interface; comes back when all of it is in the statistics. */
async function send(url: string, now: number): Promise<void> {
  const events = ledger(now);
  const sent = await fetch(`${url}/events`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(events) });
  const body = await sent.json();
  if (sent.status !== 202 || body.accepted !== events.length) throw new Error(`POST /events: ${JSON.stringify(body).slice(0, 1000)}`);
  const calls = events.filter(isCall).length;
  for (let tries = 0; tries < 300; tries++) {
    const stats = await (await fetch(`${url}/dashboard/stats?days=40`)).json();
    if (stats.call_count === calls) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the events did not get to the statistics");
}
