SELECT
    toUnixTimestamp(toStartOfHour(timestamp)) AS hour,
    count() AS events,
    countIf(cost_usd IS NULL) AS unpriced_count,
    sum(toDecimal128(ifNull(cost_usd, 0), 12)) AS cost_usd_sum,
    sum(cityHash64(tenant_id)) AS by_tenant
FROM trace_events
WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
  AND timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC')
  AND _offset < transform(concat(toString(toYYYYMM(timestamp)), '/', _epoch, '/', toString(_partition)),
                          {logs:Array(String)}, {ends:Array(UInt64)}, toUInt64(0))
GROUP BY hour
