/** Settings: option, else environment variable, else default. The docs here are the manual. */

import { clean, TEXT_CHARS_MAX } from "./text.js";

/** Options of `observe()`. `null` and empty text are as if not given. */
export interface Options {
  /** Where events go: `POST {collectorUrl}/events`. `http://localhost:8000` */
  collectorUrl?: string | null | undefined;
  /** Calls to providers go through this proxy, which measures them. */
  proxyUrl?: string | null | undefined;
  /** The LLMObserve key (`llmo_sk_…`); sent to the collector and the proxy only. */
  apiKey?: string | null | undefined;
  /** For contexts that set none; when absent, none is sent. */
  tenantId?: string | null | undefined;
  customerId?: string | null | undefined;
  /** `production`, `staging`, … */
  environment?: string | null | undefined;
  /** How long an event waits for others, in milliseconds. 500 */
  flushIntervalMs?: number | undefined;
  /** How long the end of the process may wait for the collector, in milliseconds. 2000 */
  exitTimeoutMs?: number | undefined;
  /** Events kept in memory; more are dropped and counted. 10000 */
  queueEventsMax?: number | undefined;
  /** Directory where events lie until they are delivered; survives a kill. */
  spoolDir?: string | null | undefined;
  /** Tells on the console why something was not measured. */
  debug?: boolean | undefined;
  /** Nothing is listened to, kept or sent. */
  disabled?: boolean | undefined;
}

/** Of the process; the first `observe()` fixes it. */
export interface Config {
  collectorUrl: string;
  proxyUrl: string | undefined;
  apiKey: string | undefined;
  tenantId: string | undefined;
  customerId: string | undefined;
  environment: string | undefined;
  flushIntervalMs: number;
  exitTimeoutMs: number;
  queueEventsMax: number;
  spoolDir: string | undefined;
  /** Bytes in the spool; more goes to memory. */
  spoolBytesMax: number;
  /** Further hosts of providers, `openai=gateway.internal:9999,…`. */
  providerHosts: string;
  debug: boolean;
}

const TRUE = new Set(["1", "true", "yes", "on"]);

/** `LLMOBSERVE_DISABLED=1` */
export function isDisabled(): boolean {
  return isTrue(process.env["LLMOBSERVE_DISABLED"]);
}

/** Never throws: a setting that cannot be read is the default. */
export function resolve(options: Options = {}): Config {
  return {
    collectorUrl: text(options.collectorUrl, "COLLECTOR_URL") ?? "http://localhost:8000",
    proxyUrl: text(options.proxyUrl, "PROXY_URL"),
    apiKey: text(options.apiKey, "API_KEY"),
    tenantId: id(options.tenantId, "TENANT_ID"),
    customerId: id(options.customerId, "CUSTOMER_ID"),
    environment: id(options.environment, "ENVIRONMENT"),
    flushIntervalMs: number(options.flushIntervalMs, "FLUSH_INTERVAL_MS", 500),
    exitTimeoutMs: number(options.exitTimeoutMs, "EXIT_TIMEOUT_MS", 2000),
    queueEventsMax: number(options.queueEventsMax, "QUEUE_EVENTS_MAX", 10_000),
    spoolDir: text(options.spoolDir, "SPOOL_DIR"),
    spoolBytesMax: number(undefined, "SPOOL_BYTES_MAX", 256 * 1024 * 1024),
    providerHosts: process.env["LLMOBSERVE_PROVIDER_HOSTS"] ?? "",
    debug: options.debug ?? isTrue(process.env["LLMOBSERVE_DEBUG"]),
  };
}

function isTrue(value: string | undefined): boolean {
  return TRUE.has((value ?? "").trim().toLowerCase());
}

function text(given: unknown, name: string): string | undefined {
  const value = given ?? process.env[`LLMOBSERVE_${name}`];
  return value === undefined ? undefined : String(value).trim() || undefined;
}

function id(given: unknown, name: string): string | undefined {
  const value = text(given, name);
  return value === undefined ? undefined : clean(value, TEXT_CHARS_MAX) || undefined;
}

function number(given: unknown, name: string, fallback: number): number {
  const value = given ?? process.env[`LLMOBSERVE_${name}`];
  const read = value === undefined || value === "" ? NaN : Math.trunc(Number(value));
  return Number.isFinite(read) ? Math.max(1, read) : fallback;
}
