import { useState } from "react";
import { useView } from "../../filters/use-view";
import { Card } from "../../parts/card";
import { Code } from "../../parts/copy";
import { Segments } from "../../parts/segments";
import { useSession } from "../../session/session";
import { snippets, type Way } from "./snippets";

const WAYS: { value: Way; label: string }[] = [
  { value: "python", label: "Python" },
  { value: "typescript", label: "TypeScript" },
  { value: "proxy", label: "Proxy" },
  { value: "otlp", label: "OpenTelemetry" },
  { value: "curl", label: "curl" },
];

/** What to paste into an application, with this tenant's own values. */
export function Connect({ apiKey }: { apiKey: string | null }) {
  const { view } = useView();
  const { identity, auth, proxy_url } = useSession();
  const [way, setWay] = useState<Way>("python");
  const parts = snippets(way, {
    collector: location.origin,
    proxy: proxy_url ?? `${location.protocol}//${location.hostname}:9000`,
    tenant: identity.tenant_id ?? view.tenant,
    bound: identity.tenant_id !== null,
    apiKey: auth === "off" ? null : apiKey ?? "<your API key>",
  });
  return (
    <Card title="Connect your application" actions={<Segments label="By" options={WAYS} value={way} onChange={setWay} />}>
      <div className="stack">
        {parts.map((part) => (
          <div key={part.title} className="stack" style={{ gap: 6 }}>
            <p>{part.title}</p>
            <Code text={part.text} />
          </div>
        ))}
        <p className="muted small">Everything this page shows can be asked by programs, too: <a href="/docs">the API's description</a>.</p>
        {auth === "required" && !apiKey && <p className="muted small">A new key with the scope <code>ingest</code> is put in here for you.</p>}
      </div>
    </Card>
  );
}
