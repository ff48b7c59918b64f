-- A complete batch has its line in the ledger; of an incomplete one, which is the last
-- that anyone began, raw may hold rows. 0 when neither knows a batch from here on.
SELECT if(in_ledger > 0, in_ledger, in_raw)
FROM
(
    SELECT max(offset_end) AS in_ledger
    FROM ingest_ledger
    WHERE tenant_id = '' AND topic = {topic:String} AND epoch = {epoch:String}
      AND partition = {partition:UInt32} AND offset_start = {start:UInt64}
) AS ledger
CROSS JOIN
(
    SELECT min(_batch_end) AS in_raw
    FROM trace_events
    WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32} AND _offset >= {start:UInt64}
) AS raw
