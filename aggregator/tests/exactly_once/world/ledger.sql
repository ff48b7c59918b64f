SELECT tenant_id, sum(stored), sum(rows) FROM
(
    SELECT tenant_id, stored, 0 AS rows FROM ingest_ledger
    UNION ALL
    SELECT tenant_id, 0, 1 FROM trace_events
)
GROUP BY tenant_id HAVING sum(stored) != sum(rows)
UNION ALL
SELECT 'received', sum(received), sum(stored + duplicates + dead_lettered) FROM ingest_ledger
HAVING sum(received) != sum(stored + duplicates + dead_lettered)
