/** Events in memory, waiting for the sender: bounded, and exact about what it drops. */

import type { Line, Recordable } from "./event.js";
import { warn } from "./log.js";

/** Bodies held to be read between batches; beyond this they are read at once. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

export type Item = Recordable | Line;

export class Queue {
  dropped = 0;
  readonly #eventsMax: number;
  #items: { item: Item; weight: number }[] = [];
  #bytes = 0;
  /** Taken by the sender, not yet delivered; they count towards the bound. */
  #taken = 0;

  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax;
  }

  put(item: Item): void {
    if (this.length >= this.#eventsMax) {
      this.dropped += 1;
      warn("full", `the queue is full; further events are dropped (${this.dropped} so far)`);
      return;
    }
    const weight = "json" in item ? 0 : item.weight();
    this.#items.push({ item, weight });
    this.#bytes += weight;
  }

  holdsTooMuch(): boolean {
    return this.#bytes > BODY_BYTES_MAX;
  }

  /** The oldest ones; `settled` gives their places back. */
  take(count: number): Item[] {
    const taken = this.#items.splice(0, count);
    for (const { weight } of taken) this.#bytes -= weight;
    this.#taken += taken.length;
    return taken.map(({ item }) => item);
  }

  settled(count: number): void {
    this.#taken -= count;
  }

  get length(): number {
    return this.#items.length + this.#taken;
  }
}
