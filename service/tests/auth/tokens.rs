//! Which tokens are believed.

use hmac_sha256::hmac;
use serde_json::{Value, json};
use service::auth::Authenticator;
use service::config::JwtArgs;

use crate::issuer::{Issuer, SigningKey, encode, jwks, now, unsigned};
use crate::world::{ask, jwt, required};

/// HMAC-SHA-256 by OpenSSL: what an attacker has at hand.
mod hmac_sha256 {
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::sign::Signer;

    pub(super) fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
        let key = PKey::hmac(secret).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.sign_oneshot_to_vec(message).unwrap()
    }
}

struct World {
    issuer: Issuer,
    rsa: SigningKey,
    ec: SigningKey,
    ed: SigningKey,
    authenticator: Authenticator,
}

impl World {
    fn new(adjust: impl FnOnce(&mut JwtArgs)) -> Self {
        let issuer = Issuer::start();
        let (rsa, ec) = (SigningKey::rs256("rsa-1"), SigningKey::es256("ec-1"));
        let ed = SigningKey::eddsa("ed-1");
        issuer.publish(&[&rsa, &ec, &ed]);
        let mut args = jwt(&issuer);
        adjust(&mut args);
        let authenticator = required(args);
        Self {
            issuer,
            rsa,
            ec,
            ed,
            authenticator,
        }
    }

    fn claims(&self) -> Value {
        self.issuer.claims("user_abc123")
    }

    /// The caller of a token with these claims.
    async fn caller(&self, claims: &Value) -> String {
        let (status, text) = ask(&self.authenticator, &self.rsa.token(claims)).await;
        assert_eq!(status, 200, "{claims}: {text}");
        text
    }

    /// The token must be refused, with these words.
    async fn refuses(&self, token: &str, words: &str) {
        let (status, text) = ask(&self.authenticator, token).await;
        assert_eq!(status, 401, "{words}: {text}");
        assert!(text.contains(words), "{words}: {text}");
    }

    async fn refuses_claims(&self, claims: &Value, words: &str) {
        self.refuses(&self.rsa.token(claims), words).await;
    }
}

/// Claims with one changed; null removes it.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    claims
}

#[tokio::test]
async fn a_token_of_each_algorithm_is_its_subjects_and_reads_only() {
    let world = World::new(|_| ());
    for key in [&world.rsa, &world.ec, &world.ed] {
        let (status, text) = ask(&world.authenticator, &key.token(&world.claims())).await;
        assert_eq!(
            (status, &*text),
            (200, "jwt:user_abc123 user_abc123 read user_abc123"),
            "{}",
            key.algorithm
        );
    }
}

#[tokio::test]
async fn no_signature_and_no_secret_made_of_the_public_key() {
    let world = World::new(|_| ());
    let claims = world.claims();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let token = unsigned(&json!({"alg": alg, "kid": "rsa-1"}), &claims);
        for token in [format!("{token}."), token] {
            world.refuses(&token, "neither an API key nor a JWT").await;
        }
    }
    let rsa = world.rsa.pair.rsa().unwrap();
    let secrets = [
        world.rsa.pair.public_key_to_pem().unwrap(),
        world.rsa.pair.public_key_to_der().unwrap(),
        rsa.public_key_to_pem_pkcs1().unwrap(),
        rsa.n().to_vec(),
        world.rsa.jwk()["n"].as_str().unwrap().as_bytes().to_vec(),
        world.rsa.jwk().to_string().into_bytes(),
        vec![0],
    ];
    for secret in secrets {
        for kid in [json!("rsa-1"), Value::Null] {
            let message = unsigned(&json!({"alg": "HS256", "kid": kid}), &claims);
            let token = format!("{message}.{}", encode(&hmac(&secret, message.as_bytes())));
            world.refuses(&token, "unauthorized").await;
        }
    }
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_the_key_is_named() {
    let world = World::new(|_| ());
    let claims = world.claims();
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid, "typ": "JWT"});
    for (alg, kid) in [
        ("ES256", "rsa-1"),
        ("RS256", "ec-1"),
        ("EdDSA", "ec-1"),
        ("RS512", "rsa-1"),
    ] {
        let token = world.rsa.sign(&header(alg, kid), &claims);
        world.refuses(&token, "`alg` is not that of its key").await;
    }
    let nameless = world.rsa.sign(&json!({"alg": "RS256"}), &claims);
    world.refuses(&nameless, "(`kid`)").await;
    // Another key under the same name.
    let stranger = SigningKey::rs256("rsa-1");
    world.refuses(&stranger.token(&claims), "signature").await;
    world
        .refuses(
            &world.ed.sign(&header("ES256", "ec-1"), &claims),
            "signature",
        )
        .await;
    // A token that carries its own key is still verified with the issuer's.
    let mut own = header("RS256", "rsa-1");
    own["jwk"] = stranger.jwk();
    world.refuses(&stranger.sign(&own, &claims), "").await;
}

#[tokio::test]
async fn what_was_signed_is_what_counts() {
    let world = World::new(|_| ());
    let token = world.rsa.token(&world.claims());
    let parts: Vec<&str> = token.split('.').collect();
    let other = encode(world.issuer.claims("user_other").to_string().as_bytes());
    let swapped = format!("{}.{other}.{}", parts[0], parts[2]);
    world.refuses(&swapped, "signature").await;
    for text in [
        "a.b.c",
        "",
        "..",
        "eyJ",
        &token[..token.len() - 1],
        &format!("{token}.x"),
    ] {
        world.refuses(text, "unauthorized").await;
    }
    let long = with(&world.claims(), "note", "x".repeat(20_000).into());
    world
        .refuses_claims(&long, "neither an API key nor a JWT")
        .await;
}

#[tokio::test]
async fn time_and_issuer_always_count() {
    let world = World::new(|_| ());
    let claims = world.claims();
    let now = now();
    let cases = [
        ("exp", json!(now - 11), "expired"),
        ("exp", Value::Null, "lacks a claim"),
        ("exp", json!("tomorrow"), "lacks a claim"),
        ("nbf", json!(now + 30), "not valid yet"),
        ("nbf", json!("x"), "lacks a claim"),
        ("iss", json!("https://evil.example"), "another issuer"),
        (
            "iss",
            json!(format!("{}/", world.issuer.name)),
            "another issuer",
        ),
        ("iss", Value::Null, "lacks a claim"),
    ];
    for (name, value, words) in cases {
        world
            .refuses_claims(&with(&claims, name, value), words)
            .await;
    }
    // The clocks may differ a little.
    world.caller(&with(&claims, "exp", json!(now - 3))).await;
    world.caller(&with(&claims, "nbf", json!(now + 3))).await;
    world.caller(&with(&claims, "nbf", Value::Null)).await;
}

#[tokio::test]
async fn audience_and_party_count_where_they_are_set() {
    let world = World::new(|args| {
        args.jwt_audience = vec!["llmobserve".to_owned(), "other".to_owned()];
        args.jwt_authorized_parties = vec!["https://app.example.com".to_owned()];
    });
    let claims = with(&world.claims(), "aud", json!("llmobserve"));
    world.caller(&claims).await;
    world
        .caller(&with(&claims, "aud", json!(["x", "other"])))
        .await;
    for (value, words) in [
        (json!("x"), "another audience"),
        (json!(["x", "y"]), "another audience"),
        (json!([]), "another audience"),
        (Value::Null, "lacks a claim"),
    ] {
        world
            .refuses_claims(&with(&claims, "aud", value), words)
            .await;
    }
    for value in [
        json!("https://evil.example"),
        json!(["https://app.example.com"]),
        Value::Null,
    ] {
        world
            .refuses_claims(&with(&claims, "azp", value), "(`azp`)")
            .await;
    }
    // Where none is set, a token may name any.
    let open = World::new(|_| ());
    open.caller(&with(&open.claims(), "aud", json!("x"))).await;
    open.caller(&with(&open.claims(), "azp", Value::Null)).await;
}

#[tokio::test]
async fn only_tokens_of_access_without_extensions() {
    let world = World::new(|_| ());
    let sign = |header: Value| world.rsa.sign(&header, &world.claims());
    let logout = sign(json!({"alg": "RS256", "kid": "rsa-1", "typ": "logout+jwt"}));
    world.refuses(&logout, "`typ`").await;
    let extended = sign(json!({"alg": "RS256", "kid": "rsa-1", "crit": ["bound"], "bound": "x"}));
    world.refuses(&extended, "`crit`").await;
    let unencoded = sign(json!({"alg": "RS256", "kid": "rsa-1", "crit": ["b64"], "b64": false}));
    world
        .refuses(&unencoded, "neither an API key nor a JWT")
        .await;
    for typ in ["at+jwt", "application/at+jwt", "jwt"] {
        let token = sign(json!({"alg": "RS256", "kid": "rsa-1", "typ": typ}));
        assert_eq!(ask(&world.authenticator, &token).await.0, 200, "{typ}");
    }
}

#[tokio::test]
async fn the_tenant_and_the_roles_are_claims_by_path() {
    let world = World::new(|args| {
        args.jwt_tenant_claim = "o.id".to_owned();
        args.jwt_role_claim = Some("o.rol".to_owned());
        let roles = ["admin=ingest+admin", "org:member=ingest"];
        args.jwt_roles = roles.map(|role| role.parse().unwrap()).to_vec();
    });
    let organisation = |value: Value| with(&world.claims(), "o", value);
    let caller = world
        .caller(&organisation(json!({"id": "org_1", "rol": "basic"})))
        .await;
    assert_eq!(caller, "jwt:user_abc123 org_1 read org_1");
    let caller = world
        .caller(&organisation(json!({"id": "org_1", "rol": "admin"})))
        .await;
    assert_eq!(caller, "jwt:user_abc123 org_1 ingest+read+admin org_1");
    let several = json!({"id": "org_1", "rol": ["x", "org:member"]});
    let caller = world.caller(&organisation(several)).await;
    assert_eq!(caller, "jwt:user_abc123 org_1 ingest+read org_1");
    for without in [
        Value::Null,
        json!("org_1"),
        json!({"rol": "admin"}),
        json!({"id": ""}),
        json!({"id": 7}),
        json!({"id": ["org_1"]}),
        json!({"id": "a\nb"}),
        json!({"id": "x".repeat(257)}),
    ] {
        world
            .refuses_claims(&organisation(without), "names the tenant")
            .await;
    }
    for subject in [Value::Null, json!(""), json!(7), json!("x".repeat(256))] {
        let claims = with(&organisation(json!({"id": "org_1"})), "sub", subject);
        world.refuses_claims(&claims, "(`sub`)").await;
    }
}

#[tokio::test]
async fn a_claims_own_name_may_hold_dots() {
    let world = World::new(|args| args.jwt_tenant_claim = "https://acme.example/tenant".to_owned());
    let claims = with(&world.claims(), "https://acme.example/tenant", json!("t1"));
    assert_eq!(world.caller(&claims).await, "jwt:user_abc123 t1 read t1");
}

#[tokio::test]
async fn without_an_issuer_no_token_is_believed() {
    let world = World::new(|args| {
        args.jwt_jwks = None;
        args.jwt_issuer = None;
    });
    let token = world.rsa.token(&world.claims());
    world.refuses(&token, "the API key is not valid").await;
}

#[tokio::test]
async fn keys_may_come_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    let key = SigningKey::es256("ec-1");
    std::fs::write(&path, jwks(&[&key])).unwrap();
    let world = World::new(|args| args.jwt_jwks = Some(path.to_str().unwrap().to_owned()));
    let (status, text) = ask(&world.authenticator, &key.token(&world.claims())).await;
    assert_eq!(status, 200, "{text}");
    // The only key needs no name.
    let nameless = key.sign(&json!({"alg": "ES256"}), &world.claims());
    assert_eq!(ask(&world.authenticator, &nameless).await.0, 200);
    world
        .refuses(&world.rsa.token(&world.claims()), "does not publish")
        .await;
}

#[tokio::test]
async fn keys_of_other_kinds_are_left_out_and_a_useless_set_is_refused() {
    let (good, enc) = (SigningKey::rs256("good"), SigningKey::rs256("enc"));
    let mut for_encryption = enc.jwk();
    for_encryption["use"] = "enc".into();
    let others = [
        for_encryption,
        json!({"kty": "oct", "k": "c2VjcmV0", "kid": "hmac", "alg": "HS256"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "k1"}),
        json!({"kty": "future", "kid": "f"}),
        json!(7),
    ];
    let issuer = Issuer::start();
    let set = |keys: &[Value]| Some(json!({ "keys": keys }).to_string());
    issuer.answer(set(&[&others[..], &[good.jwk()][..]].concat()));
    let authenticator = required(jwt(&issuer));
    let claims = issuer.claims("user_1");
    let (status, text) = ask(&authenticator, &good.token(&claims)).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(ask(&authenticator, &enc.token(&claims)).await.0, 401);
    let message = unsigned(&json!({"alg": "HS256", "kid": "hmac"}), &claims);
    let forged = format!("{message}.{}", encode(&hmac(b"secret", message.as_bytes())));
    assert_eq!(ask(&authenticator, &forged).await.0, 401);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, set(&others).unwrap()).unwrap();
    let args = service::config::AuthArgs {
        auth: None,
        insecure_allow_remote: false,
        bootstrap_key_file: None,
        jwt: JwtArgs {
            jwt_jwks: Some(path.to_str().unwrap().to_owned()),
            ..jwt(&issuer)
        },
    };
    let error = Authenticator::from_args(&args, service::config::AuthMode::Required).unwrap_err();
    assert!(
        format!("{error:#}").contains("no key for RS256"),
        "{error:#}"
    );
}
