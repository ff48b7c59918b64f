//! ClickHouse's HTTP interface: a request in, an answer out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use uuid::Uuid;

use super::access::Access;
use super::answer::{self, Identity};
use super::compression::too_large;
use super::engine::Engine;
use super::error::{Code, Error};
use super::request::Request;
use super::session::Sessions;
use super::statement::Statement;

/// Pieces of an answer made ahead of the client.
const PIECES_AHEAD: usize = 2;
/// How long a request waits for its turn when all are taken.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Begins the comment that makes a statement findable among those that run.
pub(super) const TAG_PREFIX: &str = "/*http:";

/// What all requests share.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) engine: &'static Engine,
    pub(super) sessions: Sessions,
    pub(super) access: Access,
    pub(super) body_bytes_max: usize,
    /// Of all bodies held at once.
    pub(super) bodies_bytes_max: usize,
    pub(super) bodies_bytes: AtomicUsize,
    pub(super) turns: Arc<Semaphore>,
}

pub(super) fn router(face: Arc<Face>) -> Router {
    Router::new()
        .route("/", get(handle).post(handle))
        .route("/ping", get(async || "Ok.\n"))
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "There is no handle here. Send queries to / and look for life at /ping\n",
            )
        })
        .layer(from_fn_with_state(Arc::clone(&face), local_only))
        .with_state(face)
}

/// Without a password no path answers a web page, not even `/ping`.
async fn local_only(
    State(face): State<Arc<Face>>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    match face.access.place(request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(error) => (error.status(), error.text().to_owned()).into_response(),
    }
}

async fn handle(State(face): State<Arc<Face>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut identity = Identity::new(&parts);
    match ask(&face, &parts, body, &mut identity).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(
                query_id = identity.query_id,
                code = error.code(),
                "request failed"
            );
            answer::failed(&identity, &error)
        }
    }
}

async fn ask(
    face: &Arc<Face>,
    parts: &Parts,
    body: Body,
    identity: &mut Identity,
) -> Result<Response, Error> {
    let role = face.access.role(&parts.headers, &parts.uri)?;
    let mut request = Request::from_url(parts.uri.query().unwrap_or_default(), &parts.headers);
    request.role = role;
    request.read_only = parts.method != Method::POST;
    let mut held = Held::receive(face, body.into_data_stream()).await?;
    let turn = face.turn().await?;
    let bytes_max = face.body_bytes_max;
    let unpacking = move || {
        let body = request.unpack(std::mem::take(&mut held.bytes), bytes_max)?;
        held.count(body.len()).map(|()| (request, body, held))
    };
    let (request, body, held) = tokio::task::spawn_blocking(unpacking)
        .await
        .map_err(broken_off)??;
    let request = request.with_body(&parts.headers, body).await?;
    let tag = format!("{TAG_PREFIX}{}*/", Uuid::now_v7().simple());
    let statement = Statement::new(request, tag.clone());
    if statement.is_empty() {
        return Ok("Ok.\n".into_response());
    }
    identity.format = statement.output_format().to_owned();
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    let running = Arc::clone(face);
    tokio::task::spawn_blocking(move || {
        statement.run(running.engine, &running.sessions, &sender);
        drop((held, turn));
    });
    answer::from_pieces(identity, pieces, Abandoned::new(face.engine, tag)).await
}

fn broken_off(error: tokio::task::JoinError) -> Error {
    Error::from(format!("the request broke off: {error}"))
}

impl Face {
    /// A place among the statements that run.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn =
            tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.turns).acquire_owned()).await;
        let text = "Too many simultaneous queries";
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| Error::new(Code::TooManySimultaneousQueries, text))
    }
}

/// A received body, counted for as long as it is held.
struct Held {
    face: Arc<Face>,
    bytes: Bytes,
    counted: usize,
}

impl Held {
    /// Takes the whole body in before anything of it runs, so that a client
    /// that goes away halfway has done nothing.
    async fn receive(face: &Arc<Face>, mut body: BodyDataStream) -> Result<Self, Error> {
        let mut held = Self {
            face: Arc::clone(face),
            bytes: Bytes::new(),
            counted: 0,
        };
        let mut received = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                Error::new(
                    Code::QueryWasCancelled,
                    format!("The body did not arrive whole: {error}"),
                )
            })?;
            held.count(chunk.len())?;
            if held.counted > face.body_bytes_max {
                return Err(too_large(face.body_bytes_max));
            }
            received.extend_from_slice(&chunk);
        }
        held.bytes = received.freeze();
        Ok(held)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.counted += bytes;
        let of_all = self.face.bodies_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if of_all > self.face.bodies_bytes_max {
            let text = format!(
                "The bodies held are larger than {} bytes",
                self.face.bodies_bytes_max
            );
            return Err(Error::new(Code::MemoryLimitExceeded, text));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.face
            .bodies_bytes
            .fetch_sub(self.counted, Ordering::Relaxed);
    }
}

/// Stops the statement when it is dropped before the answer is complete:
/// hyper drops a request's future and body when the client has gone.
pub(super) struct Abandoned {
    engine: &'static Engine,
    tag: Option<String>,
}

impl Abandoned {
    fn new(engine: &'static Engine, tag: String) -> Self {
        Self {
            engine,
            tag: Some(tag),
        }
    }

    /// The statement has ended by itself.
    pub(super) fn ended(&mut self) {
        self.tag = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(tag) = self.tag.take() {
            let engine = self.engine;
            tokio::task::spawn_blocking(move || engine.kill(&tag));
        }
    }
}
