#!/usr/bin/env python3
"""Holds a running instance to its own description with schemathesis: no 5xx, no status, header
or body that `/openapi.json` does not tell.

It makes its virtual environment below target/ when it is not there. `--seconds` bounds the time.
"""

import argparse
import hashlib
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from instance import Instance, note

CHECKS = ",".join([
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
])


def schemathesis():
    """The pinned program."""
    requirements = HERE / "requirements.txt"
    version = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    venv = ROOT / "target/venvs/contract"
    stamp = venv / f".{version}"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check",
                        "--requirement", requirements], check=True)
        stamp.touch()
    return venv / "bin/schemathesis"


def events():
    return [{"id": f"e{n}", "provider": "openai", "model": "gpt-4o", "run_id": f"run{n % 3}",
             "customer_id": f"c{n % 4}", "section_path": "agent:a/tool:b", "span_id": f"s{n}",
             "cost_usd": "0.25" if n % 2 else None, "latency_ms": n, "input_tokens": n,
             "status": "error" if n % 5 == 0 else "ok"} for n in range(50)]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=45)
    arguments.add_argument("--examples", type=int, default=15, help="for each operation")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    program = schemathesis()
    instance = Instance(settings={"LLMOBSERVE_AUTH": "required"})
    key_file = Path(instance.data_dir) / "admin.key"
    instance.settings["LLMOBSERVE_BOOTSTRAP_KEY_FILE"] = str(key_file)
    instance.start()
    began = time.monotonic()
    try:
        key = key_file.read_text().strip()
        instance.post("/events", events(), {"Authorization": f"Bearer {key}"})
        tried = subprocess.run([
            program, "run", f"{instance.url}/openapi.json",
            "--header", f"Authorization: Bearer {key}",
            "--checks", CHECKS,
            "--phases", "examples,coverage,fuzzing",
            "--max-examples", str(given.examples),
            "--max-time", str(given.seconds),
            "--seed", str(given.seed),
            "--generation-database", "none",
            # In CPython before 3.12 two threads that parse Python, as hypothesis does, disturb each
            # other: "AST constructor recursion depth mismatch".
            "--workers", "1",
            "--no-shrink",
            "--warnings", "off",
            "--request-timeout", "30",
            "--no-color",
        ])
    finally:
        instance.terminate()
    note(f"contract: {time.monotonic() - began:.0f} s")
    raise SystemExit(tried.returncode)


if __name__ == "__main__":
    main()
