import type { SchemaObject } from "./openapi";
import { Prose } from "./prose";
import { Type } from "./type";

/** A shape of the answers, member by member. */
export function Shape({ name, schema }: { name: string; schema: SchemaObject }) {
  const parts = schema.allOf ?? [schema];
  const members = parts.flatMap((part) => Object.entries(part.properties ?? {}));
  const others = parts.filter((part) => part.$ref);
  return (
    <section className="card" id={`shape-${name}`} aria-label={name}>
      <div className="card-head"><h3>{name}</h3></div>
      <div className="card-body flush">
        {schema.description && <p className="card-note"><Prose of={schema.description} /></p>}
        {others.map((part) => <p key={part.$ref} className="card-note">All of <Type of={part} />, and:</p>)}
        {members.length > 0 ? (
          <div className="table-scroll">
            <table aria-label={name}>
              <tbody>
                {members.map(([member, type]) => (
                  <tr key={member}>
                    <td><code>{member}</code></td><td className="muted"><Type of={type} /></td>
                    <td><Prose of={type.description ?? type.oneOf?.find((choice) => choice.description)?.description} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : others.length === 0 && <p className="card-note"><Type of={schema} /></p>}
      </div>
    </section>
  );
}
