import type { components, paths } from "./schema";

export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** The paths that answer `GET` with JSON. */
type Readable = {
  [Path in keyof paths]: paths[Path] extends {
    get: { responses: { 200: { content: { "application/json": unknown } } } };
  } ? Path : never;
}[keyof paths];

type Answer<Path extends Readable> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
} ? Body : never;

/** Parameters in the order they are written; names may repeat. */
export type Query = [name: string, value: string][];

/**
 * A question to the API. Its address is its identity: it is the key of the cache, and what a
 * page shows when someone asks where a number comes from.
 */
export interface Call<T> {
  readonly url: string;
  /** Only there to carry the answer's type. */
  readonly answer?: T;
}

/** A call of a documented route. */
export function get<Path extends Readable>(
  path: Path,
  query: Query = [],
  inPath: Record<string, string> = {},
): Call<Answer<Path>> {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(inPath[name] ?? ""));
  return { url: address(filled, query) };
}

export function address(path: string, query: Query): string {
  const written = query.map(([name, value]) => `${encodeURIComponent(name)}=${encode(value)}`).join("&");
  return written ? `${path}?${written}` : path;
}

/** Leaves readable what needs no escape within a query. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2F", "/");
}
