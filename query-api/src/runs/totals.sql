-- The sums of some runs over all their hours.
SELECT
    tenant_id,
    run_id,
    toUnixTimestamp64Micro(min(started_at)) AS started_us,
    toUnixTimestamp64Micro(max(ended_at)) AS ended_us,
    sum(cost_usd) AS total_cost,
    sum(unpriced_count) AS unpriced,
    sum(call_count) AS calls,
    sum(error_count) AS errors,
    sumMap(section_costs) AS sections
FROM runs
WHERE {{tenant}}
  AND bucket >= toStartOfHour(toDateTime({from:UInt32}, 'UTC'))
  AND bucket < toDateTime({to:UInt32}, 'UTC')
  AND run_id IN {run_ids:Array(String)}
GROUP BY tenant_id, run_id
