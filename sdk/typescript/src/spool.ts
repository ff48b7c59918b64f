/**
 * Events on disk until they are delivered: what a kill leaves behind, the next process sends.
 *
 * A directory of segments, one line an event: `key<TAB>json`. Its name says whose a segment is:
 * host, process, when that process began. One whose process is gone is taken over. Should two
 * ever hold the same segment, both send it, and the events' ids count once.
 */

import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { newId } from "./context.js";
import type { Line } from "./event.js";
import { notMeasured, warn } from "./log.js";

const SEGMENT_BYTES_MAX = 1024 * 1024;
const SUFFIX = ".llmobserve";
/** Held segments are touched so often; one of another host that was not for longer is left. */
const TOUCH_MS = 60_000;
const LEFT_MS = 10 * TOUCH_MS;

export class Segment {
  size = 0;
  count = 0;

  constructor(
    readonly path: string,
    /** `undefined`: of a process before. */
    readonly fd: number | undefined,
  ) {}

  /** A line that a kill cut short is none. */
  lines(): Line[] {
    const whole = readOrEmpty(this.path).split("\n").slice(0, -1);
    return whole.flatMap((line) => {
      const tab = line.indexOf("\t");
      const json = line.slice(tab + 1);
      return tab >= 0 && json.endsWith("}") ? [{ apiKey: line.slice(0, tab), json }] : [];
    });
  }
}

export class Spool {
  #open: Segment | undefined;
  /** Complete ones, oldest first; the first one may be on its way. */
  readonly #sealed: Segment[] = [];
  readonly #touching: NodeJS.Timeout;

  /** `undefined`, and a warning, where there can be none; events then wait in memory. */
  static open(directory: string, bytesMax: number): Spool | undefined {
    try {
      fs.mkdirSync(directory, { mode: 0o700, recursive: true });
      fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK);
      return new Spool(directory, bytesMax);
    } catch (error) {
      warn("spool", `no spool (${String(error)}); events wait in memory`);
      return undefined;
    }
  }

  private constructor(
    private readonly directory: string,
    private readonly bytesMax: number,
  ) {
    this.#touching = setInterval(() => this.#touch(), TOUCH_MS).unref();
  }

  /** Whether the event is in the file (and so survives this process, not the machine). */
  append(line: Line): boolean {
    try {
      return this.#append(Buffer.from(`${line.apiKey}\t${line.json}\n`));
    } catch (error) {
      warn("spool", `spool failed (${String(error)}); events wait in memory`);
      return false;
    }
  }

  #append(record: Buffer): boolean {
    const held = this.#segments().reduce((sum, segment) => sum + segment.size, 0);
    if (held + record.length > this.bytesMax) {
      warn("spool", "the spool is full; events wait in memory");
      return false;
    }
    if (this.#open !== undefined && this.#open.size >= SEGMENT_BYTES_MAX) this.#seal();
    const segment = (this.#open ??= this.#create());
    const fd = segment.fd as number;
    const written = fs.writeSync(fd, record);
    if (written < record.length) {
      fs.ftruncateSync(fd, segment.size); // the disk is full: the half line is taken back
      throw new Error("no space for the line");
    }
    segment.size += written;
    segment.count += 1;
    return true;
  }

  #create(): Segment {
    const path = join(this.directory, [...identity(), newId()].join("~") + SUFFIX);
    return new Segment(path, fs.openSync(path, "ax", 0o600));
  }

  #seal(): void {
    if (this.#open !== undefined) this.#sealed.push(this.#open);
    this.#open = undefined;
  }

  /** The oldest segment, to be given back by `delivered`. */
  take(): Segment | undefined {
    if (this.#sealed.length === 0) this.#seal();
    return this.#sealed[0];
  }

  delivered(segment: Segment): void {
    this.#sealed.splice(this.#sealed.indexOf(segment), 1);
    if (segment.fd !== undefined) fs.closeSync(segment.fd);
    fs.rmSync(segment.path, { force: true });
  }

  /** Events, those of earlier processes included. */
  waiting(): number {
    return this.#segments().reduce((sum, segment) => sum + segment.count, 0);
  }

  #segments(): Segment[] {
    return this.#open === undefined ? this.#sealed : [...this.#sealed, this.#open];
  }

  /** Takes over what processes before left. Whether there was anything. */
  adopt(): boolean {
    try {
      for (const name of fs.readdirSync(this.directory).sort()) {
        if (name.endsWith(SUFFIX) && isLeft(join(this.directory, name), name)) {
          const segment = new Segment(join(this.directory, name), undefined);
          segment.size = fs.statSync(segment.path).size;
          segment.count = segment.lines().length;
          this.#sealed.push(segment);
        }
      }
    } catch (error) {
      warn("spool", `cannot read the spool: ${String(error)}`);
    }
    return this.#sealed.length > 0;
  }

  #touch(): void {
    const now = new Date();
    for (const { path } of this.#segments()) fs.utimes(path, now, now, notMeasured);
  }

  close(): void {
    clearInterval(this.#touching);
    for (const { fd } of this.#segments()) if (fd !== undefined) fs.closeSync(fd);
    this.#open = undefined;
    this.#sealed.length = 0;
  }
}

/** Worker threads of a process share it: none of them takes over what another one holds. */
function identity(): [host: string, process: string, began: string] {
  const began = Math.round((Date.now() - process.uptime() * 1000) / 1000);
  return [hostname().replace(/[^\w.-]/g, "_"), String(process.pid), String(began)];
}

function isLeft(path: string, name: string): boolean {
  const [host, pid, began] = name.split("~");
  const own = identity();
  if (host !== own[0]) return Date.now() - fs.statSync(path).mtimeMs > LEFT_MS;
  if (pid === own[1]) return Math.abs(Number(began) - Number(own[2])) > 2;
  return !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readOrEmpty(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    notMeasured(error); // taken over and delivered by another process
    return "";
  }
}
