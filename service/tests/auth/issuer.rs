//! An OpenID Connect issuer as small as a test needs: keys of its own, which it publishes over
//! HTTP, and tokens of any form. Its signatures come from OpenSSL, not from the library that
//! verifies them. Other crates' tests use this file, too.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};

/// Where the issuer's name ends and its keys are.
const PATH: &str = "/.well-known/jwks.json";

/// A running issuer.
pub struct Issuer {
    /// Its name, as in `iss`.
    pub name: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answer: Option<String>,
    asked: usize,
}

impl Issuer {
    /// Listens on a free port for as long as the process lives; publishes nothing yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
                state.asked += 1;
                let (status, body) = match &state.answer {
                    Some(body) if request.starts_with(&format!("GET {PATH} ")) => {
                        ("200 OK", &**body)
                    }
                    _ => ("503 Service Unavailable", ""),
                };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
                let _ = write!(stream, "{head}Connection: close\r\n\r\n{body}");
            }
        });
        Self { name, state }
    }

    /// For `LLMOBSERVE_JWT_JWKS`.
    pub fn jwks_url(&self) -> String {
        format!("{}{PATH}", self.name)
    }

    /// Publishes these keys, and no others.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.answer(Some(jwks(keys)));
    }

    /// Answers with any text, or with an error.
    pub fn answer(&self, text: Option<String>) {
        self.lock().answer = text;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.lock().asked
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Claims as Clerk puts them into a session token, valid for a minute.
    pub fn claims(&self, subject: &str) -> Value {
        let now = now();
        json!({
            "azp": "https://app.example.com", "exp": now + 60, "iat": now, "iss": self.name,
            "jti": "5f0c2c2e", "nbf": now - 10, "sid": "sess_2x", "sub": subject, "v": 2
        })
    }
}

/// The JWK Set of these keys.
pub fn jwks(keys: &[&SigningKey]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A key pair for one algorithm.
pub struct SigningKey {
    pub id: &'static str,
    pub algorithm: &'static str,
    pub pair: PKey<Private>,
}

impl SigningKey {
    pub fn rs256(id: &'static str) -> Self {
        let pair = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Self {
            id,
            algorithm: "RS256",
            pair,
        }
    }

    pub fn es256(id: &'static str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let pair = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self {
            id,
            algorithm: "ES256",
            pair,
        }
    }

    pub fn eddsa(id: &'static str) -> Self {
        Self {
            id,
            algorithm: "EdDSA",
            pair: PKey::generate_ed25519().unwrap(),
        }
    }

    /// The public half as the issuer publishes it.
    pub fn jwk(&self) -> Value {
        let mut jwk = match self.algorithm {
            "RS256" => {
                let rsa = self.pair.rsa().unwrap();
                let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
                json!({"kty": "RSA", "n": encode(&n), "e": encode(&e)})
            }
            "ES256" => {
                let key = self.pair.ec_key().unwrap();
                let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
                let mut context = BigNumContext::new().unwrap();
                let point = key.public_key();
                point
                    .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
                    .unwrap();
                let text = |number: &BigNum| encode(&number.to_vec_padded(32).unwrap());
                json!({"kty": "EC", "crv": "P-256", "x": text(&x), "y": text(&y)})
            }
            _ => {
                let x = self.pair.raw_public_key().unwrap();
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&x)})
            }
        };
        jwk["kid"] = self.id.into();
        jwk["alg"] = self.algorithm.into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let header =
            json!({"alg": self.algorithm, "cat": "cl_B7d4PD111AAA", "kid": self.id, "typ": "JWT"});
        self.sign(&header, claims)
    }

    /// A token with this header, whatever it says, and a signature of this key.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", encode(&signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        if self.algorithm == "EdDSA" {
            let mut signer = Signer::new_without_digest(&self.pair).unwrap();
            return signer.sign_oneshot_to_vec(message).unwrap();
        }
        let mut signer = Signer::new(MessageDigest::sha256(), &self.pair).unwrap();
        let signature = signer.sign_oneshot_to_vec(message).unwrap();
        if self.algorithm == "RS256" {
            return signature;
        }
        let pair = EcdsaSig::from_der(&signature).unwrap();
        let halves = [pair.r(), pair.s()].map(|half| half.to_vec_padded(32).unwrap());
        halves.concat()
    }
}

/// Header and claims, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let parts = [header, claims].map(|part| encode(part.to_string().as_bytes()));
    parts.join(".")
}

/// Base64 as JWTs use it.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
