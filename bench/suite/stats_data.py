"""Raw events and rollups by the million, made inside the engine and kept below target/bench.

K keys of the base rollup, the same whatever the number of events: so at equal range and keys one data set
differs from another only in how many events stand behind each key. Tenants are very unequal (log-uniform,
which is Zipf's law with exponent 1), keys spread over 30 days.
"""

import json
import signal
import time
import urllib.error
import urllib.request

from machine import WORK, note, running

KEYS = 1_000_000
DAYS = 30
QUARTERS = DAYS * 96
#: Keys of one INSERT.
STEP_EVENTS = 5_000_000

MODELS = [
    (provider, f"{provider}-model-{n}")
    for provider in ("openai", "anthropic", "google", "mistral", "groq", "cohere", "deepseek", "openrouter", "together",
                     "fireworks", "perplexity", "xai")
    for n in range(5)
]
SECTIONS = [f"agent:{a}/tool:{t}" for a in ("support", "research", "coding", "sales") for t in ("search", "answer")]


def events(low, high, each, start):
    """The events of keys [low, high), as a subquery."""
    providers = [provider for provider, _ in MODELS]
    return f"""
    (
        SELECT
            number, intDiv(number, {each}) AS k, cityHash64(k) AS h, cityHash64(number, 'e') AS e,
            exp((k + 0.5) / {KEYS} * log(1000)) AS place, toUInt32(floor(place)) - 1 AS tenant,
            concat('tenant_', leftPad(toString(tenant), 4, '0')) AS tenant_id,
            toDateTime({start} + 900 * toUInt32(floor((place - floor(place)) * {QUARTERS})), 'UTC') AS quarter,
            toDateTime64(quarter, 6, 'UTC') + toIntervalMicrosecond(e % 900000000) AS timestamp,
            concat('customer_', leftPad(toString(tenant * 20 + intDiv(h, 4096) % 20), 5, '0')) AS customer_id,
            1 + least(h % 60, intDiv(h, 64) % 60) AS m,
            {MODELS_ARRAY}[m] AS model, {providers}[m] AS provider, {SECTIONS}[1 + h % 8] AS section_path,
            concat('run-', lower(hex(h))) AS run_id,
            if(h % 50 = 0, 'rate_limited', 'ok') AS status,
            200 + e % 7800 AS input_tokens, 10 + intDiv(e, 8192) % 1490 AS output_tokens,
            intDiv(input_tokens, 2) AS cached_tokens,
            toInt64((1000 + intDiv(e, 1024) % 9000) * 1000000) AS pico,
            toUInt64(200000 + intDiv(e, 4096) % 8000 * 1000) AS latency_us
        FROM numbers({low * each}, {(high - low) * each})
    )"""


MODELS_ARRAY = [model for _, model in MODELS]
USD = "toDecimal128(pico, 0) * toDecimal128('0.000000000001', 12)"


def raw(source):
    return f"""
    INSERT INTO llmobserve.trace_events
        (tenant_id, id, timestamp, created_at, customer_id, run_id, span_id, parent_span_id, section, section_path,
         span_type, provider, endpoint, model, environment, input_tokens, output_tokens, cached_tokens, cost_usd,
         cost_source, price_version, latency_ms, ttft_ms, status, http_status, is_streaming, event_metadata, _epoch,
         _partition, _offset, _batch_end, _log_time, _id_hash)
    SELECT
        tenant_id, concat('evt-', lower(hex(e))) AS id, timestamp, timestamp, customer_id, run_id,
        lower(hex(cityHash64(e))), lower(hex(h)), splitByChar('/', section_path)[-1], section_path, 'llm', provider,
        '/v1/chat/completions', model, 'production', input_tokens, output_tokens, cached_tokens,
        toDecimal64(pico, 0) * toDecimal64('0.000000000001', 12), 'computed', 'bench',
        toDecimal64(latency_us, 0) * toDecimal64('0.001', 3), toDecimal64(intDiv(latency_us, 4), 0) * toDecimal64('0.001', 3),
        status, if(status = 'ok', 200, 429), true, '{{"sdk":"python/1.4.2","feature":"assistant"}}', 'bench', tenant % 4,
        number, number + 1, toDateTime64(timestamp, 3, 'UTC'), reinterpretAsUInt128(sipHash128(tenant_id, id))
    FROM {source}"""


def usage(table, bucket, source):
    return f"""
    INSERT INTO llmobserve.{table}
        (tenant_id, bucket, customer_id, provider, model, section_path, environment, status, marker, marker_end, cost_usd,
         unpriced_count, event_count, call_count, error_count, input_tokens, output_tokens, cached_tokens,
         cache_write_tokens, reasoning_tokens, latency_us_sum, latency_count, latency_buckets)
    SELECT
        tenant_id, {bucket} AS bucket_, customer_id, provider, model, section_path, 'production', status, '', 0,
        sum({USD}), 0, count(), count(), countIf(status != 'ok'), sum(input_tokens), sum(output_tokens),
        sum(cached_tokens), 0, 0, sum(latency_us), count(),
        sumMap(map(toInt16(ceil(log(latency_us) * 49.99833328888709)), toUInt64(1)))
    FROM {source}
    GROUP BY tenant_id, bucket_, customer_id, provider, model, section_path, status"""


#: The sketches of a tenant's buckets, as the aggregator writes it beside those of the keys.
TENANT_LATENCIES = """
    INSERT INTO llmobserve.usage_15m (tenant_id, bucket, environment, tenant_latency_buckets)
    SELECT tenant_id, bucket, environment, sumMap(latency_buckets) FROM llmobserve.usage_15m WHERE tenant_id != ''
    GROUP BY tenant_id, bucket, environment"""


def runs(source):
    """A run is a key of the base rollup: all its events have the same customer, model and section."""
    return f"""
    INSERT INTO llmobserve.runs
        (tenant_id, bucket, run_id, marker, marker_end, started_at, ended_at, cost_usd, unpriced_count, event_count,
         call_count, error_count, input_tokens, output_tokens, section_costs, customer_ids, providers, models,
         environments, statuses)
    SELECT
        tenant_id, toStartOfHour(quarter) AS bucket_, run_id, '', 0, min(timestamp),
        max(timestamp + toIntervalMicrosecond(latency_us)), sum({USD}), 0, count(), count(), countIf(status != 'ok'),
        sum(input_tokens), sum(output_tokens), map(any(section_path), sum({USD})), [any(customer_id)],
        [any(provider)], [any(model)], ['production'], [any(status)]
    FROM {source}
    GROUP BY tenant_id, bucket_, run_id"""


def make(millions):
    """The directory of a data set with so many million events; goes on where an earlier call ended."""
    directory = WORK / f"stats-{millions}m"
    directory.mkdir(parents=True, exist_ok=True)
    state_file = directory / "made.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else {
        "start": int(time.time()) // 86_400 * 86_400 - DAYS * 86_400, "keys": 0, "seconds": 0, "merged": False,
    }
    if state["merged"]:
        return directory, state
    each = millions * 1_000_000 // KEYS
    step = max(1, STEP_EVENTS // each)
    # A step is done as a whole: it could not be taken back.
    interrupted = []
    before = signal.signal(signal.SIGTERM, lambda *_: interrupted.append(True))
    with running({}, directory) as instance:
        while state["keys"] < KEYS:
            if interrupted:
                raise SystemExit("interrupted; goes on from here the next time")
            begun = time.monotonic()
            low, high = state["keys"], min(KEYS, state["keys"] + step)
            source = events(low, high, each, state["start"])
            # The last two days by the minute, too: what the edges of a range and fine charts are read from.
            recent = f"(SELECT * FROM {source} WHERE quarter >= toDateTime({state['start'] + (DAYS - 2) * 86_400}, 'UTC'))"
            for statement in (raw(source), usage("usage_15m", "quarter", source),
                              usage("usage_1m", "toStartOfMinute(timestamp)", recent), runs(source)):
                sql(instance, statement)
            state["keys"] = high
            state["seconds"] += time.monotonic() - begun
            state_file.write_text(json.dumps(state))
            note(f"{high * each / 1e6:.0f} of {millions} million events, {state['seconds']:.0f} s")
        begun = time.monotonic()
        if not state.get("tenants"):
            sql(instance, TENANT_LATENCIES)
            state["tenants"] = True
            state_file.write_text(json.dumps(state))
        for table in ("usage_15m", "usage_1m", "runs"):
            sql(instance, f"OPTIMIZE TABLE llmobserve.{table} FINAL")
        state["bytes"] = sizes(instance)
        state["seconds"] += time.monotonic() - begun
        state["merged"] = True
        state_file.write_text(json.dumps(state))
    signal.signal(signal.SIGTERM, before)
    return directory, state


def sizes(instance):
    """Bytes on disk and rows of each table."""
    lines = sql(instance, "SELECT table, sum(bytes_on_disk), sum(rows) FROM system.parts "
                          "WHERE active AND database = 'llmobserve' GROUP BY table FORMAT TSV").splitlines()
    return {table: [int(size), int(rows)] for table, size, rows in (line.split("\t") for line in lines)}


def sql(instance, statement):
    request = urllib.request.Request(
        instance.clickhouse_url + "/?max_insert_block_size=1048576&max_insert_threads=2", statement.encode()
    )
    try:
        with urllib.request.urlopen(request, timeout=900) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"ClickHouse: {error.read().decode()}\nin {statement[:1000]}") from error
