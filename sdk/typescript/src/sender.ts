/** Delivers between the application's own work: takes, digests, posts, tries again, same ids. */

import type { Config } from "./config.js";
import { digest, type Line } from "./event.js";
import { notMeasured, warn } from "./log.js";
import type { Item, Queue } from "./queue.js";
import type { Segment, Spool } from "./spool.js";
import type { Answer, Collector } from "./transport.js";

const BATCH_EVENTS_MAX = 1000;
const BATCH_CHARS_MAX = 4 * 1024 * 1024;
/** Digesting lets the application's own work go first after this time. */
const STEP_ASIDE_MS = 2;

/** For tests, which have less time. */
export const backoff = { firstMs: 500, maxMs: 30_000 };

/** Lines by the key they go out with. Keys that are done leave. */
interface Batch {
  places: number;
  segment: Segment | undefined;
  byKey: Map<string, string[]>;
}

export class Sender {
  delivered = 0;
  rejected = 0;
  failures = 0;
  #batch: Batch | undefined;
  /** Of the batch that is being digested. */
  #undigested: Item[] = [];
  #unconfirmed = 0;
  #timer: NodeJS.Timeout | undefined;
  #delivering: Promise<void> | undefined;
  #notBefore = 0;
  #isStopped = false;
  /** Those in `flush`; told after each delivery. */
  readonly #waiters = new Set<() => void>();

  constructor(
    private readonly queue: Queue,
    private readonly spool: Spool | undefined,
    private readonly collector: Collector,
    private readonly config: Config,
  ) {}

  /** There is something to deliver. Cheap: called for every event. */
  wake(): void {
    if (this.#timer !== undefined || this.#delivering !== undefined || this.#isStopped) return;
    const rest = Math.max(this.config.flushIntervalMs, this.#notBefore - Date.now());
    this.#timer = setTimeout(() => this.#begin(), rest).unref();
  }

  waiting(): number {
    return this.queue.length + (this.spool?.waiting() ?? 0) + this.#unconfirmed;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#delivering ??= this.#deliver()
      .catch((error: unknown) => {
        notMeasured(error); // a fault here must not end deliveries for good
        this.#failed(undefined);
      })
      .then(() => {
        this.#delivering = undefined;
        if (this.waiting() > 0) this.wake();
        for (const tell of [...this.#waiters]) tell();
      });
  }

  /** Everything that waits, until the first failure. */
  async #deliver(): Promise<void> {
    while ((this.#batch ??= await this.#nextBatch()) !== undefined) {
      if (!(await this.#send(this.#batch))) return;
      this.#settle(this.#batch);
      this.#batch = undefined;
    }
  }

  async #nextBatch(): Promise<Batch | undefined> {
    const items = this.queue.take(BATCH_EVENTS_MAX);
    if (items.length > 0) {
      const batch = newBatch(undefined, items.length);
      this.#batch = batch; // whoever ends the process now finds it here, if not yet all of it
      await this.#digest(items, batch);
      return batch;
    }
    const segment = this.spool?.take();
    if (segment === undefined) return undefined;
    const batch = newBatch(segment);
    for (const line of segment.lines()) add(batch, line);
    return batch;
  }

  async #digest(items: Item[], batch: Batch): Promise<void> {
    this.#undigested = items;
    let since = performance.now();
    for (let item = items.shift(); item !== undefined; item = items.shift()) {
      const line = this.#line(item);
      if (line !== undefined) add(batch, line);
      if (performance.now() - since > STEP_ASIDE_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        since = performance.now();
      }
    }
  }

  #line(item: Item): Line | undefined {
    return "json" in item ? item : digest(item, this.config);
  }

  #settle(batch: Batch): void {
    this.queue.settled(batch.places);
    if (batch.segment !== undefined) this.spool?.delivered(batch.segment);
  }

  /** Whether every key's lines are settled. */
  async #send(batch: Batch): Promise<boolean> {
    for (const [key, lines] of batch.byKey) {
      if (!(await this.#sendKey(key, lines))) return false;
      batch.byKey.delete(key);
    }
    return true;
  }

  /** Takes from `lines` what is settled. */
  async #sendKey(key: string, lines: string[]): Promise<boolean> {
    let size = BATCH_EVENTS_MAX;
    while (lines.length > 0) {
      const part = upTo(lines.slice(0, size), BATCH_CHARS_MAX);
      const answer = await this.collector.post(key, part);
      if (answer.isTooLarge && part.length > 1) {
        size = Math.floor(part.length / 2);
      } else if (!answer.isFinal) {
        this.#failed(answer);
        return false;
      } else {
        this.#count(answer, part.length);
        lines.splice(0, part.length);
      }
    }
    return true;
  }

  #count(answer: Answer, sent: number): void {
    this.failures = 0;
    this.#notBefore = 0;
    this.delivered += answer.accepted;
    const refused = sent - answer.accepted;
    if (refused === 0) return;
    this.rejected += refused;
    const what = `the collector refused ${refused} of ${sent} events: ${answer.reason}`;
    warn(`refused ${answer.reason}`, what);
  }

  #failed(answer: Answer | undefined): void {
    this.failures += 1;
    const ceiling = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(this.failures, 10));
    const after = answer?.retryAfterMs ?? ceiling * (0.5 + Math.random() / 2);
    this.#notBefore = Date.now() + after;
    if (answer) warn("away", `not delivered, will try again: ${answer.reason}`);
  }

  /**
   * Delivers at once, and again as the back-off allows, for at most `timeoutMs`. Whether nothing
   * waits any more. `failuresMax`: gives up after so many more.
   */
  async flush(timeoutMs: number, failuresMax = Infinity): Promise<boolean> {
    const failuresBefore = this.failures;
    const deadline = Date.now() + timeoutMs;
    let isFirst = true;
    while (this.waiting() > 0 && this.failures - failuresBefore < failuresMax) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      const pause = isFirst ? 0 : Math.max(0, this.#notBefore - Date.now());
      isFirst = false;
      await this.#delivery(pause, left);
    }
    return this.waiting() === 0;
  }

  /** The next delivery's end, or `leftMs`. Its timers keep the process alive meanwhile. */
  #delivery(pauseMs: number, leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(start);
        clearTimeout(end);
        this.#waiters.delete(finish);
        resolve();
      };
      const start = setTimeout(() => this.#begin(), pauseMs);
      const end = setTimeout(finish, leftMs);
      this.#waiters.add(finish);
    });
  }

  async stop(timeoutMs: number): Promise<boolean> {
    const delivered = await this.flush(timeoutMs);
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.collector.close();
    return delivered;
  }

  /** For the very end: takes the lines in memory that nobody has confirmed, by key. */
  unconfirmed(): Map<string, string[]> {
    const batch = newBatch(undefined);
    if (this.#batch !== undefined && this.#batch.segment === undefined) {
      for (const [apiKey, lines] of this.#batch.byKey) batch.byKey.set(apiKey, [...lines]);
      this.queue.settled(this.#batch.places);
    }
    const queued = this.queue.take(Infinity);
    this.queue.settled(queued.length);
    for (const item of [...this.#undigested, ...queued]) {
      const line = this.#line(item);
      if (line !== undefined) add(batch, line);
    }
    for (const lines of batch.byKey.values()) this.#unconfirmed += lines.length;
    return batch.byKey;
  }

  /** `count` of those have arrived. */
  confirmed(count: number): void {
    this.delivered += count;
    this.#unconfirmed -= count;
  }
}

function newBatch(segment: Segment | undefined, places = 0): Batch {
  return { places, segment, byKey: new Map() };
}

function add(batch: Batch, line: Line): void {
  const lines = batch.byKey.get(line.apiKey);
  if (lines === undefined) batch.byKey.set(line.apiKey, [line.json]);
  else lines.push(line.json);
}

function upTo(lines: string[], charsMax: number): string[] {
  let size = 0;
  const end = lines.findIndex((line, index) => (size += line.length + 1) > charsMax && index > 0);
  return end < 0 ? lines : lines.slice(0, end);
}
