//! The issuer changes its keys, is away, is asked too often.

use std::time::Duration;

use service::auth::Authenticator;

use crate::issuer::{Issuer, SigningKey};
use crate::world::{ask, jwt, required};

/// More than the pause between two questions in these tests.
const PAUSE: Duration = Duration::from_millis(1_100);

async fn status(authenticator: &Authenticator, issuer: &Issuer, key: &SigningKey) -> u16 {
    ask(authenticator, &key.token(&issuer.claims("user_1")))
        .await
        .0
}

#[tokio::test]
async fn a_new_key_is_found_and_a_removed_one_is_forgotten() {
    let issuer = Issuer::start();
    let (old, new) = (SigningKey::rs256("old"), SigningKey::es256("new"));
    issuer.publish(&[&old]);
    let authenticator = required(jwt(&issuer));
    assert_eq!(status(&authenticator, &issuer, &old).await, 200);
    issuer.publish(&[&new]);
    tokio::time::sleep(PAUSE).await;
    // The first request with it waits for the issuer's answer.
    assert_eq!(status(&authenticator, &issuer, &new).await, 200);
    assert_eq!(status(&authenticator, &issuer, &old).await, 401);
}

#[tokio::test]
async fn unknown_keys_do_not_make_us_ask_again_and_again() {
    let issuer = Issuer::start();
    let (known, unknown) = (SigningKey::es256("known"), SigningKey::es256("unknown"));
    issuer.publish(&[&known]);
    let authenticator = required(jwt(&issuer));
    assert_eq!(status(&authenticator, &issuer, &known).await, 200);
    for _ in 0..200 {
        assert_eq!(status(&authenticator, &issuer, &unknown).await, 401);
    }
    // Once at the start; a slow machine may have been given one more second or two.
    assert!(issuer.asked() <= 5, "asked {} times", issuer.asked());
}

#[tokio::test]
async fn while_the_issuer_is_away_the_last_keys_stay() {
    let issuer = Issuer::start();
    let (key, unknown) = (SigningKey::es256("key"), SigningKey::es256("unknown"));
    issuer.publish(&[&key]);
    let authenticator = required(jwt(&issuer));
    assert_eq!(status(&authenticator, &issuer, &key).await, 200);
    for answer in [None, Some("not json"), Some(r#"{"keys":[]}"#)] {
        let asked = issuer.asked();
        issuer.answer(answer.map(ToOwned::to_owned));
        tokio::time::sleep(PAUSE).await;
        assert_eq!(status(&authenticator, &issuer, &unknown).await, 401);
        assert!(issuer.asked() > asked, "was not asked");
        assert_eq!(status(&authenticator, &issuer, &key).await, 200);
    }
}

#[tokio::test]
async fn before_the_first_keys_it_is_the_issuers_fault_and_then_it_is_found() {
    let issuer = Issuer::start();
    let key = SigningKey::eddsa("key");
    let authenticator = required(jwt(&issuer));
    let (code, text) = ask(&authenticator, &key.token(&issuer.claims("user_1"))).await;
    assert_eq!(code, 503);
    assert!(text.contains("issuer_unavailable"), "{text}");
    issuer.publish(&[&key]);
    let begun = std::time::Instant::now();
    while status(&authenticator, &issuer, &key).await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "never found");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
