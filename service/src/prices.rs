//! The prices in use: the published ones, under those of the file that the operator keeps
//! (`LLMOBSERVE_PRICES`), which is read again when it changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use clap::Args;
use schemas::pricing::PriceBook;

/// How often the file is looked at, at most. Looking costs microseconds, and is done by
/// whoever prices a call.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Largest file that is read; `schemas` has the same bound.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Counts what became of changed files.
const RELOADS: &str = "llmobserve_price_reloads_total";

/// Where prices of one's own are.
#[derive(Args, Clone, Debug, Default)]
pub struct PriceArgs {
    /// File of prices of one's own, over the published ones: TOML or JSON, per provider, model
    /// and tenant, with dates (docs/PRICES.md). Read again when it changes; while it is
    /// malformed, the last good one stays in force.
    #[arg(long, env = "LLMOBSERVE_PRICES")]
    pub prices: Option<PathBuf>,
}

/// The prices in force. Clones share them.
#[derive(Debug, Clone)]
pub struct Prices(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    published: PriceBook,
    file: Option<PathBuf>,
    in_force: RwLock<Arc<PriceBook>>,
    watch: Mutex<Watch>,
}

/// The file as it was last seen.
#[derive(Debug)]
struct Watch {
    looked: Instant,
    stamp: Option<Stamp>,
}

/// What changes when a file is written or replaced.
type Stamp = (SystemTime, u64);

impl Prices {
    /// # Errors
    /// When the file cannot be read, or makes no sense: a start with other prices than the
    /// operator wrote would be a wrong bill.
    pub fn load(args: &PriceArgs) -> anyhow::Result<Self> {
        let published = PriceBook::bundled().context("cannot read the published prices")?;
        let (book, stamp) = match &args.prices {
            Some(file) => {
                let stamp = stamp(file);
                let text = read(file)?;
                (parse(&published, &text, file)?, stamp)
            }
            None => (published.clone(), None),
        };
        metrics::describe_counter!(RELOADS, "Changed price files, by result.");
        Ok(Self(Arc::new(Inner {
            published,
            file: args.prices.clone(),
            in_force: RwLock::new(Arc::new(book)),
            watch: Mutex::new(Watch {
                looked: Instant::now(),
                stamp,
            }),
        })))
    }

    /// The prices in force now; to be kept for one request.
    pub fn book(&self) -> Arc<PriceBook> {
        if let Some(file) = &self.0.file {
            self.look(file, LOOK_EVERY);
        }
        let in_force = self
            .0
            .in_force
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&in_force)
    }

    /// Reads the file again if it has changed. Whoever finds another at it goes on with the
    /// prices that are in force.
    fn look(&self, file: &Path, every: Duration) {
        let mut watch = match self.0.watch.try_lock() {
            Ok(watch) => watch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if watch.looked.elapsed() < every {
            return;
        }
        watch.looked = Instant::now();
        let now = stamp(file);
        if now == watch.stamp {
            return;
        }
        watch.stamp = now;
        let read = read(file).and_then(|text| parse(&self.0.published, &text, file));
        let result = match read {
            Ok(book) => {
                let (version, entries) = (book.overrides().version(), book.overrides().len());
                tracing::info!(version, entries, "prices are in force");
                let mut in_force = self
                    .0
                    .in_force
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *in_force = Arc::new(book);
                "ok"
            }
            Err(error) => {
                tracing::error!("the last good prices stay in force: {error:#}");
                "error"
            }
        };
        metrics::counter!(RELOADS, "result" => result).increment(1);
    }
}

/// Reads a price file over the published prices, once.
///
/// # Errors
/// When it cannot be read, or makes no sense.
pub fn read_book(file: &Path) -> anyhow::Result<PriceBook> {
    let published = PriceBook::bundled().context("cannot read the published prices")?;
    parse(&published, &read(file)?, file)
}

fn parse(published: &PriceBook, text: &str, file: &Path) -> anyhow::Result<PriceBook> {
    published
        .with_overrides(text)
        .with_context(|| format!("the price file {} makes no sense", file.display()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    let failed = || format!("cannot read the price file {}", file.display());
    let length = std::fs::metadata(file).with_context(failed)?.len();
    anyhow::ensure!(
        length <= FILE_BYTES_MAX,
        "the price file {} is larger than {FILE_BYTES_MAX} bytes",
        file.display()
    );
    std::fs::read_to_string(file).with_context(failed)
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use schemas::pricing::{Query, Usage};

    fn price(usd: &str) -> String {
        format!(
            "[[price]]\nprovider = \"acme\"\nmodel = \"*\"\nper_million = {{ input_tokens = {usd} }}\n"
        )
    }

    fn costs(prices: &Prices) -> Option<String> {
        let usage = Usage {
            input_tokens: Some(1_000_000),
            ..Usage::default()
        };
        let query = Query {
            tenant_id: None,
            provider: "acme",
            model: "m",
            service_tier: None,
            timestamp_us: 0,
            usage: &usage,
        };
        prices.book().price(&query).map(|usd| usd.to_string())
    }

    #[test]
    fn a_changed_file_is_in_force_and_a_malformed_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prices.toml");
        std::fs::write(&file, price("1")).unwrap();
        let prices = Prices::load(&PriceArgs {
            prices: Some(file.clone()),
        })
        .unwrap();
        assert_eq!(costs(&prices).as_deref(), Some("1"));
        for (text, usd) in [
            (price("25"), "25"),
            ("[[price".into(), "25"),
            (price("3"), "3"),
        ] {
            std::fs::write(&file, text).unwrap();
            prices.look(&file, Duration::ZERO);
            assert_eq!(costs(&prices).as_deref(), Some(usd));
        }
        std::fs::remove_file(&file).unwrap();
        prices.look(&file, Duration::ZERO);
        assert_eq!(
            costs(&prices).as_deref(),
            Some("3"),
            "a file that is gone is not believed"
        );
    }

    #[test]
    fn a_start_with_a_malformed_file_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prices.toml");
        let args = PriceArgs {
            prices: Some(file.clone()),
        };
        assert!(
            Prices::load(&args)
                .unwrap_err()
                .to_string()
                .contains("cannot read")
        );
        std::fs::write(&file, "version = 7").unwrap();
        assert!(
            Prices::load(&args)
                .unwrap_err()
                .to_string()
                .contains("makes no sense")
        );
        assert!(Prices::load(&PriceArgs::default()).is_ok());
    }
}
