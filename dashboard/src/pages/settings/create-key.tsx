import { type FormEvent, useEffect, useRef, useState } from "react";
import { type CreatedKey, createKey, type Scope } from "../../api/keys";
import { Problem } from "../../api/problem";
import { useView } from "../../filters/use-view";
import { Code } from "../../parts/copy";
import { Failure } from "../../parts/states";
import { useSession } from "../../session/session";

interface Props {
  made: CreatedKey | null;
  onMade(key: CreatedKey): void;
  onClose(): void;
}

const SCOPES: { scope: Scope; what: string }[] = [
  { scope: "ingest", what: "send events: for applications" },
  { scope: "read", what: "read statistics: for people and reports" },
  { scope: "admin", what: "manage keys" },
];

const LIFETIMES: { label: string; days: number | null }[] = [
  { label: "Never", days: null }, { label: "In 30 days", days: 30 }, { label: "In 90 days", days: 90 }, { label: "In a year", days: 365 },
];

/** Makes a key and shows it, this once. */
export function CreateKey({ made, onMade, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label="New API key" onClose={onClose}>
      {made ? (
        <div className="dialog-body">
          <h2>The key “{made.name ?? made.key_prefix}”</h2>
          <p>Copy it now. It is stored as a hash only, so it cannot be shown again.</p>
          <div data-testid="new-key"><Code text={made.key} /></div>
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <button type="button" className="button primary" onClick={() => dialog.current?.close()}>I have copied it</button>
          </div>
        </div>
      ) : <Form onMade={onMade} cancel={() => dialog.current?.close()} />}
    </dialog>
  );
}

function Form({ onMade, cancel }: { onMade(key: CreatedKey): void; cancel(): void }) {
  const { view } = useView();
  const { seesAll, identity } = useSession();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["ingest"]);
  const [days, setDays] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const platform = seesAll && view.tenant === null;
  const toggle = (scope: Scope) => setScopes(scopes.includes(scope) ? scopes.filter((other) => other !== scope) : [...scopes, scope]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onMade(await createKey(view, {
        scopes,
        ...(name.trim() && { name: name.trim() }),
        ...(days && { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() }),
        ...(platform && { platform: true }),
      }));
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="dialog-body" onSubmit={submit}>
      <div>
        <h2>New API key</h2>
        <p className="muted">{platform
          ? "A platform key may name any tenant. For a key of one tenant, choose the tenant first."
          : `For the tenant ${view.tenant ?? identity.tenant_id}, and no other.`}</p>
      </div>
      <label className="field"><span>Name</span><input className="input" value={name} maxLength={128} autoFocus placeholder="Such as: billing service" onChange={(event) => setName(event.target.value)} /></label>
      <fieldset className="field" style={{ border: 0, padding: 0, margin: 0 }}>
        <legend className="visually-hidden">What it may do</legend>
        <span>What it may do</span>
        {SCOPES.map(({ scope, what }) => (
          <label key={scope} className="check"><input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} /> <b>{scope}</b> <span className="muted">{what}</span></label>
        ))}
      </fieldset>
      <label className="field">
        <span>Expires</span>
        <select className="input" value={String(days)} onChange={(event) => setDays(Number(event.target.value) || null)}>
          {LIFETIMES.map((lifetime) => <option key={lifetime.label} value={String(lifetime.days)}>{lifetime.label}</option>)}
        </select>
      </label>
      {problem && <Failure problem={problem} />}
      <div className="row" style={{ justifyContent: "flex-end" }}>
        <button type="button" className="button" onClick={cancel}>Cancel</button>
        <button type="submit" className="button primary" disabled={busy || scopes.length === 0}>Create the key</button>
      </div>
    </form>
  );
}
