"""The embedded engine by itself, without our face: enough of libchdb's C interface for a peer."""

import ctypes

from machine import ROOT


def library():
    return next((ROOT / "target/engines/clickhouse/node_modules/@chdb").glob("*/libchdb.so"))


class Engine:
    """One engine in this process, with all it can do (ours takes away what reaches outside)."""

    def __init__(self, directory):
        directory.mkdir(parents=True)
        (directory / "users.xml").write_text(
            "<clickhouse><profiles><default><session_timezone>UTC</session_timezone></default></profiles>"
            "<quotas><default/></quotas><users><default><password></password><networks><ip>::/0</ip></networks>"
            "<profile>default</profile><quota>default</quota></default></users></clickhouse>"
        )
        # Memory and caches as in engines/src/clickhouse/data_dir.rs.
        (directory / "config.xml").write_text(f"""<clickhouse>
            <users_config>{directory}/users.xml</users_config>
            <max_server_memory_usage>{2 << 30}</max_server_memory_usage>
            <mark_cache_size>{128 << 20}</mark_cache_size>
            <primary_index_cache_size>{128 << 20}</primary_index_cache_size>
            <query_condition_cache_size>{128 << 20}</query_condition_cache_size>
            <max_thread_pool_size>256</max_thread_pool_size>
            <max_parts_cleaning_thread_pool_size>2</max_parts_cleaning_thread_pool_size>
            <merge_tree><old_parts_lifetime>60</old_parts_lifetime></merge_tree>
        </clickhouse>""")
        self.directory = directory
        self._c = ctypes.CDLL(str(library()))
        for name in ("chdb_query_n", "chdb_result_buffer", "chdb_result_error"):
            getattr(self._c, name).restype = ctypes.c_void_p
        self._c.chdb_result_length.restype = ctypes.c_size_t
        self._c.chdb_connect.restype = ctypes.POINTER(ctypes.c_void_p)
        self._c.chdb_set_signal_handlers_enabled(0)
        arguments = [b"clickhouse", f"--path={directory}/store".encode(), f"--config-file={directory}/config.xml".encode()]
        array = (ctypes.c_char_p * len(arguments))(*arguments)
        connection = self._c.chdb_connect(len(arguments), array)
        if not connection:
            raise SystemExit("the engine did not start")
        self._connection = ctypes.c_void_p(connection[0])

    def sql(self, text):
        """The answer as TSV."""
        query, form = text.encode(), b"TSVRaw"
        result = ctypes.c_void_p(self._c.chdb_query_n(
            self._connection, query, ctypes.c_size_t(len(query)), form, ctypes.c_size_t(len(form))
        ))
        error = self._c.chdb_result_error(result)
        if error and (message := ctypes.string_at(error).decode(errors="replace")):
            raise SystemExit(f"{message}\nin {text[:2000]}")
        length = self._c.chdb_result_length(result)
        answer = ctypes.string_at(self._c.chdb_result_buffer(result), length).decode() if length else ""
        self._c.chdb_destroy_query_result(result)
        return answer
