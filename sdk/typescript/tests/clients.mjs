// Each HTTP client that is measured: `POSTS[name](url, body, isStream)` gives status and body.
import http from "node:http";
import { createRequire } from "node:module";

import axios from "axios";
import nodeFetch from "node-fetch";
import * as undici from "undici";
import * as undici7 from "undici7";

const HEADERS = { "content-type": "application/json", authorization: "Bearer sk-vendor" };

async function all(body) {
  const pieces = [];
  for await (const piece of body) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

const fetched = (fetch) => async (url, body, isStream) => {
  const response = await fetch(url, { method: "POST", headers: HEADERS, body });
  return [response.status, isStream ? await all(response.body) : await response.text()];
};

function plain({ request }) {
  return (url, body) =>
    new Promise((resolve, reject) => {
      const asking = request(url, { method: "POST", headers: HEADERS }, (response) =>
        all(response).then((text) => resolve([response.statusCode, text]), reject),
      );
      asking.on("error", reject);
      asking.write(body.slice(0, 5));
      asking.end(body.slice(5));
    });
}

async function withAxios(url, body, isStream) {
  const options = { headers: HEADERS, validateStatus: () => true };
  const responseType = isStream ? "stream" : "text";
  const transformResponse = [(data) => data];
  const response = await axios.post(url, body, { ...options, responseType, transformResponse });
  return [response.status, isStream ? await all(response.data) : response.data];
}

async function withUndici({ request }, url, body, isStream) {
  const response = await request(url, { method: "POST", headers: HEADERS, body });
  return [response.statusCode, isStream ? await all(response.body) : await response.body.text()];
}

export const FETCHES = {
  fetch: fetched((...args) => globalThis.fetch(...args)),
  "undici 6 fetch": fetched(undici.fetch),
  "undici 7 fetch": fetched(undici7.fetch),
};

export const HTTPS = {
  "http (import)": plain(http),
  "http (require)": plain(createRequire(import.meta.url)("node:http")),
  "node-fetch": fetched(nodeFetch),
  axios: withAxios,
};

/** They decode nothing. */
export const RAW = {
  "undici 6 request": (...args) => withUndici(undici, ...args),
  "undici 7 request": (...args) => withUndici(undici7, ...args),
};

export const POSTS = { ...FETCHES, ...HTTPS, ...RAW };
