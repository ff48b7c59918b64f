"""The window of fifty million ids."""

from machine import number, tool

TITLE = "the duplicate window at 50 million ids"
AGAINST = "a hash set of the same 16-byte keys (hashbrown)"
IDS = 50_000_000


def run(results):
    window = tool("dedup", "--kind", "window", "--ids", IDS)
    plain = tool("dedup", "--kind", "set", "--ids", IDS)
    bounded = tool("dedup", "--kind", "window", "--ids", IDS, "--memory-mib", 256)
    results.ratio = window["bytes"] / plain["bytes"]
    mb = lambda found, what: number(found[what] / 1e6)
    results.row("MB allocated", mb(window, "bytes"), mb(plain, "bytes"), f"{results.ratio:.2f}", "≤ 1.5", results.ratio <= 1.5)
    results.row("MB resident", mb(window, "resident_bytes"), mb(plain, "resident_bytes"),
                f"{window['resident_bytes'] / plain['resident_bytes']:.2f}", "", None)
    results.row("seconds to rebuild, ids in any order", f"{window['fill_seconds']:.1f}", f"{plain['fill_seconds']:.1f}",
                f"{window['fill_seconds'] / plain['fill_seconds']:.2f}", "< 20", window["fill_seconds"] < 20)
    results.row("ns to find a known id", f"{window['nanos_per_question']:.0f}", f"{plain['nanos_per_question']:.0f}",
                f"{window['nanos_per_question'] / plain['nanos_per_question']:.1f}", "", None)
    results.row("at the default limit of 256 MiB: MB resident, seconds to rebuild, ns to find",
                f"{mb(bounded, 'resident_bytes')}, {bounded['fill_seconds']:.1f}, {bounded['nanos_per_question']:.0f}", "", "", "", None)
