/**
 * The cost of every LLM call, per tenant, customer, run and feature.
 *
 *     import { observe } from "llmobserve";
 *     observe({ collectorUrl: "http://localhost:8000", tenantId: "acme" });
 *
 * The way of a call: `context` (whose it is) → `listen` (where it is seen) or `reroute` (through
 * the proxy) → `call` and `body` (what passes) → `queue` or `spool` → `sender` → `extract` and
 * `report` (what it means) → `transport`. Two promises stand above all others: the application
 * behaves as without us, and no request is ever sent twice.
 */

export type { Options } from "./config.js";
export {
  exportContext,
  type ExportedContext,
  getCustomerId,
  getRunId,
  getTenantId,
  getTraceId,
  type Identity,
  importContext,
  runWithContext,
  setCustomerId,
  setRunId,
  setTenantId,
  setTraceId,
} from "./context.js";
export { middleware, requestListener } from "./middleware.js";
export { flush, observe, shutdown, stats } from "./observe.js";
export type { Stats } from "./observer.js";
export { type Metadata, type Section, section } from "./spans.js";
export { agent, tool, trace } from "./wrap.js";
