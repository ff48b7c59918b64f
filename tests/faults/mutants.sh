#!/usr/bin/env bash
# The tests of the tests: with one rule of the protocol left out, the faults must be noticed.
# Two more rules are only missed in the aggregator's simulation (see docs/GUARANTEES.md).
set -uo pipefail
faults=${1:-target/release/faults}
failed=0

missed() {
  local mutant=$1 stories=$2 times=$3 report
  report=$("$faults" --brokers 1 --mutant "$mutant" --only "$stories" --faults "$times")
  if [ $? = 1 ] && grep -q FAILED <<<"$report"; then
    echo "$mutant: noticed"
  else
    echo "$mutant: NOT noticed"
    failed=1
  fi
}

missed no-token zombie-before-raw,late-inserts 8
missed commit-first step-before-raw,step-after-intent 6
missed other-batch kill-aggregator,step-after-raw 6
missed no-verification ghost-token 8
exit $failed
