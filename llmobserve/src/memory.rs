//! The allocator: jemalloc, because an event is some twenty small pieces of memory that come and
//! go on different threads. It takes a sixth off ingest's CPU (`bench/LOG.md`), and holds no more
//! than the system's own.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// One arena a core, not four; what is not used goes back after two seconds, not ten; a thread's
/// own cache is looked through after a megabyte, not after each 64 kB.
/// `_RJEM_MALLOC_CONF` in the environment wins.
#[allow(unsafe_code)] // A name under which jemalloc looks, no more.
#[unsafe(export_name = "_rjem_malloc_conf")]
static CONFIG: &[u8] =
    b"percpu_arena:percpu,dirty_decay_ms:2000,muzzy_decay_ms:0,tcache_gc_incr_bytes:1048576\0";
