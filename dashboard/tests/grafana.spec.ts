/** The queries of the Grafana dashboards, on the real engine and against the real metrics. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { ROOT } from "./instance";
import { total } from "./ledger";
import { sent } from "./page";

interface Panel { title: string; targets: { rawSql?: string; expr?: string }[] }
interface Dashboard { panels: Panel[]; templating: { list: { query: string }[] } }

const read = (name: string): Dashboard => JSON.parse(readFileSync(join(ROOT, "deploy/grafana/dashboards", name), "utf8"));

/** As the plugin fills in its macros and Grafana its variables. */
function filled(sql: string, tenant: string): string {
  return sql
    .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 >= now() - INTERVAL 4 DAY AND $1 <= now() + INTERVAL 1 HOUR")
    .replaceAll(/\$__timeInterval\((\w+)\)/g, "toStartOfInterval($1, INTERVAL 3600 second)")
    .replaceAll("${tenant:raw}", tenant);
}

async function sql(query: string): Promise<Record<string, unknown>[]> {
  const settings = new URLSearchParams({ output_format_json_quote_decimals: "1", default_format: "JSON" });
  const answer = await fetch(`${process.env.DASHBOARD_CLICKHOUSE}/?${settings}`, { method: "POST", body: query });
  const text = await answer.text();
  expect(answer.status, `${query}\n${text}`).toBe(200);
  return JSON.parse(text).data;
}

test("every panel for analysts has an answer, and the spend is what was sent", async () => {
  const { panels, templating } = read("usage.json");
  for (const { title, targets } of panels) {
    for (const tenant of ["", "alpha"]) {
      expect((await sql(filled(targets[0]?.rawSql ?? "", tenant))).length, title).toBeGreaterThan(0);
    }
  }
  const [spend] = await sql(filled(panels[0]?.targets[0]?.rawSql ?? "", "alpha"));
  expect(String(spend?.value).replace(/\.?0+$/, "")).toBe(total([...sent("alpha"), ...sent("alpha", "before")]));
  expect(await sql(templating.list[0]?.query ?? "")).toContainEqual({ tenant_id: "alpha" });
});

test("every metric for operators is one of ours", () => {
  const sources = ["aggregator", "ingest", "query-api"].map((crate) => `${crate}/src/metrics.rs`).concat("service/src/http/metrics.rs", "service/src/publish.rs", "proxy/src/metrics.rs");
  const code = sources.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
  const names = read("operation.json").panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr?.match(/llmobserve_\w+/g) ?? []));
  expect(names.length).toBeGreaterThan(10);
  for (const name of new Set(names)) expect(code, name).toContain(`"${name.replace(/_bucket$/, "")}"`);
});
