/** What the SDK says, and that it never throws into the application. */

import { shared } from "./shared.js";

/** The same kind of trouble is told at most this often. */
export const WARN_INTERVAL_MS = 60_000;

export function warn(kind: string, message: string): void {
  const now = Date.now();
  const last = shared.told.get(kind);
  if (last !== undefined && now - last < WARN_INTERVAL_MS) return;
  shared.told.set(kind, now);
  console.warn(`llmobserve: ${message}`);
}

export function forgetTold(): void {
  shared.told.clear();
}

/** Why something was not measured; with `debug` only. */
export function notMeasured(error: unknown): void {
  if (shared.active?.config.debug) console.debug("llmobserve: not measured:", error);
}

/** Whatever goes wrong in measuring stays there: the result is then `undefined`. */
export function quietly<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    notMeasured(error);
    return undefined;
  }
}
