INSERT INTO erasures
    (erasure_id, erased_at, tenant_id, customer_hash, topic, epoch, partition, offset_end, raw_rows, cost_usd)
SELECT
    {id:UUID}, fromUnixTimestamp64Milli({at_ms:Int64}, 'UTC'), {tenant:String}, toUInt128OrNull({hash:String}),
    {topic:String}, cut.1, toUInt32(cut.2), cut.3, cut.4, toDecimal128(cut.5, 12)
FROM
(
    SELECT arrayJoin(arrayZip({epochs:Array(String)}, {partitions:Array(UInt64)}, {ends:Array(UInt64)},
                              {raw_rows:Array(UInt64)}, {costs:Array(String)})) AS cut
)
