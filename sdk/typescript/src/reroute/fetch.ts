/**
 * `fetch` through the proxy: the request that undici is about to send gets another address. So
 * the application sees the provider's URL in its response, and nothing of the proxy.
 */

import { begin } from "../call.js";
import type { Context } from "../context.js";
import { quietly } from "../log.js";
import { CONNECT_TIMEOUT_MS, headers, type Proxy } from "../proxy.js";
import { shared } from "../shared.js";

interface Options {
  origin: string | URL;
  path: string;
  method: string;
  headers?: unknown;
}

type Handler = Record<string, ((...args: unknown[]) => unknown) | undefined>;

interface Dispatcher {
  dispatch(options: Options, handler: Handler): boolean;
}

type Input = Parameters<typeof fetch>[0];
type Init = RequestInit & { dispatcher?: Dispatcher };

/** Where every undici from 5 to 7, Node's own among them, keeps its dispatcher. */
const GLOBAL = [Symbol.for("undici.globalDispatcher.1"), Symbol.for("undici.globalDispatcher.2")];

let toProxy: Dispatcher | undefined;

export function rerouteFetch(): void {
  if (shared.isReroutingFetch || typeof globalThis.fetch !== "function") return;
  shared.isReroutingFetch = true;
  const original = globalThis.fetch;
  const rerouted = {
    fetch(this: unknown, input: Input, init?: Init): Promise<Response> {
      const proxy = shared.active?.proxy;
      if (!proxy?.isUsable()) return original.call(this as never, input, init);
      const dispatcher = quietly(() => around(proxy, init?.dispatcher));
      const given = dispatcher === undefined ? init : { ...init, dispatcher };
      return original.call(this as never, input, given as RequestInit);
    },
  };
  globalThis.fetch = rerouted.fetch as typeof fetch;
}

/** Whoever replaced the global dispatcher: the one of this moment. */
function globalDispatcher(): Dispatcher | undefined {
  void globalThis.Headers; // loads Node's own undici, which sets it
  const holder = globalThis as unknown as Record<symbol, Dispatcher | undefined>;
  return GLOBAL.map((name) => holder[name]).find(Boolean);
}

function around(proxy: Proxy, given: Dispatcher | undefined): Dispatcher | undefined {
  const direct = given ?? globalDispatcher();
  if (direct === undefined) return undefined;
  const context = shared.storage.getStore() ?? {};
  return {
    dispatch: (options, handler) => {
      const rewritten = quietly(() => rewrite(proxy, options));
      if (rewritten === undefined) return direct.dispatch(options, handler);
      const directly = (): void => {
        proxy.unreachable();
        inContext(context, () => direct.dispatch(options, handler));
      };
      return connectionTo(direct).dispatch(rewritten, unlessUnreachable(handler, directly));
    },
  };
}

function inContext(context: Context, body: () => void): void {
  shared.storage.run(context, body);
}

/** The same request in the proxy's header form; its body is the request's own. */
function rewrite(proxy: Proxy, options: Options): Options | undefined {
  const url = new URL(options.path, options.origin);
  const call = begin(options.method, url.protocol, url.host, options.path);
  if (call === undefined) return undefined;
  call.isMeasuredByProxy();
  const added = headers(call, url.href);
  return {
    ...options,
    origin: proxy.url.origin,
    path: proxy.url.pathname,
    headers: Array.isArray(options.headers)
      ? [...(options.headers as unknown[]), ...Object.entries(added).flat()]
      : { ...(options.headers as object), ...added },
  };
}

/** Connections of their own, with a short patience, where undici's class is at hand. */
function connectionTo(direct: Dispatcher): Dispatcher {
  toProxy ??= quietly(() => {
    const Agent = globalDispatcher()?.constructor as
      | (new (options: object) => Dispatcher)
      | undefined;
    if (Agent?.name !== "Agent") return undefined;
    return new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  });
  return toProxy ?? direct;
}

/** Before anything was sent, neither the proxy nor the provider has seen the request. */
function unlessUnreachable(handler: Handler, directly: () => void): Handler {
  let isSent = false;
  const starts = new Set<PropertyKey>(["onConnect", "onRequestStart"]);
  const fails = new Set<PropertyKey>(["onError", "onResponseError"]);
  return new globalThis.Proxy(handler, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        if (starts.has(name)) isSent = true;
        const error = args.at(-1) as { name?: string } | undefined;
        if (fails.has(name) && !isSent && error?.name !== "AbortError") return directly();
        return method.apply(target, args) as unknown;
      };
    },
  });
}
