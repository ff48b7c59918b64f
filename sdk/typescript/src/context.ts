/**
 * Who a call is for: tenant, customer, run, trace and the sections around it.
 *
 * One immutable value in one `AsyncLocalStorage`: what is set holds for the code that follows and
 * for all that it starts, and concurrent work sees nothing of it.
 *
 * An `await` brings back the context that its function had before. So what an awaited function
 * sets (an authentication that asks a database first) would be lost on its caller. Within a
 * request or `runWithContext` it is not: it is also noted in their `Scope`, where it counts for
 * code that has set nothing itself.
 */

import { randomUUID } from "node:crypto";

import { shared } from "./shared.js";
import { clean, ID_CHARS_MAX, PATH_CHARS_MAX, TEXT_CHARS_MAX } from "./text.js";

export interface Identity {
  tenantId?: string | undefined;
  apiKey?: string | undefined;
  customerId?: string | undefined;
  runId?: string | undefined;
  traceId?: string | undefined;
}

/** What is not set is what the process's settings say of tenant, key and customer. */
export interface Context extends Identity {
  /** The innermost section's span. */
  spanId?: string | undefined;
  /** Labels from the outermost section in, joined by `/`. */
  sectionPath?: string | undefined;
  /** The request or `runWithContext` around. */
  scope?: Scope | undefined;
}

/** Of a request: what it began with, and what was set first in it. */
export interface Scope {
  initial: Identity;
  noted: Identity;
}

const NONE: Context = {};

/** Of this place alone, for `enter` and `run`. */
export function own(): Context {
  return shared.storage.getStore() ?? NONE;
}

/** With what the scope around knows. */
export function current(): Context {
  const context = own();
  if (context.scope === undefined) return context;
  return { ...context.scope.initial, ...context.scope.noted, ...present(context) };
}

/** Without what is not set. */
export function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter((entry) => entry[1] !== undefined)) as T;
}

export function run<T>(context: Context, body: () => T): T {
  return shared.storage.run(context, body);
}

/** For this function's rest and all that it starts. */
export function set(given: Identity): void {
  const context = own();
  shared.storage.enterWith({ ...context, ...given });
  if (context.scope === undefined) return;
  const { noted } = context.scope;
  for (const [name, value] of Object.entries(given)) {
    const field = name as keyof Identity;
    if (value === undefined) delete noted[field];
    else noted[field] ??= value;
  }
}

/** What is given here counts from here on; the rest stays. */
export function adopt(given: Identity): void {
  const taken = tidy(given);
  if (Object.keys(taken).length > 0) set(taken);
}

/** A request of its own: nothing of what was before, a new run. */
export function fresh(initial: Identity = {}): Context {
  return { scope: { initial: { runId: newId(), ...tidy(initial) }, noted: {} } };
}

/**
 * Runs `body` with `given` set; the rest stays as it is here. What it sets stays inside,
 * and counts for all of it.
 */
export function runWithContext<T>(given: Identity, body: () => T): T {
  const around = current();
  const { spanId, sectionPath, scope: _, ...initial } = around;
  const scope = { initial: { ...initial, ...tidy(given) }, noted: {} };
  return run({ spanId, sectionPath, scope }, body);
}

function tidy(given: Identity): Identity {
  const taken: Identity = {};
  const tenantId = id(given.tenantId, TEXT_CHARS_MAX);
  const customerId = id(given.customerId, TEXT_CHARS_MAX);
  const runId = id(given.runId, ID_CHARS_MAX);
  const traceId = id(given.traceId, ID_CHARS_MAX);
  if (tenantId) taken.tenantId = tenantId;
  if (given.apiKey) taken.apiKey = String(given.apiKey).trim();
  if (customerId) taken.customerId = customerId;
  if (runId) taken.runId = runId;
  if (traceId) taken.traceId = traceId;
  return taken;
}

/** 32 hexadecimal digits, of which 122 bits are random; Node draws them in advance. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}

export function newSpanId(): string {
  return newId().slice(16);
}

/** Whose usage the calls are from here on; `null`: the process's. */
export function setTenantId(tenantId: string | null | undefined): void {
  set({ tenantId: id(tenantId, TEXT_CHARS_MAX) });
}

/** The tenant set here; `undefined` when only the process's applies. */
export function getTenantId(): string | undefined {
  return current().tenantId;
}

/** The tenant's own end customer, from here on. */
export function setCustomerId(customerId: string | null | undefined): void {
  set({ customerId: id(customerId, TEXT_CHARS_MAX) });
}

export function getCustomerId(): string | undefined {
  return current().customerId;
}

/** Names the piece of work that the next calls belong to; without a name, a new one. */
export function setRunId(runId?: string | null): string {
  const run = id(runId, ID_CHARS_MAX) ?? newId();
  set({ runId: run });
  return run;
}

/** The current run; begins one when there is none. */
export function getRunId(): string {
  return current().runId ?? setRunId();
}

export function setTraceId(traceId: string | null | undefined): void {
  set({ traceId: id(traceId, ID_CHARS_MAX) });
}

export function getTraceId(): string | undefined {
  return current().traceId;
}

/** As the Python SDK exports it: either may take over from the other. */
export interface ExportedContext {
  tenant_id?: string;
  customer_id?: string;
  run_id?: string;
  trace_id?: string;
  span_id?: string;
  section_path?: string;
}

/** This context for another process: plain strings, without the API key. */
export function exportContext(): ExportedContext {
  const context = current();
  const exported: ExportedContext = {};
  if (context.tenantId) exported.tenant_id = context.tenantId;
  if (context.customerId) exported.customer_id = context.customerId;
  if (context.runId) exported.run_id = context.runId;
  if (context.traceId) exported.trace_id = context.traceId;
  if (context.spanId) exported.span_id = context.spanId;
  if (context.sectionPath) exported.section_path = context.sectionPath;
  return exported;
}

/** Takes over what `exportContext` gave, from here on, or only for `body`. */
export function importContext(exported: ExportedContext): void;
export function importContext<T>(exported: ExportedContext, body: () => T): T;
export function importContext<T>(exported: ExportedContext, body?: () => T): T | void {
  const { apiKey } = current();
  const initial: Identity = {
    apiKey,
    tenantId: id(exported.tenant_id, TEXT_CHARS_MAX),
    customerId: id(exported.customer_id, TEXT_CHARS_MAX),
    runId: id(exported.run_id, ID_CHARS_MAX),
    traceId: id(exported.trace_id, ID_CHARS_MAX),
  };
  const context: Context = {
    spanId: id(exported.span_id, ID_CHARS_MAX),
    sectionPath: id(exported.section_path, PATH_CHARS_MAX),
    scope: { initial, noted: {} },
  };
  if (body === undefined) shared.storage.enterWith(context);
  else return run(context, body);
}

function id(value: unknown, limit: number): string | undefined {
  if (value === null || value === undefined) return undefined;
  return clean(String(value), limit) || undefined;
}
