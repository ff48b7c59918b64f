/** Begin and end. */

import { type Config, isDisabled, type Options, resolve } from "./config.js";
import { adopt } from "./context.js";
import { deliverAtTheEnd } from "./exit.js";
import * as http from "./listen/http.js";
import * as http2 from "./listen/http2.js";
import * as undici from "./listen/undici.js";
import { warn } from "./log.js";
import { Observer, type Stats } from "./observer.js";
import { rerouteFetch } from "./reroute/fetch.js";
import { shared } from "./shared.js";

/**
 * Measures every call to an LLM provider from here on.
 *
 * The first call sets up the process: each option, else `LLMOBSERVE_<NAME>` in the environment,
 * else the default (see `Options`). A later call, as at each login, sets tenant, key and customer
 * from here on in the current context only, and never for requests of other users that are under
 * way. Does nothing with `LLMOBSERVE_DISABLED=1`.
 */
export function observe(options: Options = {}): void {
  if (isDisabled() || options.disabled) return;
  if (shared.active === undefined) begin(resolve(options));
  adopt({
    tenantId: options.tenantId ?? undefined,
    apiKey: options.apiKey ?? undefined,
    customerId: options.customerId ?? undefined,
  });
}

function begin(config: Config): void {
  try {
    shared.active = new Observer(config);
    if (!shared.isListening) {
      shared.isListening = true;
      undici.listen();
      http.listen();
      http2.listen();
      deliverAtTheEnd();
    }
    if (shared.active.proxy !== undefined) rerouteFetch();
  } catch (error) {
    warn("begin", `nothing is measured: ${String(error)}`); // the application goes on without us
  }
}

/** Delivers what is recorded; waits up to `timeoutMs`. Whether nothing waits any more. */
export async function flush(timeoutMs = 10_000): Promise<boolean> {
  return (await shared.active?.sender.flush(timeoutMs)) ?? true;
}

/** As `flush`, and then measures no more. `observe` may begin anew. */
export async function shutdown(timeoutMs = 10_000): Promise<boolean> {
  const { active } = shared;
  if (active === undefined) return true;
  const stopped = active.stop(timeoutMs);
  shared.active = undefined;
  return stopped;
}

/** Of this process: delivered, rejected by the collector, dropped for want of room, queued. */
export function stats(): Stats {
  return shared.active?.stats() ?? { delivered: 0, rejected: 0, dropped: 0, queued: 0 };
}
