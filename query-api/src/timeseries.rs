//! `GET /stats/timeseries`: cost and calls over time, also by group.

mod answer;
mod query;

use axum::response::Response;
use chrono_tz::Tz;
use service::Problem;
use utoipa::IntoParams;

use crate::answer::{Format, export, json};
use crate::calendar::{INTERVALS, Interval};
use crate::filters::Filters;
use crate::params::{Params, malformed};
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};

pub(crate) use query::{Buckets, buckets};

use answer::{ExportRow, TimeSeries, rows, series};
use query::{GroupBy, grouped};

/// The calendar.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; `time_zone` reads it
pub(crate) struct TimeZoneParams {
    /// IANA time zone of days, weeks (from Monday) and months; `UTC` when absent.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
}

/// Buckets and groups.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; `time_series` reads them
pub(crate) struct SeriesParams {
    /// `1m`, `5m` (both of the last 14 days only), `15m`, `1h`, `1d`, `1w` or `1mo`; one that
    /// gives up to 200 buckets when absent.
    interval: Option<String>,
    /// `provider`, `model`, `customer` or `section` (by path): the ten dearest, and `_other`.
    group_by: Option<String>,
    /// `json` (default), `csv` or `ndjson`; so does the header `Accept`.
    format: Option<String>,
}

/// Reads `tz`.
///
/// # Errors
/// 400 for a zone that is not in the IANA database.
pub(crate) fn time_zone(params: &mut Params) -> Result<Tz, Problem> {
    let name = params.one("tz")?;
    name.map_or(Ok(Tz::UTC), |name| name.parse()).map_err(|_| {
        malformed("tz must be a name of the IANA database, such as Europe/Berlin".to_owned())
    })
}

/// Cost and calls over time, without gaps.
#[utoipa::path(
    get,
    path = "/stats/timeseries",
    tag = "statistics",
    params(CommonParams, RangeParams, TimeZoneParams, SeriesParams, Filters),
    responses(
        (status = 200, body = TimeSeries),
        Refusals,
    )
)]
pub(crate) async fn time_series(mut ask: Ask) -> Result<Response, Problem> {
    let range = RangeParams::read(&mut ask.params)?;
    let filters = Filters::read(&mut ask.params)?;
    let tz = time_zone(&mut ask.params)?;
    let interval = ask.params.choice("interval", INTERVALS)?;
    let group_by = ask.params.choice("group_by", GroupBy::CHOICES)?;
    let format = Format::read(&mut ask.params, ask.accept)?;
    ask.params.finish()?;

    let range = range.last_day(ask.now)?;
    let interval = interval.unwrap_or_else(|| Interval::fitting(&range, tz, ask.now));
    if interval.needs_minutes() && range.outlives_minutes(ask.now) {
        let detail = "1m and 5m go back 14 days; take 15m or a younger range";
        return Err(Problem::bad_request("interval_too_fine", detail));
    }
    let starts = interval.starts(&range, tz)?;
    let parts = if interval.needs_minutes() {
        range.minutes()
    } else {
        range.parts()
    };
    let Ask {
        store,
        access,
        money,
        ..
    } = &ask;
    let series = match group_by {
        None => {
            let sums = buckets(store, access, parts, &filters, &starts).await?;
            series(interval, tz, *money, &starts, &sums, None)
        }
        Some(group_by) => {
            let groups = grouped(store, access, parts, &filters, &starts, group_by).await?;
            series(interval, tz, *money, &starts, &groups.sums(), Some(&groups))
        }
    };
    match format {
        Format::Json => json(&series, &range),
        Format::Csv | Format::Ndjson => {
            let rows: Vec<Result<ExportRow, Problem>> = rows(series).map(Ok).collect();
            export(format, &range, futures::stream::iter(rows)).await
        }
    }
}
