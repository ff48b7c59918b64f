-- One row: the sums of the filtered events.
WITH usage AS (
{{usage}}
)
SELECT
    sum(usage.cost) AS total_cost,
    sum(usage.unpriced) AS unpriced_count,
    sum(usage.calls) AS call_count,
    sum(usage.errors) AS error_count,
    sum(usage.input) AS input_tokens,
    sum(usage.output) AS output_tokens,
    sum(usage.latency_us) AS all_latency_us,
    sum(usage.latencies) AS all_latencies,
    sumMap(usage.buckets) AS all_buckets
FROM usage
