-- The shortest time to live of each table, in days. Tenants may have days of their own, and
-- names in quotes that are no part of this.
SELECT toString(name) AS name,
       arrayMin(arrayMap(days -> toUInt32(days), extractAll(
           replaceRegexpAll(create_table_query, '\'([^\'\\\\]|\\\\.)*\'', ''),
           'toIntervalDay\\((\\d+)\\)'))) AS days
FROM system.tables
WHERE database = currentDatabase()
  AND name IN ('trace_events', 'usage_15m', 'usage_1m', 'runs', 'ingest_ledger')
  AND create_table_query LIKE '%toIntervalDay(%'
