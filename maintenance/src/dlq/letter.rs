use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use schemas::record::{Poison, decode};
use schemas::wire::UsageEvent;
use serde::Serialize;

/// Tells a mark from a letter; its value is the time of the replay.
const REPLAYED: &str = "replayed_at";

/// A record that could not be decoded, as the aggregator kept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// `topic/partition/offset` of the record.
    pub record: String,
    /// The topic's incarnation: one that was made again has the same offsets anew.
    pub epoch: String,
    /// When the broker stored the record, milliseconds since 1970.
    pub log_time_ms: i64,
    /// Why it could not be decoded, as a short name.
    pub reason: String,
    /// The same in words.
    pub detail: String,
    /// What can be done with it.
    pub state: State,
    /// Length of the record's value.
    pub bytes: usize,
    #[serde(skip)]
    key: Option<Vec<u8>>,
    #[serde(skip)]
    value: Option<Vec<u8>>,
}

/// What can be done with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It still cannot be decoded.
    Poison,
    /// A replay would send it.
    Decodable,
    /// It was replayed.
    Replayed,
}

/// What a message of the dead-letter topic is.
pub(super) enum Found {
    Letter(Letter),
    /// A letter's identity: it was replayed.
    Mark(Identity),
}

/// The record's place and the topic's incarnation.
pub(super) type Identity = (String, String);

impl Found {
    /// `None`: another tool's message, without a key.
    pub(super) fn read(message: &BorrowedMessage<'_>) -> Option<Self> {
        let header = |name: &str| {
            let headers = message.headers()?;
            let mut headers = headers.iter().filter(|header| header.key == name);
            headers.next()?.value
        };
        let text = |name: &str| {
            let value = header(name).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        let record = String::from_utf8_lossy(message.key()?).into_owned();
        let epoch = text("epoch");
        if header(REPLAYED).is_some() {
            return Some(Self::Mark((record, epoch)));
        }
        let (key, value) = (header("original_key"), message.payload());
        Some(Self::Letter(Letter {
            record,
            epoch,
            log_time_ms: text("log_time_ms").parse().unwrap_or_default(),
            reason: text("reason"),
            detail: text("detail"),
            state: match decode(key, value) {
                Ok(_) => State::Decodable,
                Err(_) => State::Poison,
            },
            bytes: value.map_or(0, <[u8]>::len),
            key: key.map(Into::into),
            value: value.map(Into::into),
        }))
    }
}

impl Letter {
    pub(super) fn identity(&self) -> Identity {
        (self.record.clone(), self.epoch.clone())
    }

    /// The partition that the record stood on: where others of its id are known.
    pub(super) fn partition(&self) -> Option<i32> {
        self.record.rsplit('/').nth(1)?.parse().ok()
    }

    pub(super) fn event(&self) -> Result<UsageEvent, Poison> {
        decode(self.key.as_deref(), self.value.as_deref())
    }

    /// Key and value of the record.
    pub(super) fn content(&self) -> (&[u8], &[u8]) {
        let Self { key, value, .. } = self;
        (
            key.as_deref().unwrap_or_default(),
            value.as_deref().unwrap_or_default(),
        )
    }

    /// Headers of the mark.
    pub(super) fn mark(&self, at: &str) -> OwnedHeaders {
        let headers = [("epoch", self.epoch.as_str()), (REPLAYED, at)];
        headers
            .into_iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            })
    }
}
