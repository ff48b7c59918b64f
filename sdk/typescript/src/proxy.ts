/** The way through the LLMObserve proxy: which headers it gets, and when it is left out. */

import type { Call } from "./call.js";
import { warn } from "./log.js";
import { shared } from "./shared.js";

/** A proxy that cannot be connected to within this time is not there. */
export const CONNECT_TIMEOUT_MS = 1000;
/** For how long calls then go to the providers directly. */
const AVOID_MS = 5000;

export class Proxy {
  #avoidUntil = 0;

  static at(address: string): Proxy | undefined {
    try {
      const url = new URL(address.replace(/\/+$/, "") + "/proxy");
      if (/^https?:$/.test(url.protocol)) return new Proxy(url);
    } catch {
      // told below
    }
    warn("proxy", "the proxy's URL is none; calls go to the providers directly");
    return undefined;
  }

  /** `url`: where calls go in the header form. */
  private constructor(readonly url: URL) {}

  isUsable(): boolean {
    return Date.now() >= this.#avoidUntil;
  }

  unreachable(): void {
    this.#avoidUntil = Date.now() + AVOID_MS;
    warn("proxy", "proxy not reachable; calls go to the providers directly");
  }
}

/** The target and the context; the proxy passes none of them on. */
export function headers(call: Call, target: string): Record<string, string> {
  const config = shared.active?.config;
  const { context } = call;
  const values: Record<string, string | undefined> = {
    "Target-URL": target,
    "Api-Key": context.apiKey ?? config?.apiKey,
    "Tenant-ID": context.tenantId ?? config?.tenantId,
    "Customer-ID": context.customerId ?? config?.customerId,
    "Run-ID": context.runId,
    "Trace-ID": context.traceId,
    "Span-ID": call.spanId,
    "Parent-Span-ID": context.spanId,
    Section: context.sectionPath?.split("/").at(-1),
    "Section-Path": context.sectionPath,
    Environment: config?.environment,
  };
  const given = Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]);
  // As UTF-8, of which a header's text is one character a byte.
  const bytes = (value: string): string => Buffer.from(value).toString("latin1");
  return Object.fromEntries(given.map(([name, value]) => [`X-LLMObserve-${name}`, bytes(value)]));
}
