import { type ReactNode, useId } from "react";
import { ApiLink, type Source } from "./api-link";
import { ExportButton } from "./export";

interface Props {
  title: string;
  /** The calls behind the card's numbers. */
  calls?: Source[];
  /** The list that can be had as a file. */
  exportOf?: string;
  actions?: ReactNode;
  /** For tables, which bring their own padding. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Card({ title, calls = [], exportOf, actions, flush, className = "", children }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {actions}
        {exportOf && <ExportButton url={exportOf} of={title} />}
        <ApiLink calls={calls} of={title} />
      </header>
      <div className={`card-body ${flush ? "flush" : ""}`}>{children}</div>
    </section>
  );
}
