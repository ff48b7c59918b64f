//! What ClickHouse's errors mean.

use clickhouse::error::Error;

/// Codes of errors that pass by themselves, from ClickHouse's `ErrorCodes.cpp`. Everything
/// else (syntax, types, rights, unknown tables) stays wrong until someone acts.
const TRANSIENT: [u32; 23] = [
    3,   // UNEXPECTED_END_OF_FILE
    32,  // ATTEMPT_TO_READ_AFTER_EOF
    74,  // CANNOT_READ_FROM_FILE_DESCRIPTOR
    159, // TIMEOUT_EXCEEDED
    160, // TOO_SLOW
    201, // QUOTA_EXCEEDED
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    209, // SOCKET_TIMEOUT
    210, // NETWORK_ERROR
    225, // NO_ZOOKEEPER
    236, // ABORTED
    241, // MEMORY_LIMIT_EXCEEDED
    242, // TABLE_IS_READ_ONLY
    243, // NOT_ENOUGH_SPACE
    252, // TOO_MANY_PARTS
    279, // ALL_CONNECTION_TRIES_FAILED
    285, // TOO_FEW_LIVE_REPLICAS
    286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    289, // REPLICA_IS_NOT_IN_QUORUM
    319, // UNKNOWN_STATUS_OF_INSERT
    394, // QUERY_WAS_CANCELLED
    439, // CANNOT_SCHEDULE_TASK
    999, // KEEPER_EXCEPTION
];

/// The number in `Code: 60. DB::Exception: …`, when the server answered with an exception.
pub fn code(error: &Error) -> Option<u32> {
    let Error::BadResponse(text) = error else {
        return None;
    };
    let (_, rest) = text.split_once("Code: ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Whether the same statement may succeed later: the network, a server that is starting or
/// overloaded. An answer without a code (a proxy's 502) is such a case as well.
pub fn is_retryable(error: &Error) -> bool {
    match error {
        Error::Network(_) | Error::TimedOut => true,
        Error::BadResponse(_) => code(error).is_none_or(|code| TRANSIENT.contains(&code)),
        Error::Other(cause) => cause.is::<std::io::Error>(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(text: &str) -> Error {
        Error::BadResponse(text.to_owned())
    }

    #[test]
    fn what_passes_by_itself_is_retried_and_what_does_not_is_not() {
        let parts = exception("Code: 252. DB::Exception: Too many parts (3001)");
        assert_eq!(code(&parts), Some(252));
        assert!(is_retryable(&parts));
        assert!(is_retryable(&Error::TimedOut));
        assert!(is_retryable(&exception("502 Bad Gateway")));
        assert!(!is_retryable(&exception(
            "Code: 60. DB::Exception: Table x does not exist."
        )));
        assert!(!is_retryable(&Error::RowNotFound));
    }
}
