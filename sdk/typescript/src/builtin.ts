/**
 * Node's larger modules: loaded when they are needed, not with this package, whose import an
 * application waits for.
 */

import { createRequire } from "node:module";

const load = createRequire(process.execPath);

export const childProcess = () => load("node:child_process") as typeof import("node:child_process");
export const http = () => load("node:http") as typeof import("node:http");
export const https = () => load("node:https") as typeof import("node:https");
export const http2 = () => load("node:http2") as typeof import("node:http2");
export const zlib = () => load("node:zlib") as typeof import("node:zlib");
