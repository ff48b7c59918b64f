// A service with a tenant per request: the middleware gives each request a context of its own,
// the authentication names its tenant.
//
//     PORT=3000 node express_tenant_per_request.mjs
//     curl -H 'X-Tenant: acme' -H 'X-Customer-ID: kim' 'localhost:3000/ask?question=why'
import express from "express";
import { middleware, observe, section, setTenantId, tool } from "llmobserve";
import OpenAI from "openai";

observe({
  collectorUrl: process.env.COLLECTOR_URL ?? "http://localhost:8000",
  apiKey: process.env.LLMOBSERVE_API_KEY, // a platform key: it may name any tenant
});

const openai = new OpenAI();
const app = express();
app.use(middleware);

/** Stands for your authentication. */
app.use((request, response, next) => {
  const tenant = request.get("X-Tenant");
  if (!tenant) return response.status(401).json({ error: "who are you?" });
  setTenantId(tenant);
  next();
});

const search = tool("search", async (question) => `what is known about ${question}`);

app.get("/ask", async (request, response) => {
  const { question } = request.query;
  const answer = await section("agent:answer", async () => {
    const facts = await search(question);
    return openai.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: `${question}\n${facts}` }],
    });
  });
  response.json({ answer: answer.choices[0].message.content });
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/ask?question=why`);
});
