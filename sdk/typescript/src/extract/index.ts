/**
 * What a response says about its usage.
 *
 * The shape of a body tells whose it is, not the host: dozens of providers speak OpenAI's. Counts
 * are as the contract wants them: a whole contains its parts, and what is not reported is absent.
 * Which fields count, and how, follows genai-prices' extractors, by which the collector prices.
 */

import * as anthropic from "./anthropic.js";
import * as bedrock from "./bedrock.js";
import * as cohere from "./cohere.js";
import { parse } from "./documents.js";
import { Found, isObject, type Json } from "./found.js";
import * as google from "./google.js";
import * as openai from "./openai.js";

/** Each takes a document and fills in what it knows; `true` when the document was of its kind. */
const SHAPES = [google.read, anthropic.read, bedrock.read, cohere.read, openai.read];

/** What the documents of one response say together. */
export function read(kept: Buffer[], provider: string): Found {
  const found = new Found(provider);
  // Gemini streams without `alt=sse` as one array.
  for (const item of parse(kept).flat()) {
    if (!isObject(item)) continue;
    const document = unwrapped(item);
    found.error(document);
    SHAPES.some((shape) => shape(document, found));
    found.names(document);
  }
  return found;
}

/** Events of OpenAI's Responses API and Anthropic's `message_start` wrap the object. */
function unwrapped(document: Json): Json {
  const kind = document["type"];
  if (typeof kind !== "string") return document;
  const isResponse = kind.startsWith("response.");
  const inner = isResponse ? document["response"] : kind === "message_start" && document["message"];
  if (!isObject(inner)) return document;
  const isLast = kind === "response.completed" || kind === "response.incomplete";
  return { ...inner, llmobserve_finished: isLast };
}
