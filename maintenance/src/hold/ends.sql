-- Up to where the ledger tells of each partition, in words: two answers are compared.
SELECT arrayStringConcat(arraySort(groupArray(concat(log, ' ', toString(log_end)))), ', ')
FROM
(
    SELECT concat(epoch, '/', toString(partition)) AS log, max(offset_end) AS log_end
    FROM ingest_ledger
    WHERE tenant_id = ''
    GROUP BY log
)
