import { credential } from "../session/credential";
import { Problem } from "./problem";

/** An answer with what its headers say. */
export interface Reply<T> {
  body: T;
  /** The address of the list's next page. */
  next: string | null;
}

/** Asks the API as whoever is signed in; anything but success is thrown as a {@link Problem}. */
export async function send<T>(url: string, init: RequestInit = {}): Promise<Reply<T>> {
  const response = await raw(url, init);
  const body = response.status === 204 ? undefined : await response.json();
  return { body: body as T, next: nextPage(response.headers.get("Link")) };
}

/** The same for a file. */
export async function download(url: string): Promise<void> {
  const response = await raw(url);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ?? "llmobserve.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function raw(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = credential.get();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw Problem.unreachable();
  }
  if (response.ok) return response;
  const problem = await Problem.of(response);
  // Whoever signed in meanwhile is not to be thrown out by the answer to another credential.
  if (problem.status === 401 && token !== null && token === credential.get()) {
    credential.reject(problem.detail);
  }
  throw problem;
}

function nextPage(link: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1] ?? null;
}
