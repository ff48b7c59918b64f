"""Whether the OpenAPI document tells all routes that the sources have."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATES = ["service", "ingest", "query-api", "llmobserve"]
# Pages and files that show no data, and an address of each. `/docs` is in the document.
PAGES = {
    "/": "/",
    "/app/{*page}": "/app/runs",
    "/app/config.json": "/app/config.json",
    "/assets/{*name}": None,  # its files' names are made by the build
}
DECLARED = re.compile(r'(?:\.route(?:_service)?\(\s*|\bpath = )"(/[^"]*)"')


def complete(document, findings):
    """A route that the document does not know would not be attacked."""
    found = {}
    for crate in CRATES:
        for file in sorted((ROOT / crate / "src").rglob("*.rs")):
            if file.name == "tests.rs" or "tests" in file.parts:
                continue
            text = file.read_text().split("#[cfg(test)]")[0]
            for path in DECLARED.findall(text):
                found.setdefault(path, file.relative_to(ROOT))
    findings.check(len(found) >= 15, "the sources' routes were not found", found)
    for path, file in found.items():
        known = path in document["paths"] or path in PAGES
        findings.check(known, "a route that openapi.json does not tell", f"{path} in {file}")
    return found
