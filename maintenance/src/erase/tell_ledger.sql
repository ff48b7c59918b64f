-- A line for each hour of log time and partition: so many of `stored` are leaving. Those that
-- an interrupted erasure has told of already are not told of again: what is not there is
-- what the ledger tells of more than the other rows.
INSERT INTO ingest_ledger
    (tenant_id, hour, topic, epoch, partition, offset_start, offset_end,
     received, stored, duplicates, dead_lettered, erased)
SELECT {tenant:String}, log_hour, log_topic, log_epoch, log_partition, log_end, log_end, 0, 0, 0, 0, toUInt64(told_of)
FROM
(
    SELECT log_hour, log_epoch, log_partition, max(topic_name) AS log_topic, max(batch_end) AS log_end,
           greatest(0, least(sum(leaving), sum(told) - sum(held) + sum(leaving))) AS told_of
    FROM
    (
        SELECT toStartOfHour(toDateTime(raw._log_time, 'UTC')) AS log_hour, raw._epoch AS log_epoch, raw._partition AS log_partition,
               '' AS topic_name, max(raw._batch_end) AS batch_end, toInt64(count()) AS held, toInt64(0) AS told,
               toInt64(countIf(hex(SHA256(concat(raw.tenant_id, '\0', ifNull(raw.customer_id, '')))) = {customer:String})) AS leaving
        FROM trace_events AS raw
        WHERE raw.tenant_id = {tenant:String}
        GROUP BY log_hour, log_epoch, log_partition
        UNION ALL
        SELECT ledger.hour AS log_hour, ledger.epoch AS log_epoch, ledger.partition AS log_partition,
               max(toString(ledger.topic)) AS topic_name, toUInt64(0) AS batch_end, toInt64(0) AS held,
               sum(toInt64(ledger.stored) - toInt64(ledger.erased)) AS told, toInt64(0) AS leaving
        FROM ingest_ledger AS ledger
        WHERE ledger.tenant_id = {tenant:String}
        GROUP BY log_hour, log_epoch, log_partition
    )
    GROUP BY log_hour, log_epoch, log_partition
)
WHERE told_of > 0
