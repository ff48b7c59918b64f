import { Fragment } from "react";

/** A name that breaks at its slashes, if it has to. */
export function Path({ of }: { of: string }) {
  return of.split("/").map((part, index) => <Fragment key={index}>{index > 0 && <>/<wbr /></>}{part}</Fragment>);
}
