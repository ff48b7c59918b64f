import { CopyButton } from "../../parts/copy";
import type { OperationObject } from "./openapi";
import { Prose } from "./prose";
import { Type } from "./type";

interface Props {
  path: string;
  method: string;
  operation: OperationObject;
}

/** One route: what it takes and what it answers. */
export function Operation({ path, method, operation }: Props) {
  const { parameters = [], requestBody, responses } = operation;
  return (
    <article className="card" id={`${method}${path}`} aria-label={`${method.toUpperCase()} ${path}`}>
      <div className="card-head">
        <span className="tag accent">{method.toUpperCase()}</span>
        <h3 className="mono" style={{ marginRight: "auto", overflowWrap: "anywhere" }}>{path}</h3>
        <CopyButton text={`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}'${location.origin}${path}'`} label="curl" />
      </div>
      <div className="card-body flush">
        <p className="card-note" style={{ color: "var(--text)" }}><Prose of={operation.summary} /></p>
        {operation.description && <p className="card-note"><Prose of={operation.description} /></p>}
        <div className="table-scroll">
          <table aria-label={`Parameters and answers of ${path}`}>
            <tbody>
              {parameters.map((parameter) => (
                <tr key={parameter.name}>
                  <td><code>{parameter.name}</code>{parameter.in === "path" && <span className="muted small"> in the path</span>}</td>
                  <td className="muted"><Type of={parameter.schema} /></td>
                  <td><Prose of={parameter.description} /></td>
                </tr>
              ))}
              {requestBody && (
                <tr>
                  <td>body</td>
                  <td className="muted">{Object.entries(requestBody.content).map(([media, { schema }]) => <div key={media}>{media}: <Type of={schema} /></div>)}</td>
                  <td><Prose of={requestBody.description} /></td>
                </tr>
              )}
              {Object.entries(responses).map(([status, response]) => (
                <tr key={status}>
                  <td><span className={`tag ${status.startsWith("2") ? "accent" : ""}`}>{status}</span></td>
                  <td className="muted">{Object.values(response.content ?? {}).slice(0, 1).map(({ schema }, index) => <Type key={index} of={schema} />)}</td>
                  <td><Prose of={response.description} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </article>
  );
}
