-- Partitions where raw holds rows that the ledger, written last, does not tell of. A batch
-- that nobody has finished is not older than the log is kept.
SELECT raw.partition AS partition, raw.raw_end AS raw_end, ledger.ledger_end AS ledger_end
FROM
(
    SELECT _partition AS partition, max(_batch_end) AS raw_end
    FROM trace_events
    WHERE _epoch = {epoch:String} AND _log_time > now() - INTERVAL 30 DAY
    GROUP BY _partition
) AS raw
LEFT JOIN
(
    SELECT partition, max(offset_end) AS ledger_end
    FROM ingest_ledger
    WHERE tenant_id = '' AND topic = {topic:String} AND epoch = {epoch:String}
    GROUP BY partition
) AS ledger ON raw.partition = ledger.partition
WHERE raw.raw_end > ledger.ledger_end
ORDER BY partition
