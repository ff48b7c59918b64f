-- The sketch of the filtered calls' latencies, a row for each bucket. `sumMap` takes twice as long.
WITH usage AS (
{{usage}}
)
SELECT
    latency_bucket,
    sum(bucket_count) AS latency_count
FROM usage
ARRAY JOIN
    usage.latency_buckets.keys AS latency_bucket,
    usage.latency_buckets.values AS bucket_count
GROUP BY latency_bucket
