//! The id of a topic's incarnation. A topic that is deleted and made again starts at offset
//! 0 with another id; whoever remembers offsets must tell the two apart.
//!
//! `unsafe`: librdkafka answers this question (`DescribeTopics`), but the crate `rdkafka`
//! does not wrap it, so this file calls the C functions itself.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::ptr;

use rdkafka::bindings::{
    rd_kafka_AdminOptions_destroy, rd_kafka_AdminOptions_new, rd_kafka_DescribeTopics,
    rd_kafka_DescribeTopics_result_topics, rd_kafka_TopicCollection_destroy,
    rd_kafka_TopicCollection_of_topic_names, rd_kafka_TopicDescription_error,
    rd_kafka_TopicDescription_topic_id, rd_kafka_Uuid_base64str,
    rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, rd_kafka_error_code,
    rd_kafka_event_DescribeTopics_result, rd_kafka_event_destroy, rd_kafka_event_error,
    rd_kafka_event_t, rd_kafka_queue_destroy, rd_kafka_queue_new, rd_kafka_queue_poll,
};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{IsError, KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafka;

use super::{Error, REQUEST_TIMEOUT};

/// The id that brokers give who have none to give.
const ZERO: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The topic's UUID, 22 characters of base64, as Kafka's own tools print it. Blocks up to
/// [`REQUEST_TIMEOUT`].
///
/// # Errors
/// [`Error::Topic`] when there is no such topic; [`Error::NoTopicId`] for brokers before
/// 2.8.
pub fn topic_id<C: ClientContext>(client: &Client<C>, topic: &str) -> Result<String, Error> {
    let name = CString::new(topic).map_err(KafkaError::Nul)?;
    // SAFETY: the pointer is that of a live client, which the borrow keeps alive.
    let id = unsafe { describe(client.native_ptr(), &name) };
    let topic = topic.to_owned();
    match id {
        Ok(id) if id.trim_end_matches('=') == ZERO => Err(Error::NoTopicId(topic)),
        Ok(id) => Ok(id.trim_end_matches('=').to_owned()),
        Err(code) => Err(Error::Topic { topic, code }),
    }
}

/// Asks, and waits for the answer up to [`REQUEST_TIMEOUT`].
///
/// # Safety
/// `client` must point to a live librdkafka client.
unsafe fn describe(client: *mut RDKafka, topic: &CStr) -> Result<String, RDKafkaErrorCode> {
    let mut names: [*const c_char; 1] = [topic.as_ptr()];
    let timeout_ms = i32::try_from(REQUEST_TIMEOUT.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: each object is made here, used while it lives and destroyed once, the queue
    // last; librdkafka copies the names and the options when it is asked.
    unsafe {
        let queue = rd_kafka_queue_new(client);
        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        let topics = rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
        rd_kafka_DescribeTopics(client, topics, options, queue);
        rd_kafka_TopicCollection_destroy(topics);
        rd_kafka_AdminOptions_destroy(options);
        let event = rd_kafka_queue_poll(queue, timeout_ms);
        let answer = if event.is_null() {
            Err(RDKafkaErrorCode::OperationTimedOut)
        } else {
            let answer = read(event);
            rd_kafka_event_destroy(event);
            answer
        };
        rd_kafka_queue_destroy(queue);
        answer
    }
}

/// # Safety
/// `event` must be a live event, the answer to `DescribeTopics` of one topic.
unsafe fn read(event: *mut rd_kafka_event_t) -> Result<String, RDKafkaErrorCode> {
    // SAFETY: what these functions return belongs to the event and lives as long; each
    // pointer is checked before it is followed.
    unsafe {
        let error = rd_kafka_event_error(event);
        if error.is_error() {
            return Err(error.into());
        }
        let result = rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(RDKafkaErrorCode::Unknown);
        }
        let mut count = 0;
        let descriptions = rd_kafka_DescribeTopics_result_topics(result, ptr::from_mut(&mut count));
        if count == 0 || descriptions.is_null() {
            return Err(RDKafkaErrorCode::UnknownTopic);
        }
        let description = *descriptions;
        let error = rd_kafka_TopicDescription_error(description);
        if !error.is_null() && rd_kafka_error_code(error).is_error() {
            return Err(rd_kafka_error_code(error).into());
        }
        let text = rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(description));
        if text.is_null() {
            return Err(RDKafkaErrorCode::Unknown);
        }
        Ok(CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}
