-- By hour of log time: rows of trace_events beside `stored - erased` of the ledger. An erasure
-- that was begun has told the ledger before the rows go: those of its customer may be there.
SELECT toString(tenant) AS tenant_id, toString(log_hour) AS hour, sum(told_count) AS told, sum(held_count) AS held
FROM
(
    SELECT ledger.tenant_id AS tenant, ledger.hour AS log_hour,
           sum(toInt64(ledger.stored) - toInt64(ledger.erased)) AS told_count,
           toInt64(0) AS held_count, toInt64(0) AS leaving_count
    FROM ingest_ledger AS ledger
    WHERE ledger.tenant_id != '' AND ({tenant:String} = '' OR ledger.tenant_id = {tenant:String})
      AND ledger.hour >= toStartOfHour(toDateTime({since:UInt32}, 'UTC'))
    GROUP BY tenant, log_hour
    UNION ALL
    SELECT raw.tenant_id AS tenant, toStartOfHour(toDateTime(raw._log_time, 'UTC')) AS log_hour,
           toInt64(0) AS told_count, toInt64(count()) AS held_count,
           toInt64(countIf({customer:String} != ''
               AND hex(SHA256(concat(raw.tenant_id, '\0', ifNull(raw.customer_id, '')))) = {customer:String})) AS leaving_count
    FROM trace_events AS raw
    WHERE ({tenant:String} = '' OR raw.tenant_id = {tenant:String})
      AND raw._log_time >= toStartOfHour(toDateTime({since:UInt32}, 'UTC'))
    GROUP BY tenant, log_hour
)
GROUP BY tenant, log_hour
HAVING told > held OR told < held - sum(leaving_count)
ORDER BY log_hour, tenant
LIMIT 10
