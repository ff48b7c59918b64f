-- Up to where each partition of the topic is finished: a batch's line is written last. Every
-- batch has a line of tenant ''.
SELECT concat(ledger.epoch, '/', toString(ledger.partition)) AS log, max(ledger.offset_end) AS log_end
FROM ingest_ledger AS ledger
WHERE ledger.tenant_id = '' AND ledger.hour >= toDateTime({from:UInt32}, 'UTC')
GROUP BY log
