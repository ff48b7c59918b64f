import { useState } from "react";
import { Icon } from "./icons";

/** Copies a text and says that it did. */
export function CopyButton({ text, label, quiet = true }: { text: string; label: string; quiet?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1600);
  };
  return (
    <button type="button" className={`button small ${quiet ? "quiet" : ""}`} onClick={copy}>
      <Icon name={copied ? "done" : "copy"} size={13} />
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </button>
  );
}

/** Text to paste elsewhere. */
export function Code({ text, label = "Copy" }: { text: string; label?: string }) {
  return (
    <div className="code">
      {/* Wide lines scroll, which the keyboard must reach. */}
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
