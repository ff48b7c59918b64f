/** For the package's own tests and bench; no part of its surface. */

export { resolve } from "./config.js";
export { digest } from "./event.js";
export { read } from "./extract/index.js";
export { forgetTold } from "./log.js";
export { Providers } from "./providers.js";
export { backoff } from "./sender.js";
export { shared } from "./shared.js";
export { retryAfterMs } from "./transport.js";
