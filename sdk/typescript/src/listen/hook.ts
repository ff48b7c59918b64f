/** Seeing what passes through a method of one object, which does as it did. */

import { quietly } from "../log.js";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Method = (...args: any[]) => unknown;

/** `see` gets the first argument before the method runs; what it throws goes nowhere. */
export function hook(object: object, name: string, see: (argument: unknown) => void): void {
  const holder = object as Record<string, Method | undefined>;
  const method = holder[name];
  if (typeof method !== "function") return;
  holder[name] = function (this: unknown, ...args) {
    quietly(() => see(args[0]));
    return method.apply(this, args);
  };
}
