/**
 * What exists once in a process (or worker thread), however often this package is loaded: by
 * `import` and by `require`, from a bundle, in a second copy.
 */

import { AsyncLocalStorage } from "node:async_hooks";

import type { Context } from "./context.js";
import type { Observer } from "./observer.js";

export interface Shared {
  storage: AsyncLocalStorage<Context>;
  active: Observer | undefined;
  /** Those who listen and hook do so once; they do nothing while nothing is active. */
  isListening: boolean;
  isReroutingFetch: boolean;
  /** When each kind of trouble was last told. */
  told: Map<string, number>;
}

const KEY = Symbol.for("llmobserve.2");
const holder = globalThis as { [KEY]?: Shared };

export const shared: Shared = (holder[KEY] ??= {
  storage: new AsyncLocalStorage(),
  active: undefined,
  isListening: false,
  isReroutingFetch: false,
  told: new Map(),
});
