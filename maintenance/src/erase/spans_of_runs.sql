-- In each month, from the first to the last day with runs that had the customer's events.
SELECT toUnixTimestamp(min(toStartOfDay(starts, 'UTC'))) AS begins,
       toUnixTimestamp(max(toStartOfDay(starts, 'UTC')) + toIntervalDay(1)) AS ends
FROM
(
    SELECT toDateTime(timestamp, 'UTC') AS starts
    FROM trace_events
    WHERE tenant_id = {tenant:String}
      AND hex(SHA256(concat(tenant_id, '\0', ifNull(customer_id, '')))) = {customer:String}
    UNION ALL
    SELECT bucket AS starts
    FROM runs
    WHERE tenant_id = {tenant:String}
      AND arrayExists(customer -> hex(SHA256(concat(tenant_id, '\0', customer))) = {customer:String}, customer_ids)
)
WHERE starts >= toDateTime({first:UInt32}, 'UTC')
GROUP BY toYYYYMM(starts)
ORDER BY begins
