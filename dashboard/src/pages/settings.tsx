import { useState } from "react";
import type { CreatedKey } from "../api/keys";
import { Connect } from "./settings/connect";
import { Keys } from "./settings/keys";

export default function Settings() {
  // A key that was just made goes into the examples, as long as the page is open.
  const [made, setMade] = useState<CreatedKey | null>(null);
  return (
    <>
      <div className="page-head"><h1>Settings</h1></div>
      <Keys made={made} onMade={setMade} />
      <Connect apiKey={made?.scopes.includes("ingest") ? made.key : null} />
    </>
  );
}
