// Example 1 of the guide: every customer who logs in sees its own cost dashboard.
// Run it against `make up`; the URL and the OpenAI client come from the environment.
import { observe, setCustomerId } from "llmobserve";
import OpenAI from "openai";

const openai = new OpenAI();

/** Stands for your authentication. */
function getLoggedInUser() {
  return { id: "user_abc123", apiKey: process.env.USER_API_KEY };
}

// During user login/session initialization
function initializeForTenant(loggedInUser) {
  // Each logged-in user becomes a tenant
  observe({
    collectorUrl: process.env.COLLECTOR_URL ?? "http://localhost:8000",
    tenantId: loggedInUser.id, // Use Clerk user ID or your user ID
    apiKey: loggedInUser.apiKey, // Optional: tenant-specific API key
  });
}

// Example: User "acme_corp" logs in
initializeForTenant(getLoggedInUser()); // user.id = "user_abc123"

// Now all their API calls are tagged with tenant_id="user_abc123"
await openai.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Say hello." }],
});

// Optional: They can track their own end-customers
setCustomerId("end_user_42");
const response = await openai.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Say hello to end_user_42." }],
});
console.log(response.choices[0].message.content);
