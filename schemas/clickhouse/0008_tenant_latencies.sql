-- The sketch of all latencies that a tenant has in a quarter of an hour and environment, in a row of its own (status
-- ''), whose other measures are zero. Quantiles of everything are read from it: the sketches of the keys together grow
-- with the events. Where it is missing (rows of before), they are read.
ALTER TABLE {{database}}.usage_15m {{on_cluster}}
    ADD COLUMN IF NOT EXISTS tenant_latency_buckets SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) COMMENT 'the latency_buckets of all that the tenant has in the bucket and environment; in rows of empty status' CODEC(T64, LZ4);
-- Small integers: at a hundred events a key half of what LZ4 alone leaves, and read as fast.
ALTER TABLE {{database}}.usage_15m {{on_cluster}} MODIFY COLUMN latency_buckets CODEC(T64, LZ4);
ALTER TABLE {{database}}.usage_1m {{on_cluster}} MODIFY COLUMN latency_buckets CODEC(T64, LZ4);
