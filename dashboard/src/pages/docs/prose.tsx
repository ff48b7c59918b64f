import { Fragment } from "react";

/** A description: what stands between backticks is code. */
export function Prose({ of }: { of: string | null | undefined }) {
  return (of ?? "").split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>));
}
