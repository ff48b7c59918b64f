#!/usr/bin/env bash
# The tests of the tests: with one rule of the protocol left out, the faults must be noticed,
# by the books: events lost or doubled.
set -uo pipefail
faults=${1:-target/release/faults}
only=${2:-}
failed=0

missed() {
  local mutant=$1 stories=$2 times=$3 report verdict
  [ -z "$only" ] || [ "$only" = "$mutant" ] || return
  report=$("$faults" --brokers 1 --mutant "$mutant" --only "$stories" --faults "$times")
  verdict=$(awk -F' *[|] *' '$4 + $5 > 0 { print $2 ": lost " $4 ", doubled " $5 }' <<<"$report")
  if [ -n "$verdict" ]; then
    echo "$mutant: noticed, $verdict"
  else
    echo "$mutant: NOT noticed"
    tail -n 20 <<<"$report"
    failed=1
  fi
}

missed no-token zombie-before-raw 4
missed no-intent zombie-before-raw 4
missed commit-first step-before-raw,step-after-intent 6
missed other-batch kill-aggregator,step-after-raw 6
missed no-verification ghost-token 4
missed repeat-commit late-commits-of-a-zombie 4
exit $failed
