    SELECT
        tenant_id, bucket, customer_id, provider, model, section_path, environment,
        cost_usd AS cost, unpriced_count AS unpriced, call_count AS calls, error_count AS errors,
        input_tokens AS input, output_tokens AS output,
        latency_us_sum AS latency_us, latency_count AS latencies, latency_buckets AS buckets
    FROM usage_15m
    WHERE {{tenant}}
      AND bucket >= toDateTime({middle_from:UInt32}, 'UTC')
      AND bucket < toDateTime({middle_to:UInt32}, 'UTC')
      AND {{filters}}
    UNION ALL
    SELECT
        tenant_id, bucket, customer_id, provider, model, section_path, environment,
        cost_usd AS cost, unpriced_count AS unpriced, call_count AS calls, error_count AS errors,
        input_tokens AS input, output_tokens AS output,
        latency_us_sum AS latency_us, latency_count AS latencies, latency_buckets AS buckets
    FROM usage_1m
    WHERE {{tenant}}
      AND ((bucket >= toDateTime({from:UInt32}, 'UTC')
            AND bucket < toDateTime({middle_from:UInt32}, 'UTC'))
        OR (bucket >= toDateTime({middle_to:UInt32}, 'UTC')
            AND bucket < toDateTime({to:UInt32}, 'UTC')))
      AND {{filters}}
