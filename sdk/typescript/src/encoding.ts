/** Undoing a response's `Content-Encoding`, piece by piece, beside whoever else does it. */

import type { Gunzip } from "node:zlib";

import { zlib as load } from "./builtin.js";

/** Compressed bytes that may wait for the decoder. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

export interface Decoder {
  feed(data: Buffer): void;
  /** No more comes; `done` once all that came is decoded, whether or not it was whole. */
  end(): void;
}

/** Undoes a `Content-Encoding`; `undefined`: there is none. Throws when it is not known. */
export function decoderFor(
  encoding: string,
  feed: (data: Buffer) => void,
  done: () => void,
): Decoder | undefined {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  return around(streamFor(name), feed, done);
}

/** A body that breaks off is decoded as far as it goes. */
function streamFor(name: string): Gunzip {
  const zlib = load();
  const finishFlush = zlib.constants.Z_SYNC_FLUSH;
  if (name === "gzip" || name === "x-gzip") return zlib.createGunzip({ finishFlush });
  if (name === "deflate") return zlib.createInflate({ finishFlush });
  if (name === "br") {
    return zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
  }
  const createZstd = (zlib as { createZstdDecompress?: () => Gunzip }).createZstdDecompress;
  if (name === "zstd" && createZstd !== undefined) return createZstd();
  throw new Error(`unknown encoding ${name}`);
}

function around(
  stream: Gunzip,
  feed: (data: Buffer) => void,
  done: () => void,
): Decoder {
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    done();
  };
  stream.on("data", feed).on("end", finish).on("error", finish).on("close", finish);
  return {
    feed(data) {
      if (stream.writableLength > WAITING_BYTES_MAX) stream.destroy();
      else if (!stream.destroyed && !stream.writableEnded) stream.write(data);
    },
    end() {
      if (stream.destroyed) finish();
      else stream.end();
    },
  };
}
