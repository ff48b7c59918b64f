#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| engines::clickhouse::fuzzing::blocks(data));
