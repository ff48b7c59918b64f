// Example 2 of the guide: you sell LLMObserve as a service, and each customer has its own tenant
// and key. The same code for all of them: `node example_2_white_label.mjs acme_corp`.
import { observe } from "llmobserve";
import OpenAI from "openai";

observe({
  collectorUrl: process.env.COLLECTOR_URL ?? "http://localhost:8000",
  tenantId: process.argv[2] ?? "acme_corp", // Their tenant ID
  apiKey: process.env.TENANT_API_KEY, // Their API key, "llmo_sk_..."
});

const response = await new OpenAI().chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Say hello." }],
});
console.log(response.choices[0].message.content);
