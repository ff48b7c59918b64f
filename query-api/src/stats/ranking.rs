//! The query behind every `/stats/by-…`.

use axum::response::Response;
use futures::{Stream, StreamExt};
use schemas::money::{MoneyFormat, Usd};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;

use super::group::{Group, Noun};
use crate::answer::{self, Format, ListItem};
use crate::filters::Filters;
use crate::page::{Cursor, LIMIT_MAX, Page};
use crate::range::{Range, RangeParams};
use crate::request::Ask;
use crate::store::{Select, Store, Template};
use crate::usage;

/// Rows that an export can have at most: all there are.
const NO_LIMIT: u64 = u64::MAX;
/// More than any sum in `Decimal(38, 12)`.
const BEFORE_ALL: &str = "99999999999999999999999999";

/// The last group of a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pico_usd: i128,
    key_1: String,
    key_2: String,
}

/// Answers a route: reads its parameters, asks, and writes a page or an export.
///
/// # Errors
/// 400 for its parameters, else those of [`Select`].
pub(crate) async fn answer<N: Noun>(mut ask: Ask) -> Result<Response, Problem> {
    let range = RangeParams::read(&mut ask.params)?;
    let filters = Filters::read(&mut ask.params)?;
    let page = Page::<Key>::read(&mut ask.params, N::Item::LIST)?;
    let format = Format::read(&mut ask.params, ask.accept)?;
    ask.params.finish()?;
    let (range, after) = match page.cursor {
        Some(cursor) => (cursor.range, Some(cursor.after)),
        None => (range.last_day(ask.now)?, None),
    };
    let select = |limit| select::<N>(&ask.store, &ask.access, &range, &filters, &after, limit);
    if format != Format::Json {
        let limit = page.limit.map_or(NO_LIMIT, |limit| limit as u64);
        let items = items::<N>(select(limit), ask.money).await?;
        return answer::export(format, &range, items).await;
    }
    let limit = page.limit.unwrap_or(LIMIT_MAX);
    let mut groups: Vec<Group> = select(limit as u64 + 1).all().await?;
    let next = next(&mut groups, limit)
        .and_then(|after| Cursor { range, after }.link(N::Item::LIST, &ask.uri));
    let items: Vec<N::Item> = groups
        .into_iter()
        .map(|group| N::item(group, ask.money))
        .collect();
    answer::list(&items, &range, next)
}

/// The dearest groups, at most [`LIMIT_MAX`].
///
/// # Errors
/// Those of [`Select`].
pub(crate) async fn dearest<N: Noun>(
    store: &Store,
    access: &Access,
    range: &Range,
    filters: &Filters,
    money: MoneyFormat,
) -> Result<Vec<N::Item>, Problem> {
    let select = select::<N>(store, access, range, filters, &None, LIMIT_MAX as u64);
    let groups: Vec<Group> = select.all().await?;
    Ok(groups
        .into_iter()
        .map(|group| N::item(group, money))
        .collect())
}

fn select<N: Noun>(
    store: &Store,
    access: &Access,
    range: &Range,
    filters: &Filters,
    after: &Option<Key>,
    limit: u64,
) -> Select {
    let template = Template::new(include_str!("ranking.sql"))
        .with("key_1", N::KEY_1)
        .with("key_2", N::KEY_2)
        .with("keep", N::KEEP);
    let (cost, key_1, key_2) = match after {
        Some(key) => (
            Usd::from_pico(key.pico_usd).to_string(),
            &*key.key_1,
            &*key.key_2,
        ),
        None => (BEFORE_ALL.to_owned(), "", ""),
    };
    usage::select(store, access, range.parts(), filters, template)
        .param("after_cost", cost)
        .param("after_1", key_1)
        .param("after_2", key_2)
        .param("limit", limit)
}

async fn items<N: Noun>(
    select: Select,
    money: MoneyFormat,
) -> Result<impl Stream<Item = Result<N::Item, Problem>> + Send, Problem> {
    let groups = select.stream::<Group>().await?;
    Ok(groups.map(move |group| group.map(|group| N::item(group, money))))
}

/// Cuts what was read beyond the page; the last group of the page when there was more.
fn next(groups: &mut Vec<Group>, limit: usize) -> Option<Key> {
    if groups.len() <= limit {
        return None;
    }
    groups.truncate(limit);
    groups.last().map(|group| Key {
        pico_usd: group.cost,
        key_1: group.key_1.clone(),
        key_2: group.key_2.clone(),
    })
}
