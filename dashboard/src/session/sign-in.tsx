import { type FormEvent, useState } from "react";
import icon from "../icon.svg";
import type { ServerConfig } from "../api/session";
import { credential } from "./credential";

/** The way in: an API key or a token, or the organisation's own sign-in where it is set up. */
export function SignIn({ config, reason }: { config: ServerConfig; reason: string | null }) {
  const [pasted, setPasted] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const shown = problem ?? (reason && `That did not work: ${reason}.`);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = pasted.trim();
    if (/^[\x21-\x7e]+$/.test(token)) credential.set(token);
    else setProblem("Paste an API key (llmo_sk_…) or a token, without spaces.");
  };
  return (
    <main className="gate">
      <div className="card">
        <div className="card-body">
          <div className="stack" style={{ gap: 12, justifyItems: "start" }}>
            <img src={icon} alt="" width={36} height={36} />
            <div>
              <h1>Sign in to LLMObserve</h1>
              <p className="muted">What your LLM calls cost, by customer, run and feature.</p>
            </div>
          </div>
          {shown && <p className="failure" role="alert">{shown}</p>}
          {config.oidc && <SingleSignOn oidc={config.oidc} failed={setProblem} />}
          <form className="stack" onSubmit={submit}>
            <label className="field">
              <span>API key or token</span>
              <input
                className="input mono" type="password" autoComplete="off" spellCheck={false} autoFocus
                placeholder="llmo_sk_…" value={pasted} onChange={(event) => setPasted(event.target.value)} required
              />
            </label>
            <button type="submit" className={`button ${config.oidc ? "" : "primary"}`}>Sign in with this key</button>
          </form>
          <p className="muted small">
            The key needs the scope <code>read</code>. It is kept in this browser tab only and forgotten when the tab closes.
            An administrator creates keys under Settings, or with <code>llmobserve keys create</code>.
          </p>
        </div>
      </div>
    </main>
  );
}

function SingleSignOn({ oidc, failed }: { oidc: NonNullable<ServerConfig["oidc"]>; failed(reason: string): void }) {
  const go = async () => {
    try {
      // Loaded when it is wanted: most pages never need it.
      const { begin } = await import("./oidc");
      await begin(oidc);
    } catch {
      failed(`The sign-in service ${new URL(oidc.issuer).host} does not answer.`);
    }
  };
  return (
    <>
      <button type="button" className="button primary" onClick={go}>Sign in with {new URL(oidc.issuer).host}</button>
      <p className="muted small" style={{ textAlign: "center" }}>or</p>
    </>
  );
}
