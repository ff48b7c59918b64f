SELECT count() > 0 AS is_held
FROM ingest_ledger
WHERE tenant_id = ''
  AND topic = {topic:String} AND epoch = {epoch:String} AND partition = {partition:UInt32}
  AND offset_start = {start:UInt64} AND offset_end = {end:UInt64}
