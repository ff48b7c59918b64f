// Example 3 of the guide, front end: the page asks for the tenant of the user who is logged in,
// and so shows only that tenant's data.
//
//     PORT=3001 node example_3_dashboard.mjs
//
// In Next.js the component at the end is the guide's own, and the rest is not needed: there
// `@/lib/api` re-exports `llmobserve/api`, and a rewrite of `/llmobserve/*` to the collector does
// what this server does: the collector answers pages of its own origin only.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const collectorUrl = process.env.COLLECTOR_URL ?? "http://localhost:8000";
const api = fileURLToPath(import.meta.resolve("llmobserve/api"));

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>What our calls cost</title>
<h1>What our calls cost</h1>
<table id="runs"></table>
<script type="module">
  import { configure, fetchRuns, getTenantId } from "/api.js";

  configure({ collectorUrl: "/llmobserve" });
  const user = { id: new URLSearchParams(location.search).get("user") }; // Clerk: useUser()

  // Get tenant_id from Clerk user
  const tenantId = getTenantId(user.id); // Returns user.id

  // Fetch only this tenant's data
  const runs = await fetchRuns(100, tenantId);
  document.querySelector("#runs").append(...runs.map((run) => {
    const row = document.createElement("tr");
    const cost = run.total_cost === null ? "unknown" : "$" + run.total_cost;
    for (const text of [run.started_at, run.top_section ?? "", run.call_count, cost]) {
      row.insertCell().textContent = text;
    }
    return row;
  }));
</script>
`;

/** As your own back end would, after it has looked who asks. */
async function forward(path, response) {
  const headers = { Accept: "application/json" };
  const key = process.env.LLMOBSERVE_API_KEY; // the tenant's, where the collector wants one
  if (key) headers.Authorization = `Bearer ${key}`;
  const answer = await fetch(collectorUrl + path, { headers });
  response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") });
  response.end(await answer.text());
}

const server = createServer((request, response) => {
  const { pathname, search } = new URL(request.url, "http://localhost");
  if (pathname.startsWith("/llmobserve/")) {
    forward(pathname.slice("/llmobserve".length) + search, response).catch((error) => {
      response.writeHead(502).end(String(error));
    });
  } else if (pathname === "/api.js") {
    response.writeHead(200, { "Content-Type": "text/javascript" }).end(readFileSync(api));
  } else {
    response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
  }
});
server.listen(Number(process.env.PORT ?? 3001), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/?user=user_abc123`);
});
