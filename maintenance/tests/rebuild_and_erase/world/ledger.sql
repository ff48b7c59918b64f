SELECT tenant_id, hour, sum(told), sum(rows) FROM
(
    SELECT tenant_id, hour, toInt64(stored) - toInt64(erased) AS told, 0 AS rows FROM ingest_ledger
    UNION ALL
    SELECT tenant_id, toStartOfHour(toDateTime(_log_time, 'UTC')), 0, 1 FROM trace_events
)
GROUP BY tenant_id, hour HAVING sum(told) != sum(rows)
UNION ALL
SELECT 'received', toDateTime(0, 'UTC'), sum(received), sum(stored + duplicates + dead_lettered) FROM ingest_ledger
HAVING sum(received) != sum(stored + duplicates + dead_lettered)
