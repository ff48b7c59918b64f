/**
 * A fresh context for each request of a web application: what an earlier one set is gone, the
 * request is a run of its own, and the customer is taken from `X-Customer-ID`. Authentication
 * then calls `setTenantId` or `observe`.
 */

import { type Context, fresh, run } from "./context.js";

const CUSTOMER_HEADER = "x-customer-id";

interface Emitter {
  emit(name: string | symbol, ...args: unknown[]): boolean;
}

/** As Node's, Express' and Fastify's requests have them. */
interface Incoming {
  headers: Record<string, string | string[] | undefined>;
  /** Fastify's. */
  raw?: unknown;
}

/** Hono's context, and whatever looks like it. */
interface HonoLike {
  req: { header(name: string): string | undefined };
}

/**
 * Express and Connect: `app.use(middleware)`. Fastify: `app.addHook("onRequest", middleware)`.
 * Hono: `app.use(middleware)`.
 */
export function middleware(request: Incoming, response: unknown, next: () => void): void;
export function middleware<T>(context: HonoLike, next: () => Promise<T>): Promise<T>;
export function middleware(
  request: Incoming | HonoLike,
  response: unknown,
  next?: () => unknown,
): unknown {
  if (next === undefined) {
    const customer = (request as HonoLike).req.header(CUSTOMER_HEADER);
    return run(fresh({ customerId: customer }), response as () => unknown);
  }
  const context = contextOf(request as Incoming);
  bind((request as Incoming).raw ?? request, context);
  return run(context, next);
}

/** Node's own server: `http.createServer(requestListener((request, response) => …))`. */
export function requestListener<Request extends Incoming, Rest extends unknown[], Result>(
  listener: (request: Request, ...rest: Rest) => Result,
): (request: Request, ...rest: Rest) => Result {
  return (request, ...rest) => {
    const context = contextOf(request);
    bind(request, context);
    return run(context, () => listener(request, ...rest));
  };
}

function contextOf({ headers }: Incoming): Context {
  const value = headers[CUSTOMER_HEADER];
  return fresh({ customerId: Array.isArray(value) ? value[0] : value });
}

/** The body's events come from the connection, which serves other requests, too. */
function bind(request: unknown, context: Context): void {
  const emitter = request as Emitter;
  if (typeof emitter.emit !== "function") return;
  const { emit } = emitter;
  emitter.emit = (...args) => run(context, () => emit.apply(emitter, args));
}
