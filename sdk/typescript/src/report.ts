/** From a finished call to its event. */

import type { Call } from "./call.js";
import type { Event } from "./event.js";
import { Found } from "./extract/found.js";
import { read } from "./extract/index.js";
import { notMeasured } from "./log.js";

/** No text can look like this member: quotes inside of strings are escaped. */
const MODEL = /"model(?:Id|_id)?"\s*:\s*"([^"\\]{1,256})"/;
const MODEL_IN_PATH = /\/(?:models?|deployments|engines)\/([^/]+?)(?:\/|:[A-Za-z]+$|$)/;
/** Errors before anything was sent: the provider has not seen the call, which hence cost nothing. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EADDR|UND_ERR_CONNECT_TIMEOUT)|CERT|SSL|TLS|SELF_SIGNED|^ERR_INVALID|^UND_ERR_INVALID/;

export function eventOf(call: Call): Event | undefined {
  if (call.status !== undefined && call.status >= 300 && call.status < 400) {
    return undefined; // what it leads to is the call
  }
  const found = readUsage(call);
  if (call.method === "GET" && call.kind === "llm") {
    // A look at a response that is counted elsewhere, or not done yet.
    if (!found.backgroundId || found.isPending || found.counts.size === 0) return undefined;
  } else if (found.backgroundId && found.isPending) {
    return undefined; // counted when it is fetched
  }
  const event: Event = {
    timestamp: call.sentAtMs / 1000,
    span_type: call.kind,
    provider: call.provider,
    endpoint: call.path,
    span_id: call.spanId,
    parent_span_id: call.context.spanId,
    model: modelOf(call, found.model),
    service_tier: found.serviceTier,
    latency_ms: rounded(call.latencyMs),
    ttft_ms: call.ttftMs === undefined ? undefined : rounded(call.ttftMs),
    is_streaming: call.isStreaming || undefined,
    http_status: call.status,
  };
  if (found.backgroundId) event["id"] = found.backgroundId; // once, however often it is fetched
  usage(event, call, found);
  outcome(event, call, found);
  return event;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function readUsage(call: Call): Found {
  try {
    return read(call.kept(), call.provider);
  } catch (error) {
    notMeasured(error); // a shape nobody thought of: the call still counts, its usage is unknown
    return new Found(call.provider);
  }
}

function usage(event: Event, call: Call, found: Found): void {
  for (const [side, count] of Object.entries(call.tokensInHeaders)) {
    const name = `${side}_tokens`;
    if (/^\d+$/.test(count) && !found.counts.has(name)) found.counts.set(name, Number(count));
  }
  if (!isComplete(call, found)) withoutOutput(found);
  Object.assign(event, found.tokens());
  event["usage"] = found.units();
}

/**
 * What was counted so far is not what will be billed. A part of the output without its whole
 * tells the collector so: it keeps the input, and gives no price.
 */
function withoutOutput(found: Found): void {
  if (found.counts.size === 0) return;
  const soFar = found.counts.get("output_tokens") ?? 0;
  for (const name of [...found.counts.keys()]) {
    if (name.startsWith("output_")) found.counts.delete(name);
  }
  found.counts.set("output_text_tokens", Math.max(1, soFar));
}

/**
 * Whether the provider has said its last word. Streams count as they go, or say one half of it at
 * their start.
 */
function isComplete(call: Call, found: Found): boolean {
  if (call.sawEnd || found.isFinished) return true;
  return !call.isCutOff && call.error === undefined && !call.hasEvents;
}

function outcome(event: Event, call: Call, found: Found): void {
  event["status"] = "ok";
  const status = call.status ?? 0;
  if (status >= 400) {
    event["status"] = ofHttp(status);
    event["error_type"] = found.errorType ?? call.errorInHeader?.split(":", 1)[0];
  } else if (call.error !== undefined) {
    [event["status"], event["error_type"]] = ofError(call.error);
  } else if (found.errorType !== undefined) {
    event["status"] = "error";
    event["error_type"] = found.errorType;
  } else if (call.isCutOff && !isComplete(call, found)) {
    event["status"] = "cancelled";
  }
  const isCounted = "input_tokens" in event || "output_tokens" in event;
  if (event["status"] === "error" && !isCounted && mayBeBilled(event, call)) {
    // The collector takes an error that used nothing for a refusal, which is free.
    event["usage"]["requests"] = 1;
  }
}

/** Neither refused by the provider nor stopped on the way to it. */
function mayBeBilled(event: Event, call: Call): boolean {
  if (call.status !== undefined) return call.status < 400;
  return !NOT_SENT.test(event["error_type"] ?? "");
}

function ofHttp(status: number): string {
  if (status === 429) return "rate_limited";
  return status === 408 || status === 504 ? "timeout" : "error";
}

const CANCELLED = /^(AbortError|ABORT_ERR|UND_ERR_ABORTED|UND_ERR_DESTROYED|ERR_CANCELED)$/;

/**
 * By its code where it has one, which says more than its name. Node's and undici's own errors all
 * have one; what has none is the reason for which the application aborts.
 */
function ofError(error: unknown): [status: string, type: string] {
  const given = Object(error) as { name?: unknown; code?: unknown; message?: unknown };
  const name = typeof given.name === "string" && given.name ? given.name : "AbortError";
  const code = typeof given.code === "string" && given.code ? given.code : undefined;
  if (/time(d ?)?out/i.test(`${code} ${name} ${String(given.message)}`)) {
    return ["timeout", code ?? name];
  }
  if (code === undefined || CANCELLED.test(code) || CANCELLED.test(name)) {
    return ["cancelled", name];
  }
  return ["error", code];
}

/**
 * As answered; else as asked. Bedrock's and Vertex' paths name it in their own way, by which they
 * price it.
 */
function modelOf(call: Call, answered: string | undefined): string | undefined {
  const inPath = MODEL_IN_PATH.exec(call.path)?.[1];
  const named = inPath === undefined ? undefined : decoded(inPath);
  if (named && call.provider === "bedrock") return named.split("/").at(-1); // of an ARN, its end
  if (call.provider === "huggingface") return servedBy(call, answered);
  return answered ?? asked(call) ?? named;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The router's prices are those of who serves the model: `Qwen/Qwen3-32B:novita`. */
function servedBy(call: Call, answered: string | undefined): string | undefined {
  const named = asked(call);
  if (named?.includes(":")) return named;
  const server = call.path.replace(/^\/+/, "").split("/", 1)[0] ?? "";
  const model = answered ?? named;
  return model && !["v1", "models", ""].includes(server) ? `${model}:${server}` : model;
}

function asked(call: Call): string | undefined {
  return MODEL.exec(call.requestText())?.[1];
}
