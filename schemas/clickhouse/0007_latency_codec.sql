-- Unpacking the sketch is what the sums of a long range cost: half of it with LZ4, for twice its bytes.
-- Parts that are there keep what they have until they are merged.
ALTER TABLE {{database}}.usage_15m {{on_cluster}} MODIFY COLUMN latency_buckets CODEC(LZ4);
ALTER TABLE {{database}}.usage_1m {{on_cluster}} MODIFY COLUMN latency_buckets CODEC(LZ4);
