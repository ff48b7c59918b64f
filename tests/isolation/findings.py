"""What was found. Nothing is the good result."""

import threading

SHOWN_MAX = 25


class Findings:
    def __init__(self):
        self.checks, self.found, self._lock = 0, [], threading.Lock()

    def check(self, holds, what, evidence=""):
        with self._lock:
            self.checks += 1
            if not holds:
                self.found.append((what, str(evidence)[:600]))
        return holds

    def report(self):
        for what, evidence in self.found[:SHOWN_MAX]:
            print(f"FOUND {what}: {evidence}")
        if self.found:
            raise SystemExit(f"{len(self.found)} findings")
