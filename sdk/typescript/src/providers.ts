/** Which requests are calls to a provider: by host, method and path, before anything is read. */

export type Kind = "llm" | "embedding" | "other";

/** Exact hosts. */
const HOSTS: Record<string, string> = {
  "api.openai.com": "openai",
  "api.anthropic.com": "anthropic",
  "generativelanguage.googleapis.com": "google",
  "aiplatform.googleapis.com": "vertex",
  "api.mistral.ai": "mistral",
  "codestral.mistral.ai": "mistral",
  "api.groq.com": "groq",
  "api.cohere.com": "cohere",
  "api.cohere.ai": "cohere",
  "api.deepseek.com": "deepseek",
  "openrouter.ai": "openrouter",
  "api.openrouter.ai": "openrouter",
  "api.together.xyz": "together",
  "api.together.ai": "together",
  "api.fireworks.ai": "fireworks",
  "api.perplexity.ai": "perplexity",
  "api.x.ai": "xai",
  "api.cerebras.ai": "cerebras",
  "router.huggingface.co": "huggingface",
  "api-inference.huggingface.co": "huggingface",
  "api.voyageai.com": "voyage",
  "api.moonshot.ai": "moonshotai",
  "api.moonshot.cn": "moonshotai",
  "api.z.ai": "zai",
  "open.bigmodel.cn": "zhipuai",
  "api.minimax.io": "minimax",
  "api.novita.ai": "novita",
  "api.githubcopilot.com": "github-copilot",
  "api.elevenlabs.io": "elevenlabs",
  "api.deepgram.com": "deepgram",
  "api.jina.ai": "jina",
};

/** Hosts that carry a region or a customer's name. */
const PATTERNS: [RegExp, string][] = [
  [/^[a-z]{2}\.api\.openai\.com$/, "openai"],
  [/^.+\.openai\.azure\.com$/, "azure"],
  [/^.+\.(cognitiveservices|services\.ai)\.azure\.com$/, "azure"],
  [/^[a-z0-9-]+-aiplatform\.googleapis\.com$/, "vertex"],
  [/^bedrock-runtime(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/, "bedrock"],
  [/^bedrock-mantle\.[a-z0-9-]+\.api\.aws$/, "bedrock"],
  [/^.+\.bedrock-runtime\.[a-z0-9-]+\.vpce\.amazonaws\.com$/, "bedrock"],
];

/** Posts that use no model: administration, uploads, counting, keys for browsers. */
const NOT_CALLS = new RegExp(
  "/(files|uploads|vector_stores|conversations|threads|assistants|batches|batch|fine_tuning" +
    "|fine-tunes|containers|evals|webhooks|organization|moderations|client_secrets|calls|sessions" +
    "|count_tokens|count-tokens|input_tokens|tokenize|detokenize|token|cancel|fileSearchStores" +
    "|cachedContents|operations|cachedContent|feedback|datasets|connectors|prompts)(/|$|:)" +
    "|:(countTokens|computeTokens|uploadToFileSearchStore|importFile|cancel|batchGenerateContent" +
    "|asyncBatchEmbedContent)$" +
    "|^/upload/",
);
const EMBEDDING = /embed|\/model\/[^/]*embed[^/]*\/invoke$/i;
/** A response of the background mode is fetched when it is done. */
const FETCHED_RESPONSE = /\/responses\/resp_[^/]+$/;

const DEFAULT_PORTS: Record<string, string> = { "http:": "80", "https:": "443" };
/** Hosts remembered at most; at the limit all are forgotten, and only time is lost. */
const CACHE_MAX = 4096;

/**
 * `own` adds hosts: `openai=127.0.0.1:9999,stripe=api.stripe.com`. Every request to a host of a
 * provider that is not known here is a call, since its paths are not known either.
 */
export class Providers {
  readonly #own: Map<string, string>;
  readonly #known = new Set([...Object.values(HOSTS), ...PATTERNS.map(([, name]) => name)]);
  readonly #cache = new Map<string, string | undefined>();

  constructor(own = "") {
    this.#own = new Map(parse(own));
  }

  /** `host` as in a URL, with or without its port. */
  ofHost(protocol: string, host: string): string | undefined {
    const key = protocol + host;
    const cached = this.#cache.get(key);
    if (cached !== undefined || this.#cache.has(key)) return cached;
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    const provider = this.#find(protocol, host.toLowerCase());
    this.#cache.set(key, provider);
    return provider;
  }

  #find(protocol: string, host: string): string | undefined {
    const port = /:(\d+)$/.exec(host)?.[1];
    const name = port === undefined ? host : host.slice(0, -port.length - 1);
    const own = this.#own.get(`${name}:${port ?? DEFAULT_PORTS[protocol]}`) ?? this.#own.get(name);
    if (own !== undefined) return own;
    if (Object.hasOwn(HOSTS, name)) return HOSTS[name];
    return PATTERNS.find(([pattern]) => pattern.test(name))?.[1];
  }

  /** The span type of a request; `undefined` when it is no call. */
  kind(provider: string, method: string, path: string): Kind | undefined {
    if (!this.#known.has(provider)) return "other";
    if (method !== "POST") {
      return method === "GET" && FETCHED_RESPONSE.test(path) ? "llm" : undefined;
    }
    if (NOT_CALLS.test(path)) return undefined;
    return EMBEDDING.test(path) ? "embedding" : "llm";
  }
}

function parse(own: string): [string, string][] {
  return own
    .split(",")
    .map((pair) => pair.split("=").map((part) => part.trim().toLowerCase()))
    .filter(([name, host]) => name && host)
    .map(([name, host]) => [host as string, name as string]);
}
