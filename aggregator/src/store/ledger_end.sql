-- Read backwards along the sorting key: the newest hour answers.
SELECT offset_end
FROM ingest_ledger
WHERE tenant_id = '' AND topic = {topic:String} AND epoch = {epoch:String}
  AND partition = {partition:UInt32}
ORDER BY hour DESC, offset_end DESC
LIMIT 1
