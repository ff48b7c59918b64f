-- By offset, not by hour: a broker's clock may have leapt ahead and come back.
SELECT argMax(offset_start, offset_end), max(offset_end)
FROM ingest_ledger
WHERE tenant_id = '' AND topic = {topic:String} AND epoch = {epoch:String}
  AND partition = {partition:UInt32}
HAVING count() > 0
