import { useQuery } from "@tanstack/react-query";
import type { Problem } from "../api/problem";
import { send } from "../api/send";
import icon from "../icon.svg";
import { Skeleton } from "../parts/states";
import { Operation } from "./docs/operation";
import { type Document, METHODS, type OperationObject } from "./docs/openapi";
import { Shape } from "./docs/shape";

/** `/docs`: the description of the API, `/openapi.json`, for people. */
export default function Docs() {
  const document = useQuery<Document, Problem>({
    queryKey: ["openapi"],
    queryFn: async () => (await send<Document>("/openapi.json")).body,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (document.error) return <main className="gate"><p role="alert">{document.error.detail}</p></main>;
  if (!document.data) return <main className="gate" aria-busy="true"><Skeleton height={200} width={480} /></main>;
  return <Loaded document={document.data} />;
}

interface Route {
  path: string;
  method: string;
  operation: OperationObject;
}

function Loaded({ document }: { document: Document }) {
  const routes = Object.entries(document.paths).flatMap(([path, item]): Route[] =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method, operation: item[method] }] : [])));
  const tags = [...new Set(routes.map(({ operation }) => operation.tags?.[0] ?? "other"))];
  const described = new Map(document.tags?.map((tag) => [tag.name, tag.description]));
  const schemas = document.components?.schemas ?? {};
  return (
    <div className="docs">
      <nav className="side" aria-label="Routes">
        <a className="brand" href="/"><img src={icon} alt="" /> LLMObserve API</a>
        {tags.map((tag) => (
          <div key={tag} className="nav">
            <p className="menu-label">{tag}</p>
            {routes.filter(({ operation }) => (operation.tags?.[0] ?? "other") === tag).map(({ path, method }) => (
              <a key={method + path} href={`#${method}${path}`}><span className="mono">{method.toUpperCase()} {path}</span></a>
            ))}
          </div>
        ))}
      </nav>
      <main className="content">
        <h1>{document.info.title}</h1>
        <p className="muted">{document.info.description}. The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>
        {tags.map((tag) => (
          <section key={tag} className="stack" aria-label={tag}>
            <h2><span style={{ textTransform: "capitalize" }}>{tag}</span> <span className="muted" style={{ fontWeight: 400 }}>{described.get(tag)}</span></h2>
            {routes.filter(({ operation }) => (operation.tags?.[0] ?? "other") === tag).map((route) => (
              <Operation key={route.method + route.path} {...route} />
            ))}
          </section>
        ))}
        <h2>Shapes</h2>
        {Object.entries(schemas).map(([name, schema]) => <Shape key={name} name={name} schema={schema} />)}
      </main>
    </div>
  );
}
