/** Sections: the tree that calls hang in. */

import * as ctx from "./context.js";
import type { Event, Recordable } from "./event.js";
import { quietly } from "./log.js";
import { shared } from "./shared.js";
import { clean, TEXT_CHARS_MAX } from "./text.js";

/** Goes with the span: JSON, up to 15 KB. */
export type Metadata = Record<string, unknown>;

export interface Section {
  /** Runs `body` as one pass through the section; its result is handed on as it is. */
  run<T>(body: () => T): T;
}

/**
 * `section("retrieve").run(fn)` or `section("retrieve", fn)`. Calls inside belong to it; when it
 * ends (for a promise: when that is settled) it is reported as a span of its own, with how long
 * it took and whether it failed.
 *
 * A label `agent:…` or `tool:…` makes it an agent or a tool. The first section of a context
 * without a run begins one.
 */
export function section(name: string, metadata?: Metadata): Section;
export function section<T>(name: string, body: () => T): T;
export function section<T>(name: string, metadata: Metadata, body: () => T): T;
export function section<T>(
  name: string,
  metadataOrBody?: Metadata | (() => T),
  body?: () => T,
): Section | T {
  const label = clean(String(name), TEXT_CHARS_MAX);
  if (typeof metadataOrBody === "function") return pass(label, undefined, metadataOrBody);
  const metadata = metadataOrBody;
  if (body !== undefined) return pass(label, metadata, body);
  return { run: (inner) => pass(label, metadata, inner) };
}

function pass<T>(label: string, metadata: Metadata | undefined, body: () => T): T {
  const span = new Span(label, metadata);
  return ending(span, () => ctx.run(span.inside, body));
}

/** Ends the span when `body` has returned, thrown, or its promise is settled. */
function ending<T>(span: Span, body: () => T): T {
  let result: T;
  try {
    result = body();
  } catch (error) {
    span.end(error ?? new Error());
    throw error;
  }
  if (isThenable(result)) return whenSettled(span, result) as T;
  span.end(undefined);
  return result;
}

/**
 * A plain promise is followed by another one of the same outcome. Other thenables (a query that
 * is sent when it is awaited, OpenAI's `APIPromise` with methods of its own) stay themselves, and
 * are listened to when the application asks them.
 */
function whenSettled(span: Span, result: PromiseLike<unknown>): PromiseLike<unknown> {
  const then = result.then.bind(result) as Promise<unknown>["then"];
  const followed: typeof then = (onValue, onError) =>
    then(
      (value) => {
        span.end(undefined);
        return onValue ? onValue(value) : (value as never);
      },
      (error: unknown) => {
        span.end(error ?? new Error());
        if (onError) return onError(error);
        throw error;
      },
    );
  if (result.constructor === Promise) return followed();
  result.then = followed as typeof result.then;
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** One pass through a section. */
export class Span implements Recordable {
  readonly context: ctx.Context;
  readonly inside: ctx.Context;
  readonly #spanId = ctx.newSpanId();
  readonly #type: string;
  readonly #metadata: Metadata | undefined;
  readonly #sentAtMs = Date.now();
  readonly #started = performance.now();
  #latencyMs = 0;
  #error: unknown;
  #isOver = false;

  constructor(label: string, metadata?: Metadata) {
    const around = ctx.current();
    this.context = around.runId === undefined ? { ...around, runId: ctx.newId() } : around;
    const { sectionPath } = around;
    // Of the scope only what was set here: what is set later in it shall count inside, too.
    this.inside = {
      ...ctx.own(),
      ...(around.runId === undefined ? { runId: this.context.runId } : {}),
      spanId: this.#spanId,
      sectionPath: sectionPath ? `${sectionPath}/${label}` : label,
    };
    this.#type = /^(agent|tool):/.exec(label)?.[1] ?? "section";
    this.#metadata = metadata;
  }

  end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#latencyMs = performance.now() - this.#started;
    this.#error = error;
    quietly(() => shared.active?.record(this));
  }

  weight(): number {
    return 1024;
  }

  event(): Event {
    const error = this.#error as { name?: unknown } | undefined;
    const name = typeof error?.name === "string" ? error.name : "Error";
    return {
      timestamp: this.#sentAtMs / 1000,
      span_type: this.#type,
      span_id: this.#spanId,
      parent_span_id: this.context.spanId,
      section_path: this.inside.sectionPath,
      latency_ms: Math.round(this.#latencyMs * 1000) / 1000,
      status: error === undefined ? "ok" : name === "AbortError" ? "cancelled" : "error",
      error_type: error === undefined ? undefined : name,
      event_metadata: this.#metadata,
    };
  }
}
