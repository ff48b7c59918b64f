/** What measures and delivers in this process, put together. */

import type { Call } from "./call.js";
import type { Config } from "./config.js";
import { digest, type Recordable } from "./event.js";
import { warn } from "./log.js";
import { Providers } from "./providers.js";
import { Proxy } from "./proxy.js";
import { Queue } from "./queue.js";
import { Sender } from "./sender.js";
import { Spool } from "./spool.js";
import { Collector } from "./transport.js";

/** Calls under way that are remembered, for the case that the process ends first. */
const OPEN_CALLS_MAX = 10_000;

/** Events of this process. */
export interface Stats {
  delivered: number;
  /** By the collector, for good. */
  rejected: number;
  /** For want of room. */
  dropped: number;
  queued: number;
}

export class Observer {
  readonly providers: Providers;
  readonly proxy: Proxy | undefined;
  readonly sender: Sender;
  readonly collector: Collector;
  readonly #queue: Queue;
  readonly #spool: Spool | undefined;
  readonly #open = new Set<Call>();

  constructor(readonly config: Config) {
    this.providers = new Providers(config.providerHosts);
    this.proxy = config.proxyUrl ? Proxy.at(config.proxyUrl) : undefined;
    this.collector = new Collector(config.collectorUrl);
    this.#queue = new Queue(config.queueEventsMax);
    this.#spool = config.spoolDir ? Spool.open(config.spoolDir, config.spoolBytesMax) : undefined;
    this.sender = new Sender(this.#queue, this.#spool, this.collector, config);
    if (this.#spool?.adopt()) this.sender.wake();
  }

  begun(call: Call): void {
    if (this.#open.size < OPEN_CALLS_MAX) this.#open.add(call);
  }

  forget(call: Call): void {
    this.#open.delete(call);
  }

  ended(call: Call): void {
    this.#open.delete(call);
    this.record(call);
  }

  /** Takes a finished call or span. With a spool it is on disk when this returns. */
  record(item: Recordable): void {
    if (this.#spool === undefined && !this.#queue.holdsTooMuch()) {
      this.#queue.put(item);
    } else {
      const line = digest(item, this.config);
      if (line === undefined) return;
      if (!this.#spool?.append(line)) this.#queue.put(line);
    }
    this.sender.wake();
  }

  /** Calls whose response nobody reads to its end, and at the very end those without one. */
  endOpen(isAll: boolean): void {
    for (const call of this.#open) if (isAll || call.status !== undefined) call.recordNow();
  }

  async stop(timeoutMs: number): Promise<boolean> {
    const delivered = await this.sender.stop(timeoutMs);
    this.tell();
    this.#spool?.close();
    return delivered;
  }

  stats(): Stats {
    return {
      delivered: this.sender.delivered,
      rejected: this.sender.rejected,
      dropped: this.#queue.dropped,
      queued: this.sender.waiting(),
    };
  }

  /** At the end, if anything did not arrive. */
  tell(): void {
    const { delivered, rejected, dropped, queued } = this.stats();
    if (rejected + dropped + queued === 0) return;
    const kept = this.#spool ? " (kept in the spool)" : "";
    warn(
      "end",
      `ends: ${delivered} events delivered, ${queued} not delivered${kept}, ` +
        `${dropped} dropped, ${rejected} refused`,
    );
  }
}
