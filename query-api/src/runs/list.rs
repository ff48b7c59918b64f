use axum::response::Response;
use futures::{Stream, StreamExt, stream};
use service::Problem;

use super::latest::{After, Latest};
use super::summary::{Run, RunSummary};
use crate::answer::{Format, ListItem, export, list};
use crate::filters::Filters;
use crate::page::{Cursor, LIMIT_MAX, Page, PageParams};
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};

/// Runs on a page when nothing else is asked for.
const LIMIT_DEFAULT: usize = 50;

/// The runs that began in the range (all time by default), newest first. Filters keep the runs
/// that have such an event. `/runs` is the same.
#[utoipa::path(
    get,
    path = "/runs/latest",
    tag = "runs",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<RunSummary> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn runs(mut ask: Ask) -> Result<Response, Problem> {
    let range = RangeParams::read(&mut ask.params)?;
    let filters = Filters::read(&mut ask.params)?;
    let page = Page::<After>::read(&mut ask.params, RunSummary::LIST)?;
    let format = Format::read(&mut ask.params, ask.accept)?;
    ask.params.finish()?;
    let (range, after) = match page.cursor {
        Some(cursor) => (cursor.range, Some(cursor.after)),
        None => (range.all_time(ask.now)?, None),
    };
    let Ask {
        store,
        access,
        money,
        uri,
        ..
    } = ask;
    let latest = Latest {
        store,
        access,
        range,
        filters,
    };
    if format != Format::Json {
        let runs = everything(latest, after).take(page.limit.unwrap_or(usize::MAX));
        let items = runs.map(move |run| run.map(|run| run.summary(money)));
        return export(format, &range, items).await;
    }
    let (runs, next) = latest
        .page(after, page.limit.unwrap_or(LIMIT_DEFAULT))
        .await?;
    let next = next.and_then(|after| Cursor { range, after }.link(RunSummary::LIST, &uri));
    let items: Vec<RunSummary> = runs.into_iter().map(|run| run.summary(money)).collect();
    list(&items, &range, next)
}

/// Every run, page after page.
fn everything(
    latest: Latest,
    after: Option<After>,
) -> impl Stream<Item = Result<Run, Problem>> + Send {
    enum Next {
        Page(Option<After>),
        End,
    }
    let pages = stream::try_unfold((latest, Next::Page(after)), async |(latest, next)| {
        let Next::Page(after) = next else {
            return Ok(None);
        };
        let (runs, next) = latest.page(after, LIMIT_MAX).await?;
        let next = next.map_or(Next::End, |after| Next::Page(Some(after)));
        Ok(Some((runs, (latest, next))))
    });
    pages.flat_map(|page| match page {
        Ok(runs) => stream::iter(runs.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(problem) => stream::iter(vec![Err(problem)]),
    })
}
