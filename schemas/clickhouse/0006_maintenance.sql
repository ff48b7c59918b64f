-- A hold keeps the aggregators away from the tables while an operator rewrites them: they finish
-- their batches, leave the consumer group and come back when no hold is in force.
-- A row per change of a hold; the one with the highest version counts, and holds until then.
CREATE TABLE IF NOT EXISTS {{database}}.maintenance_holds {{on_cluster}}
(
    hold_id                UUID,
    version                UInt64 COMMENT 'rises with each change',
    until                  DateTime64(3, 'UTC') COMMENT 'a hold that nobody renews ends by itself; the past = released',
    reason                 String COMMENT 'for the log'
)
ENGINE = {{ReplacingMergeTree}}(version)
ORDER BY hold_id
TTL toDateTime(until) + INTERVAL 30 DAY DELETE;
-- What was erased, kept as a certificate and so that a replay does not bring it back: records of the
-- tenant (and customer) below offset_end of the partition are dropped whenever they are read again.
-- It names no customer, only a hash.
CREATE TABLE IF NOT EXISTS {{database}}.erasures {{on_cluster}}
(
    erasure_id             UUID,
    erased_at              DateTime64(3, 'UTC'),
    tenant_id              String,
    customer_hash          Nullable(UInt128) COMMENT 'BLAKE3-128 of (tenant_id, customer_id); NULL = the whole tenant',
    topic                  String,
    epoch                  String,
    partition              UInt32,
    offset_end             UInt64 COMMENT 'the end of the log at the time',
    raw_rows               UInt64 COMMENT 'rows of trace_events that went, of this partition',
    cost_usd               Decimal(38, 12) COMMENT 'their sum'
)
ENGINE = {{MergeTree}}
ORDER BY (topic, epoch, partition, tenant_id);
-- So that the ledger still adds up: raw rows = stored - erased.
ALTER TABLE {{database}}.ingest_ledger {{on_cluster}}
    ADD COLUMN IF NOT EXISTS erased UInt64 DEFAULT 0 COMMENT 'of stored: removed since at the request of an operator' CODEC(T64, ZSTD(1));
