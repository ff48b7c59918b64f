import { useEffect, useRef, useState } from "react";
import type { ServerConfig } from "../api/session";
import { Skeleton } from "../parts/states";
import { credential } from "./credential";

/** Where the issuer's page sends people back to. */
export function SignedIn({ config }: { config: ServerConfig }) {
  const [failed, setFailed] = useState(false);
  const begun = useRef(false);
  useEffect(() => {
    // The code may be used once, whatever renders twice.
    if (begun.current) return;
    begun.current = true;
    const finish = async () => {
      if (!config.oidc) throw new Error("not set up");
      const { complete } = await import("./oidc");
      location.replace(await complete(config.oidc));
    };
    finish().catch(() => setFailed(true));
  }, [config]);
  if (!failed) return <main className="gate" aria-busy="true"><Skeleton height={120} width={320} /></main>;
  return (
    <main className="gate">
      <div className="stack" style={{ justifyItems: "center" }}>
        <p role="alert">Signing in did not work. It may have taken too long, or the page was opened twice.</p>
        <a className="button primary" href="/" onClick={() => credential.clear()}>Start again</a>
      </div>
    </main>
  );
}
