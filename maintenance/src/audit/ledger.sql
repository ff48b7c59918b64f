SELECT
    toUnixTimestamp(ledger.hour) AS hour,
    sum(ledger.received) AS received,
    sum(ledger.stored) AS stored,
    sum(ledger.duplicates) AS duplicates,
    sum(ledger.dead_lettered) AS dead_lettered,
    sum(ledger.erased) AS erased,
    sum(toUInt64(ledger.stored - ledger.erased) * cityHash64(ledger.tenant_id)) AS by_tenant
FROM ingest_ledger AS ledger
WHERE ({tenant:String} = '' OR ledger.tenant_id = {tenant:String})
  AND ledger.hour >= toDateTime({from:UInt32}, 'UTC') AND ledger.hour < toDateTime({to:UInt32}, 'UTC')
  AND ledger.offset_end <= transform(concat(ledger.epoch, '/', toString(ledger.partition)),
                                     {logs:Array(String)}, {ends:Array(UInt64)}, toUInt64(0))
GROUP BY hour
