/**
 * The API key or token of whoever is signed in. Kept for this tab only, gone when it closes; no
 * other page can read it.
 */
const KEPT = "llmobserve.credential";

type Listener = () => void;

class Credential {
  #value: string | null = sessionStorage.getItem(KEPT);
  #rejection: string | null = null;
  readonly #listeners = new Set<Listener>();

  get(): string | null {
    return this.#value;
  }

  /** Why the last one stopped working. */
  rejection(): string | null {
    return this.#rejection;
  }

  set(value: string): void {
    this.#change(value, null);
  }

  clear(): void {
    this.#change(null, null);
  }

  /** The server does not take it (any more). */
  reject(reason: string): void {
    this.#change(null, reason);
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #change(value: string | null, rejection: string | null): void {
    this.#value = value;
    this.#rejection = rejection;
    if (value === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, value);
    for (const listener of this.#listeners) listener();
  }
}

export const credential = new Credential();
