import { Fragment, type ReactNode } from "react";
import { refName, type SchemaObject } from "./openapi";

/** A type in a word or two, with links to the shapes that it names. */
export function Type({ of }: { of: SchemaObject | undefined }): ReactNode {
  if (!of) return "anything";
  if (of.$ref) return <a href={`#shape-${refName(of.$ref)}`}>{refName(of.$ref)}</a>;
  const choices = of.oneOf ?? of.anyOf ?? of.allOf;
  if (choices) {
    return choices.map((choice, index) => <Fragment key={index}>{index > 0 && " or "}<Type of={choice} /></Fragment>);
  }
  if (of.enum) return of.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (of.items) return <>list of <Type of={of.items} /></>;
  if (typeof of.additionalProperties === "object") return <>names to <Type of={of.additionalProperties} /></>;
  const types = [of.type ?? "anything"].flat();
  const bounds = of.maximum !== undefined ? ` ${of.minimum ?? ""}…${of.maximum}` : "";
  return `${types.join(" or ")}${of.format && !/int|double/.test(of.format) ? ` (${of.format})` : ""}${bounds}`;
}
