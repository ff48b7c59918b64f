// The JavaScript client libraries: node calls.mjs <base URL of OpenAI's> <base URL of Anthropic's>.
// Prints what the application gets, as one line of JSON.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const [openaiUrl, anthropicUrl] = process.argv.slice(2);
const messages = [{ role: "user", content: "Hello" }];
const openai = new OpenAI({ baseURL: `${openaiUrl}/v1`, apiKey: "k", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: anthropicUrl, apiKey: "k", maxRetries: 0 });

async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

const chat = { model: "gpt-4o", messages };
const asked = { ...chat, stream: true, stream_options: { include_usage: true } };
const message = { model: "claude-sonnet-4-5", max_tokens: 9, messages };
const result = {
  openai: await openai.chat.completions.create(chat),
  openaiStream: await collect(await openai.chat.completions.create(asked)),
  responses: await openai.responses.create({ model: "gpt-5", input: "Hello" }),
  responsesStream: await collect(await openai.responses.create({ model: "gpt-5", input: "Hello", stream: true })),
  anthropic: await anthropic.messages.create(message),
  anthropicStream: await collect(await anthropic.messages.create({ ...message, stream: true })),
  anthropicHelper: await anthropic.messages.stream(message).finalMessage(),
};
console.log(JSON.stringify(result));
