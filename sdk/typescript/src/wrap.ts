/** `agent`, `tool`, `trace`: functions of every kind as sections. */

import * as ctx from "./context.js";
import { section, Span } from "./spans.js";
import { clean, TEXT_CHARS_MAX } from "./text.js";

// The one type that every function can be assigned to.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Fn = (this: any, ...args: any[]) => any;

/** `agent("researcher", fn)`, or `agent(fn)` by the function's name: every call is a section. */
export function agent<F extends Fn>(fn: F): F;
export function agent<F extends Fn>(name: string, fn: F): F;
export function agent<F extends Fn>(nameOrFn: string | F, fn?: F): F {
  return named("agent", nameOrFn, fn);
}

/** `tool("search", fn)`, or `tool(fn)` by the function's name: every call is a section. */
export function tool<F extends Fn>(fn: F): F;
export function tool<F extends Fn>(name: string, fn: F): F;
export function tool<F extends Fn>(nameOrFn: string | F, fn?: F): F {
  return named("tool", nameOrFn, fn);
}

/** `trace({ step: "retrieve" }, fn)`: every call is a section. The first name given counts. */
export function trace<F extends Fn>(
  names: { agent?: string; tool?: string; step?: string },
  fn: F,
): F {
  for (const prefix of ["agent", "tool", "step"] as const) {
    const name = names[prefix];
    if (name !== undefined) return wrap(`${prefix}:${name}`, fn);
  }
  throw new TypeError("trace() needs agent, tool or step");
}

function named<F extends Fn>(prefix: string, nameOrFn: string | F, fn: F | undefined): F {
  if (typeof nameOrFn === "function") return wrap(`${prefix}:${nameOrFn.name}`, nameOrFn);
  if (typeof fn !== "function") throw new TypeError(`${prefix}() needs a function`);
  return wrap(`${prefix}:${nameOrFn}`, fn);
}

function wrap<F extends Fn>(name: string, fn: F): F {
  const label = clean(name, TEXT_CHARS_MAX);
  const isGenerator = /Generator/.test(Object.prototype.toString.call(fn));
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    if (isGenerator) return around(label, fn.apply(this, args) as Steps);
    return section(label, () => fn.apply(this, args) as unknown);
  };
  for (const property of ["name", "length"] as const) {
    Object.defineProperty(wrapped, property, { value: fn[property], configurable: true });
  }
  return wrapped as F;
}

type Result = IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
type Steps = Record<"next" | "return" | "throw", (value?: unknown) => Result>;

/**
 * A generator runs in the context of whoever asks for its next item. So its section is entered
 * for each step, and what happens between the steps does not belong to it.
 */
function around(label: string, steps: Steps): unknown {
  let span: Span | undefined;
  const step = (name: keyof Steps) =>
    function (...args: [unknown?]): Result {
      const entered = (span ??= new Span(label));
      const failed = (error: unknown): never => {
        entered.end(error ?? new Error());
        throw error;
      };
      const stepped = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
        if (result.done) entered.end(undefined);
        return result;
      };
      try {
        const result = ctx.run(entered.inside, () => steps[name](...args));
        return result instanceof Promise ? result.then(stepped, failed) : stepped(result);
      } catch (error) {
        return failed(error);
      }
    };
  // Like the original in all else: its prototype makes it iterable.
  return Object.assign(Object.create(Object.getPrototypeOf(steps) as object), {
    next: step("next"),
    return: step("return"),
    throw: step("throw"),
  });
}
