//! What authentication adds to a request: `make bench-auth`.
#![allow(clippy::unwrap_used, clippy::print_stdout, dead_code, unreachable_pub)]

#[path = "../tests/auth/issuer.rs"]
mod issuer;

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::http::Request;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use service::auth::{ApiKey, Authenticator, Keyring, Scopes};
use service::config::{AuthArgs, AuthMode, JwtArgs};

use issuer::{Issuer, SigningKey, jwks};

/// Keys in memory beside the one that is looked up.
const KEYS: usize = 10_000;
/// Repetitions of each measurement; the median counts.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(50);

fn main() {
    println!("| what | median of {ROUNDS}, µs | goal, µs |\n|---|---|---|");
    let mut missed = Vec::new();
    let mut report = |what: &str, goal: f64, took: f64| {
        println!("| {what} | {took:.2} | < {goal} |");
        if took >= goal {
            missed.push(what.to_owned());
        }
    };
    let (door, credential) = keys();
    report("API key, one of 10,000", 5.0, measure(&door, &credential));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    for key in [
        SigningKey::rs256("k"),
        SigningKey::es256("k"),
        SigningKey::eddsa("k"),
    ] {
        let (door, credential) = tokens(&key);
        let what = format!("JWT, {}", key.algorithm);
        report(&what, 100.0, measure(&door, &credential));
    }
    assert!(missed.is_empty(), "slower than the goal: {missed:?}");
}

fn keys() -> (Authenticator, String) {
    let keyring = Keyring::default();
    let mut last = None;
    for i in 0..KEYS {
        let key = ApiKey::generate().unwrap();
        keyring.insert(key.bound(&format!("tenant-{i}"), Scopes::ALL).unwrap());
        last = Some(key);
    }
    let credential = last.unwrap().expose().expose_secret().to_owned();
    (Authenticator::required(keyring), credential)
}

fn tokens(key: &SigningKey) -> (Authenticator, String) {
    let issuer = Issuer::start();
    let file = std::env::temp_dir().join(format!("auth-bench-{}.json", std::process::id()));
    std::fs::write(&file, jwks(&[key])).unwrap();
    let args = AuthArgs {
        auth: Some(AuthMode::Required),
        insecure_allow_remote: false,
        bootstrap_key_file: None,
        jwt: JwtArgs {
            jwt_jwks: Some(file.to_str().unwrap().to_owned()),
            jwt_issuer: Some(issuer.name.clone()),
            ..JwtArgs::default()
        },
    };
    let door = Authenticator::from_args(&args, AuthMode::Required).unwrap();
    std::fs::remove_file(&file).unwrap();
    (door, key.token(&issuer.claims("user_abc123")))
}

/// Microseconds of one authentication.
fn measure(door: &Authenticator, credential: &str) -> f64 {
    let request = Request::builder().header("authorization", format!("Bearer {credential}"));
    let (parts, ()): (Parts, ()) = request.body(()).unwrap().into_parts();
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(door, &parts)).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn round(door: &Authenticator, parts: &Parts) -> f64 {
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < ROUND {
        for _ in 0..10 {
            black_box(door.authenticate(black_box(parts)).unwrap());
        }
        count += 10;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}
