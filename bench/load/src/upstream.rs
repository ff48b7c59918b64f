//! A provider that costs next to nothing.

use std::convert::Infallible;
use std::future::Future as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::Sleep;

use crate::summary::now_us;

/// A whole answer, about as long as a short one of OpenAI.
const WHOLE: &str = r#"{"id":"chatcmpl-BENCH","object":"chat.completion","created":1760000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"Paris is the capital of France, on the Seine, known for the Louvre and the Eiffel Tower.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":21,"total_tokens":45,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_bench"}"#;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Pieces of a streamed answer.
    #[arg(long, default_value_t = 20)]
    pieces: usize,
    /// Pause before each.
    #[arg(long, default_value_t = 20)]
    pause_ms: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(address).await?;
    let pause = Duration::from_millis(args.pause_ms);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service_fn(move |request| answer(request, args.pieces, pause));
        tokio::spawn(async move {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type AnswerBody = Either<StreamBody<Pieces>, Full<Bytes>>;

async fn answer(
    request: Request<Incoming>,
    pieces: usize,
    pause: Duration,
) -> Result<Response<AnswerBody>, Infallible> {
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let streamed = body.windows(13).any(|text| text == b"\"stream\":true");
    let (kind, body) = if streamed {
        let pieces = Pieces {
            left: pieces,
            pause,
            timer: None,
        };
        ("text/event-stream", Either::Left(StreamBody::new(pieces)))
    } else {
        ("application/json", Either::Right(Full::from(WHOLE)))
    };
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// The pieces that are left; each tells when it was made.
struct Pieces {
    left: usize,
    pause: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl futures::Stream for Pieces {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let pause = self.pause;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        self.left -= 1;
        let text = if self.left == 0 {
            format!(
                "data: {{\"at_us\":{},\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[],\"usage\":{{\"prompt_tokens\":24,\"completion_tokens\":21,\"total_tokens\":45}}}}\n\ndata: [DONE]\n\n",
                now_us()
            )
        } else {
            format!(
                "data: {{\"at_us\":{},\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word\"}},\"finish_reason\":null}}],\"usage\":null}}\n\n",
                now_us()
            )
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))))
    }
}
