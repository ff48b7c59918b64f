-- One row: the sums of the filtered events.
WITH usage AS (
{{usage}}
)
SELECT
    sum(usage.cost_usd) AS total_cost,
    sum(usage.unpriced_count) AS unpriced_count,
    sum(usage.call_count) AS call_count,
    sum(usage.error_count) AS error_count,
    sum(usage.input_tokens) AS input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    sum(usage.latency_us_sum) AS all_latency_us,
    sum(usage.latency_count) AS all_latencies,
    sumMap(usage.latency_buckets) AS all_buckets
FROM usage
