-- Runs by their first event in the window, newest first.
SELECT
    tenant_id,
    run_id,
    toUnixTimestamp64Micro(min(started_at)) AS first_us
FROM runs
WHERE {{tenant}}
  AND bucket >= toStartOfHour(toDateTime({from:UInt32}, 'UTC'))
  AND bucket < toDateTime({read_to:UInt32}, 'UTC')
GROUP BY tenant_id, run_id
HAVING first_us >= toInt64({from:UInt32}) * 1000000
   AND first_us < toInt64({to:UInt32}) * 1000000
   AND (first_us < {after_us:Int64}
        OR (first_us = {after_us:Int64}
            AND (tenant_id, run_id) > ({after_tenant:String}, {after_run:String})))
   AND {{matching}}
ORDER BY first_us DESC, tenant_id, run_id
LIMIT {limit:UInt64}
