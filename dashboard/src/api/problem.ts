/** What the API answers instead of data. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** The server could not be asked at all. */
  static unreachable(): Problem {
    return new Problem(0, "unreachable", "The server does not answer. It may be restarting, or your connection is down.");
  }

  static async of(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    const { code, detail } = (body ?? {}) as { code?: string; detail?: string };
    return new Problem(response.status, code ?? "unknown", detail ?? `The server answered ${response.status}.`);
  }

  /** Whether asking again may help. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}
