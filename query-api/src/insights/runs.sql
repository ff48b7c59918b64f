-- Calls per run, by the run's dearest section and day, newest day first (0 = the 24 hours that the
-- question is about).
WITH
    per_run AS (
        SELECT
            tenant_id, run_id,
            toUInt8(intDiv({to:UInt32} - 1 - toUnixTimestamp(bucket), 86400)) AS day,
            sum(call_count) AS calls,
            sum(cost_usd) AS cost,
            sumMap(section_costs) AS costs,
            mapKeys(costs)[indexOf(mapValues(costs), arrayMax(mapValues(costs)))] AS section
        FROM runs
        WHERE {{tenant}}
          AND bucket >= toDateTime({from:UInt32}, 'UTC')
          AND bucket < toDateTime({to:UInt32}, 'UTC')
        GROUP BY tenant_id, run_id, day
        HAVING calls > 0
    ),
    daily AS (
        SELECT
            tenant_id, day, section,
            count() AS runs,
            sum(cost) AS cost,
            -- A call is more likely in a long run than a run is long: one loop among many runs shows.
            sum(calls * calls) / sum(calls) AS calls_per_run,
            if(day = 0, groupArraySorted(5)((-toInt64(calls), run_id)), []) AS longest
        FROM per_run
        GROUP BY tenant_id, section, day
    )
SELECT
    tenant_id, section,
    groupArray((day, runs, cost, calls_per_run)) AS days,
    arrayMap(run -> run.2, arrayFlatten(groupArray(longest))) AS longest_runs
FROM daily
GROUP BY tenant_id, section
HAVING sumIf(runs, day = 0) >= {runs_min:UInt64}
ORDER BY tenant_id, section
LIMIT {rows_max:UInt64}
