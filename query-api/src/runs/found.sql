-- Whose run it is and which hours it spans: more than one row when several tenants have it.
SELECT
    tenant_id,
    toUnixTimestamp(min(bucket)) AS first_hour,
    toUnixTimestamp(max(bucket)) AS last_hour
FROM runs
WHERE {{tenant}}
  AND bucket >= toDateTime({from:UInt32}, 'UTC')
  AND bucket < toDateTime({to:UInt32}, 'UTC')
  AND run_id = {run_id:String}
GROUP BY tenant_id
ORDER BY tenant_id
LIMIT {limit:UInt64}
