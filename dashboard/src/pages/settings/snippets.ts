export type Way = "python" | "typescript" | "proxy" | "otlp" | "curl";

export interface Values {
  collector: string;
  proxy: string;
  /** Whose calls they are; null when the caller has yet to say. */
  tenant: string | null;
  /** Whether the key says the tenant already. */
  bound: boolean;
  /** Null where none is needed. */
  apiKey: string | null;
}

interface Snippet {
  title: string;
  text: string;
}

export function snippets(way: Way, values: Values): Snippet[] {
  const { collector, proxy, apiKey } = values;
  const tenant = values.bound ? null : values.tenant ?? "your_tenant";
  switch (way) {
    case "python":
      return [
        { title: "Install the SDK from the repository, then set it up once. Calls of OpenAI's, Anthropic's, Google's and other libraries are measured from there on.", text: "pip install ./sdk/python" },
        {
          title: "Say whose call it is, and in which part of your product:",
          text: lines(
            "import llmobserve", "",
            call("llmobserve.observe(", [["collector_url", collector], ["api_key", apiKey], ["tenant_id", tenant]], "=", ")"), "",
            'llmobserve.set_customer_id("customer_42")',
            'with llmobserve.section("agent:support"):',
            "    ...  # your calls",
          ),
        },
      ];
    case "typescript":
      return [{
        title: "Set it up before the first call:",
        text: lines(
          'import { observe, setCustomerId, section } from "llmobserve";', "",
          call("observe({", [["collectorUrl", collector], ["apiKey", apiKey], ["tenantId", tenant]], ": ", "});"), "",
          'setCustomerId("customer_42");',
          'await section("agent:support", async () => {',
          "  // your calls",
          "});",
        ),
      }];
    case "proxy":
      return [
        { title: "For any language: put the proxy's address in place of the vendor's. Your vendor key passes through untouched.", text: lines(`OPENAI_BASE_URL=${proxy}/openai/v1`, `ANTHROPIC_BASE_URL=${proxy}/anthropic`) },
        {
          title: "Headers say whose call it is; none of them reaches the vendor:",
          text: curl(`${proxy}/openai/v1/chat/completions`, [
            "Authorization: Bearer $OPENAI_API_KEY",
            apiKey && `X-LLMObserve-Api-Key: ${apiKey}`,
            tenant && `X-LLMObserve-Tenant-ID: ${tenant}`,
            "X-LLMObserve-Customer-ID: customer_42",
          ], { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }] }),
        },
      ];
    case "otlp": {
      const headers = [apiKey && `authorization=Bearer%20${apiKey}`, tenant && `x-llmobserve-tenant-id=${encodeURIComponent(tenant)}`].filter(Boolean);
      return [{
        title: "Applications that send OpenTelemetry traces with the conventions for generative AI need only this environment:",
        text: lines(
          `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${collector}/v1/traces`,
          "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
          headers.length > 0 && `OTEL_EXPORTER_OTLP_TRACES_HEADERS=${headers.join(",")}`,
        ),
      }];
    }
    case "curl":
      return [{
        title: "One event, priced here; the answer comes when it is stored:",
        text: curl(`${collector}/events`, [apiKey && `Authorization: Bearer ${apiKey}`], {
          ...(tenant && { tenant_id: tenant }),
          provider: "openai", model: "gpt-4o-mini", input_tokens: 1200, output_tokens: 300,
          customer_id: "customer_42", section_path: "agent:support",
        }),
      }];
  }
}

function lines(...parts: (string | null | false)[]): string {
  return parts.filter((part) => part !== null && part !== false).join("\n");
}

/** A call with one named argument a line. */
function call(head: string, args: [string, string | null][], between: string, tail: string): string {
  const given = args.filter(([, value]) => value !== null);
  return lines(head, ...given.map(([name, value]) => `    ${name}${between}${JSON.stringify(value)},`), tail);
}

function curl(url: string, headers: (string | null | false)[], body: object): string {
  const given = headers.filter((header) => typeof header === "string");
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  // Of a header with a variable of the shell, the shell must see the variable.
  const written = given.map((header) => `  -H ${header.includes("$") ? `"${header}"` : quoted(header)} \\`);
  return lines(`curl ${quoted(url)} \\`, ...written, `  --json ${quoted(JSON.stringify(body))}`);
}
