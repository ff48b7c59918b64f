// The other ends of the wire for one test, and an SDK that has just begun.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import * as llmobserve from "llmobserve";

import { Collector } from "./fakes/collector.mjs";
import { Provider, Recording } from "./fakes/provider.mjs";
import { Proxy } from "./fakes/proxy.mjs";
import { Providers, shared } from "../dist/esm/internals.js";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const SCHEMAS = `${ROOT}schemas/`;
export const RESPONSES = `${SCHEMAS}fixtures/responses/`;
export const EXPECTED = JSON.parse(readFileSync(`${RESPONSES}expected.json`, "utf8"));

const TYPES = {
  json: "application/json",
  sse: "text/event-stream; charset=utf-8",
  stream: "application/vnd.amazon.eventstream",
};

/** A recording of `schemas/fixtures/responses`. */
export function fixture(name, options = {}) {
  const suffix = name.split(".").at(-1);
  const pieces = suffix === "sse" ? { pieces: "events" } : {};
  return new Recording(readFileSync(RESPONSES + name), {
    type: TYPES[suffix],
    ...pieces,
    ...options,
  });
}

/** `test` gets the fakes and `observe`, which names their addresses. */
export function withFakes(test) {
  return async (t) => {
    const [collector, provider, proxy] = await Promise.all([
      new Collector().start(),
      new Provider().start(),
      new Proxy().start(),
    ]);
    for (const name of Object.keys(process.env)) {
      if (name.startsWith("LLMOBSERVE_") && name !== "LLMOBSERVE_CORPUS") delete process.env[name];
    }
    const observe = ({ host = "openai", ...options } = {}) => {
      process.env.LLMOBSERVE_PROVIDER_HOSTS = host ? `${host}=${provider.host}` : "";
      llmobserve.observe({ collectorUrl: collector.url, flushIntervalMs: 20, ...options });
    };
    const oneEvent = async () => {
      await delivered();
      if (collector.calls.length !== 1) throw new Error(JSON.stringify(collector.events, null, 1));
      return collector.calls[0];
    };
    try {
      await llmobserve.runWithContext({}, () =>
        test({ t, collector, provider, proxy, observe, oneEvent }),
      );
      if (collector.faults.length > 0) throw new Error(`not by the contract: ${collector.faults}`);
    } finally {
      collector.mode = "ok";
      collector.delayMs = 0;
      await llmobserve.shutdown(1000);
      await Promise.all([collector.stop(), provider.stop(), proxy.stop()]);
    }
  };
}

/** Whose answers the fake provider's are, from here on. */
export function takeFor(name, provider) {
  shared.active.providers = new Providers(name ? `${name}=${provider.host}` : "");
}

/** Everything is with the collector; what is still being decoded is waited for. */
export async function delivered(timeoutMs = 60_000) {
  await sleep(20);
  if (!(await llmobserve.flush(timeoutMs))) throw new Error("not delivered");
}

export async function until(condition, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  while (!condition() && Date.now() < deadline) await sleep(10);
  return condition();
}

/** Console warnings of the SDK while `body` runs. */
export async function warnings(body) {
  const { warn } = console;
  const said = [];
  console.warn = (message) => said.push(message);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return said;
}
