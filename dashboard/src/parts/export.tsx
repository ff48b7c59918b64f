import { useState } from "react";
import { Problem } from "../api/problem";
import { download } from "../api/send";
import { asCsv } from "../api/stats";
import { Icon } from "./icons";

/** The whole list as CSV, as the API exports it. */
export function ExportButton({ url, of }: { url: string; of: string }) {
  const [state, setState] = useState<"idle" | "busy" | string>("idle");
  const save = async () => {
    setState("busy");
    try {
      await download(asCsv(url));
      setState("idle");
    } catch (error) {
      setState(error instanceof Problem ? error.detail : "The download failed.");
    }
  };
  const failed = state !== "idle" && state !== "busy";
  return (
    <button type="button" className="button quiet small" onClick={save} disabled={state === "busy"} aria-label={`Download ${of} as CSV`}>
      <Icon name={failed ? "error" : "download"} size={13} />
      <span aria-live="polite">{failed ? state : "CSV"}</span>
    </button>
  );
}
