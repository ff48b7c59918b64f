//! Checks by itself, again and again, that everything that was received is accounted for.

use std::time::Duration;

use chrono::Utc;
use clap::Args;
use maintenance::audit::{Auditor, Check, Hour, Hours, Scope, State};
use schemas::money::MoneyFormat;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::metrics;

/// Settings of the check.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Seconds between two checks that the tables hold what was received; 0 = none.
    /// The outcome is in the metrics `llmobserve_conservation_difference` and
    /// `llmobserve_events_in_flight`.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSERVATION_INTERVAL_SECONDS",
        default_value_t = 60
    )]
    pub conservation_interval_seconds: u64,

    /// Hours that each check covers, the current one included. It reads their raw events.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSERVATION_HOURS",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Hours::COUNT_MAX))
    )]
    pub conservation_hours: u32,
}

/// Checks until `shutdown`; returns at once when no check is wanted.
pub(crate) async fn check(auditor: Auditor, args: CheckArgs, shutdown: CancellationToken) {
    if args.conservation_interval_seconds == 0 {
        return;
    }
    metrics::describe();
    let interval = Duration::from_secs(args.conservation_interval_seconds);
    let mut known = Known::default();
    let checks = async {
        loop {
            check_once(&auditor, args.conservation_hours, &mut known).await;
            tokio::time::sleep(interval).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = checks => {}
    }
}

async fn check_once(auditor: &Auditor, count: u32, known: &mut Known) {
    match auditor.in_flight().await {
        Ok(in_flight) => metrics::in_flight(&in_flight),
        Err(error) => warn!("how many events wait in Kafka is not known: {error:#}"),
    }
    let Some(hours) = Hours::last(count, Utc::now()) else {
        return;
    };
    let money = MoneyFormat::default();
    match auditor.hours(&Scope::All, hours, money).await {
        Ok(hours) => {
            metrics::checked(&hours);
            known.tell(&hours);
        }
        Err(error) => warn!(%error, "conservation could not be checked"),
    }
}

/// Which checks failed the last time: a difference is logged once.
#[derive(Default)]
struct Known(Vec<Check>);

impl Known {
    fn tell(&mut self, hours: &[Hour]) {
        let failing = |check: &Check| metrics::difference(hours, *check) > 0;
        let failed: Vec<Check> = Check::ALL.into_iter().filter(failing).collect();
        for hour in hours.iter().filter(|hour| hour.state == State::Differs) {
            for difference in &hour.differences {
                if !self.0.contains(&difference.check) {
                    let (hour, check) = (hour.hour, difference.check.name());
                    error!(%hour, check, "the tables differ: {}", difference.message);
                }
            }
        }
        if failed.is_empty() && !self.0.is_empty() {
            info!("the tables are equal again");
        }
        self.0 = failed;
    }
}
