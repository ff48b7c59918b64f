// Example 3 of the guide, back end: the Clerk user is the tenant, here and in the front end
// (`example_3_dashboard.mjs`).
import { observe, section } from "llmobserve";
import OpenAI from "openai";

// When user logs in, initialize with their Clerk user ID
const clerkUserId = process.argv[2] ?? "user_abc123"; // From Clerk

observe({
  collectorUrl: process.env.COLLECTOR_URL ?? "http://localhost:8000",
  tenantId: clerkUserId, // Same ID used in frontend
});

const response = await section("feature:greeting", () =>
  new OpenAI().chat.completions.create({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "Say hello." }],
  }));
console.log(response.choices[0].message.content);
