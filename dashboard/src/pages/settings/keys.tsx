import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type ApiKey, type CreatedKey, keys, revokeKey } from "../../api/keys";
import { Problem } from "../../api/problem";
import { useCall } from "../../api/use-call";
import { useView } from "../../filters/use-view";
import { formatDateTime, formatFull } from "../../format/time";
import { Answer } from "../../parts/answer";
import { Card } from "../../parts/card";
import { Icon } from "../../parts/icons";
import { Empty, Failure } from "../../parts/states";
import { CreateKey } from "./create-key";

interface Props {
  made: CreatedKey | null;
  onMade(key: CreatedKey | null): void;
}

export function Keys({ made, onMade }: Props) {
  const { view } = useView();
  const cache = useQueryClient();
  const call = keys(view);
  const list = useCall<ApiKey[]>(call);
  const [creating, setCreating] = useState(false);
  const changed = () => void cache.invalidateQueries({ queryKey: [view.tenant, call.url] });
  return (
    <Card
      title="API keys" calls={[call]} flush
      actions={<button type="button" className="button small primary" onClick={() => { onMade(null); setCreating(true); }}><Icon name="add" size={13} /> New key</button>}
    >
      <Answer of={list}>
        {(rows) => rows.length === 0 ? (
          <Empty title="No keys yet"><p>Applications send events with a key of the scope <code>ingest</code>; people and programs read with <code>read</code>.</p></Empty>
        ) : <KeyTable rows={rows} changed={changed} />}
      </Answer>
      {creating && (
        <CreateKey
          made={made} onClose={() => setCreating(false)}
          onMade={(key) => { onMade(key); changed(); }}
        />
      )}
    </Card>
  );
}

function KeyTable({ rows, changed }: { rows: ApiKey[]; changed(): void }) {
  const { view } = useView();
  return (
    <div className="table-scroll">
      <table aria-label="API keys">
        <thead><tr><th>Name</th><th>Key</th><th>Scopes</th>{view.tenant === null && <th className="hide-phone">Tenant</th>}<th className="hide-phone">Made</th><th>State</th><th /></tr></thead>
        <tbody>{rows.map((key) => <KeyRow key={key.id} of={key} tenants={view.tenant === null} changed={changed} />)}</tbody>
      </table>
    </div>
  );
}

function KeyRow({ of: key, tenants, changed }: { of: ApiKey; tenants: boolean; changed(): void }) {
  const gone = key.revoked_at != null;
  const expired = key.expires_at !== null && Date.parse(key.expires_at) < Date.now();
  return (
    <tr>
      <td><span className="name">{key.name ?? <span className="muted">unnamed</span>}</span></td>
      <td><code>{key.key_prefix}…</code></td>
      <td><span className="row wrap" style={{ gap: 4 }}>{key.scopes.map((scope) => <span key={scope} className="tag">{scope}</span>)}</span></td>
      {tenants && <td className="hide-phone">{key.tenant_id ?? <span className="tag accent">platform</span>}</td>}
      <td className="hide-phone muted nowrap" title={formatFull(key.created_at)}>{formatDateTime(key.created_at)}</td>
      <td>
        {gone ? <span className="tag">revoked</span>
          : expired ? <span className="tag warn">expired</span>
          : key.expires_at ? <span className="muted small">until {formatDateTime(key.expires_at)}</span>
          : <span className="muted small">valid</span>}
      </td>
      <td className="number">{!gone && <Revoke of={key} changed={changed} />}</td>
    </tr>
  );
}

/** Asks first: it cannot be undone. */
function Revoke({ of: key, changed }: { of: ApiKey; changed(): void }) {
  const { view } = useView();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const name = key.name ?? key.key_prefix;
  const revoke = async () => {
    setBusy(true);
    try {
      await revokeKey(view, key.id);
      dialog.current?.close();
      changed();
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="button small quiet danger" aria-label={`Revoke ${name}`} onClick={() => dialog.current?.showModal()}>
        <Icon name="remove" size={13} /> Revoke
      </button>
      <dialog ref={dialog} aria-label={`Revoke ${name}`}>
        <div className="dialog-body" style={{ textAlign: "left" }}>
          <h2>Revoke “{name}”?</h2>
          <p>Whatever uses this key is refused within two seconds, for good.</p>
          {problem && <Failure problem={problem} />}
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <button type="button" className="button" onClick={() => dialog.current?.close()}>Keep it</button>
            <button type="button" className="button danger" disabled={busy} onClick={revoke}>Revoke the key</button>
          </div>
        </div>
      </dialog>
    </>
  );
}
