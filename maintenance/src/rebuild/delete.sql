-- Columns of the sorting key only; never the markers of batches.
ALTER TABLE rollup_table DELETE
WHERE tenant_id != '' AND ({tenant:String} = '' OR tenant_id = {tenant:String})
  AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')
