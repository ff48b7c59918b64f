SELECT
    toUnixTimestamp(toStartOfHour(_log_time)) AS hour,
    count() AS events,
    sum(cityHash64(tenant_id)) AS by_tenant
FROM trace_events
WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
  AND _log_time >= toDateTime({from:UInt32}, 'UTC') AND _log_time < toDateTime({to:UInt32}, 'UTC')
  AND _offset < transform(concat(_epoch, '/', toString(_partition)),
                          {logs:Array(String)}, {ends:Array(UInt64)}, toUInt64(0))
GROUP BY hour
