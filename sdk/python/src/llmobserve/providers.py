"""Which requests are calls to a provider: by host, method and path, before anything is read."""

from __future__ import annotations

import re
from typing import Optional

#: Exact hosts.
_HOSTS = {
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
}

#: Hosts that carry a region or a customer's name.
_PATTERNS = [
    (re.compile(r"[a-z]{2}\.api\.openai\.com"), "openai"),
    (re.compile(r".+\.openai\.azure\.com"), "azure"),
    (re.compile(r".+\.(cognitiveservices|services\.ai)\.azure\.com"), "azure"),
    (re.compile(r"[a-z0-9-]+-aiplatform\.googleapis\.com"), "vertex"),
    (re.compile(r"bedrock-runtime(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"), "bedrock"),
    (re.compile(r"bedrock-mantle\.[a-z0-9-]+\.api\.aws"), "bedrock"),
    (re.compile(r".+\.bedrock-runtime\.[a-z0-9-]+\.vpce\.amazonaws\.com"), "bedrock"),
]

#: Posts that use no model: administration, uploads, counting, keys for browsers.
_NOT_CALLS = re.compile(
    r"/(files|uploads|vector_stores|conversations|threads|assistants|batches|batch|fine_tuning"
    r"|fine-tunes|containers|evals|webhooks|organization|moderations|client_secrets|calls|sessions"
    r"|count_tokens|count-tokens|input_tokens|tokenize|detokenize|token|cancel|fileSearchStores"
    r"|cachedContents|operations|cachedContent|feedback|datasets|connectors|prompts)(/|$|:)"
    r"|:(countTokens|computeTokens|uploadToFileSearchStore|importFile|cancel|batchGenerateContent|asyncBatchEmbedContent)$"
    r"|^/upload/"
)
_EMBEDDING = re.compile(r"embed|/model/[^/]*embed[^/]*/invoke$", re.IGNORECASE)
#: A response of the background mode is fetched when it is done.
_FETCHED_RESPONSE = re.compile(r"/responses/resp_[^/]+$")

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Hosts remembered at most; at the limit all are forgotten, and only time is lost.
_CACHE_MAX = 4096

LLM = "llm"
EMBEDDING = "embedding"
OTHER = "other"


class Providers:
    """`own` adds hosts: `openai=127.0.0.1:9999,stripe=api.stripe.com`. Every request to a host
    of a provider that is not known here is a call, since its paths are not known either."""

    def __init__(self, own: str = "") -> None:
        self._own = dict(_parse(own))
        self._known = set(_HOSTS.values()) | {name for _, name in _PATTERNS}
        self._cache: dict[tuple[str, Optional[int]], Optional[str]] = {}

    def of_host(self, host: str, port: Optional[int]) -> Optional[str]:
        key = (host, port)
        try:
            return self._cache[key]
        except KeyError:
            pass
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        provider = self._cache[key] = self._find(host.lower(), port)
        return provider

    def _find(self, host: str, port: Optional[int]) -> Optional[str]:
        own = self._own.get(f"{host}:{port}") or self._own.get(host)
        if own:
            return own
        if host in _HOSTS:
            return _HOSTS[host]
        return next((name for pattern, name in _PATTERNS if pattern.fullmatch(host)), None)

    def kind(self, provider: str, method: str, path: str) -> Optional[str]:
        """The span type of a request; `None` when it is no call."""
        if provider not in self._known:
            return OTHER
        if method != "POST":
            return LLM if method == "GET" and _FETCHED_RESPONSE.search(path) else None
        if _NOT_CALLS.search(path):
            return None
        return EMBEDDING if _EMBEDDING.search(path) else LLM


def port_of(scheme: str, port: Optional[int]) -> Optional[int]:
    return port if port is not None else _DEFAULT_PORTS.get(scheme)


def _parse(own: str) -> list[tuple[str, str]]:
    pairs = (part.split("=", 1) for part in own.split(",") if "=" in part)
    return [(host.strip().lower(), name.strip().lower()) for name, host in pairs]
