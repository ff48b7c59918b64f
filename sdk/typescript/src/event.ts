/** The wire form: one JSON object for each call or span, as `POST /events` takes it. */

import type { Config } from "./config.js";
import { type Context, newId, present } from "./context.js";
import { quietly } from "./log.js";
import { clean, PATH_CHARS_MAX, TEXT_CHARS_MAX } from "./text.js";

const METADATA_BYTES_MAX = 15 * 1024;

// eslint-disable-next-line -- the wire's own shape
export type Event = Record<string, any>;

/** Something finished: a call, a span. */
export interface Recordable {
  readonly context: Context;
  /** Its own fields; `undefined` when it turns out to be nothing to report. */
  event(): Event | undefined;
  /** Bytes of memory that it holds on to. */
  weight(): number;
}

/** An event as it is sent, and the key it is sent with. */
export interface Line {
  apiKey: string;
  json: string;
}

export function digest(item: Recordable, config: Config): Line | undefined {
  return quietly(() => {
    const event = item.event();
    if (event === undefined) return undefined;
    const { context } = item;
    event["id"] ??= newId();
    Object.assign(event, present({
      tenant_id: context.tenantId ?? config.tenantId,
      customer_id: context.customerId ?? config.customerId,
      run_id: context.runId,
      trace_id: context.traceId,
      environment: config.environment,
      section_path: event["section_path"] ?? context.sectionPath,
    }));
    const apiKey = context.apiKey ?? config.apiKey ?? "";
    return { apiKey, json: JSON.stringify(tidy(event)) };
  });
}

/** Within the collector's limits, so that one odd value never costs the whole event. */
function tidy(event: Event): Event {
  for (const name of ["model", "service_tier", "error_type", "provider"]) {
    if (event[name]) event[name] = clean(String(event[name]), TEXT_CHARS_MAX);
  }
  for (const name of ["endpoint", "section_path"]) {
    if (event[name]) event[name] = clean(event[name], PATH_CHARS_MAX);
  }
  keepPartsWithin(event);
  if (event["event_metadata"]) event["event_metadata"] = metadata(event["event_metadata"]);
  for (const [name, value] of Object.entries(event)) if (isEmpty(value)) delete event[name];
  return event;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The parts of a whole, with the names that they have as units of `usage`. */
const PARTS: [string, Record<string, string>][] = [
  ["input_tokens", { cached_tokens: "cache_read_tokens", cache_write_tokens: "" }],
  ["input_tokens", { audio_input_tokens: "input_audio_tokens" }],
  ["output_tokens", { reasoning_tokens: "output_reasoning_tokens" }],
  ["output_tokens", { audio_output_tokens: "output_audio_tokens" }],
  ["cache_write_tokens", { cache_write_1h_tokens: "" }],
];

/**
 * Providers do report parts that exceed their whole. The collector refuses such an event; as
 * units of `usage` it takes the parts, sees the contradiction and has no price.
 */
function keepPartsWithin(event: Event): void {
  if ("cache_write_1h_tokens" in event) {
    event["cache_write_tokens"] ??= event["cache_write_1h_tokens"];
  }
  for (const [whole, parts] of PARTS) {
    const names = Object.keys(parts);
    const sum = names.reduce((total, part) => total + (event[part] ?? 0), 0);
    if (sum <= (event[whole] ?? 0)) continue;
    const units = (event["usage"] ??= {});
    for (const part of names) {
      if (!(part in event)) continue;
      units[parts[part] || part] = event[part];
      delete event[part];
    }
  }
}

function metadata(given: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(given);
  } catch {
    return { llmobserve: "metadata was not JSON" };
  }
  const read: unknown = text === undefined ? undefined : JSON.parse(wellFormed(text));
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    return { llmobserve: "metadata was no object" };
  }
  const size = Buffer.byteLength(JSON.stringify(read));
  return size > METADATA_BYTES_MAX ? { llmobserve: "metadata was too large" } : read;
}

/** Without halves of surrogate pairs, which `JSON.stringify` writes as escapes. */
function wellFormed(json: string): string {
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/gi, (found) =>
    found === "\\\\" ? found : "\\ufffd",
  );
}
