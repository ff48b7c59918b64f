/** Cohere: what is billed, which is less than what is counted. */

import { type Found, isObject, type Json, part } from "./found.js";

export function read(document: Json, found: Found): boolean {
  const usage = document["usage"] || part(document, "delta", "usage");
  const billed = [
    part(usage, "billed_units"),
    part(document, "meta", "billed_units"),
    part(document, "response", "meta", "billed_units"),
  ].find(isObject);
  if (billed === undefined) return false;
  found.set("input_tokens", billed["input_tokens"]);
  found.set("output_tokens", billed["output_tokens"]);
  found.set("rerank_searches", billed["search_units"]);
  found.set("input_image_tokens", billed["image_tokens"]);
  found.set("images", billed["images"]);
  found.set("classifications", billed["classifications"]);
  found.isFinished = true;
  return true;
}
