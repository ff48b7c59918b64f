#![allow(clippy::unwrap_used)]
use super::*;

#[tokio::test]
async fn a_role_is_ready_when_all_it_needs_is() {
    let readiness = Readiness::default();
    readiness.check("ingest", "kafka", || async { Ok(()) });
    let clickhouse = readiness.flag("query-api", "clickhouse");
    let report = readiness.report().await;
    assert!(!report.ready);
    assert_eq!(report.not_ready, ["query-api/clickhouse"]);
    assert!(report.clone().only("ingest").unwrap().ready);
    assert!(report.only("proxy").is_none());
    clickhouse.ready();
    tokio::time::sleep(REPORT_AGE_MAX).await;
    assert!(readiness.report().await.ready);
}

#[tokio::test]
async fn a_check_that_hangs_is_not_ready() {
    let readiness = Readiness::default();
    readiness.check("ingest", "kafka", std::future::pending);
    let report = readiness.report().await;
    assert_eq!(
        report.roles[0].dependencies[0].reason.as_deref(),
        Some("no answer in time")
    );
}

#[tokio::test]
async fn many_who_ask_at_once_cost_one_check() {
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let readiness = Readiness::default();
    let count = Arc::clone(&asked);
    readiness.check("ingest", "kafka", move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async { Ok(()) }
    });
    futures::future::join_all((0..50).map(|_| readiness.report())).await;
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}
