//! Who may ask.
//!
//! With a password: whoever knows it. Without: whoever is on this machine,
//! and no web page that a browser on it has open. A page can make a browser
//! post here blindly, and a name it controls can be made to resolve to
//! loopback, so `Host` must be a loopback name and `Origin`, when there, too.

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::error::{Code, Error};

/// The rule of one server.
#[derive(Debug)]
pub(super) struct Access {
    user: String,
    password: Option<SecretString>,
}

impl Access {
    pub(super) fn new(user: String, password: Option<SecretString>) -> Self {
        Self { user, password }
    }

    /// Lets a request pass or says why not.
    pub(super) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
        match &self.password {
            None => local_only(headers, uri),
            Some(password) => {
                let (user, given) = credentials(headers, uri);
                let known = user.as_bytes().ct_eq(self.user.as_bytes());
                let right = given.as_bytes().ct_eq(password.expose_secret().as_bytes());
                if bool::from(known & right) {
                    return Ok(());
                }
                let text = format!(
                    "{user}: Authentication failed: password is incorrect, or there is no user with such name"
                );
                Err(Error::new(Code::AuthenticationFailed, text))
            }
        }
    }
}

fn local_only(headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or(uri.authority().map(Authority::as_str));
    if !host
        .filter(|host| !host.contains('@'))
        .and_then(|host| host.parse::<Authority>().ok())
        .is_some_and(|host| is_loopback(host.host()))
    {
        let text = "Without a password this server answers only to the Host names localhost, 127.0.0.1 and [::1]";
        return Err(Error::new(Code::AccessDenied, text));
    }
    let origin = headers
        .get(ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    let foreign = |origin: &str| {
        origin
            .parse::<Uri>()
            .ok()
            .and_then(|origin| origin.host().map(is_loopback))
            != Some(true)
    };
    if origin.is_some_and(foreign) {
        let text = "Without a password this server answers no web page of another Origin";
        return Err(Error::new(Code::AccessDenied, text));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || matches!(host, "127.0.0.1" | "[::1]")
}

/// User and password, from wherever a server takes them; the user is
/// `default` when only a password is given.
fn credentials(headers: &HeaderMap, uri: &Uri) -> (String, String) {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    if let Some(basic) = header(AUTHORIZATION.as_str()).and_then(|value| basic(&value)) {
        return basic;
    }
    let query = uri.query().unwrap_or_default();
    let from_url = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|pair| pair.0 == name)
            .map(|pair| pair.1.into_owned())
    };
    let user = header("x-clickhouse-user").or_else(|| from_url("user"));
    let password = header("x-clickhouse-key").or_else(|| from_url("password"));
    (
        user.unwrap_or_else(|| "default".into()),
        password.unwrap_or_default(),
    )
}

fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(
        password: Option<&str>,
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(), u32> {
        let access = Access::new("default".into(), password.map(SecretString::from));
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        access
            .check(&headers, &uri.parse().unwrap())
            .map_err(|error| error.code())
    }

    #[test]
    fn without_a_password_only_this_machine_may_ask() {
        for host in [
            "localhost",
            "LocalHost:8123",
            "127.0.0.1:1",
            "[::1]:8123",
            "[::1]",
        ] {
            assert_eq!(check(None, "/", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "",
            "127.0.0.2",
            "a@localhost",
        ] {
            assert_eq!(check(None, "/", &[("host", host)]), Err(497), "{host}");
        }
        assert_eq!(check(None, "/", &[]), Err(497));
    }

    #[test]
    fn without_a_password_no_page_of_another_origin_may_ask() {
        let with = |origin| check(None, "/", &[("host", "localhost"), ("origin", origin)]);
        assert_eq!(with("http://localhost:8000"), Ok(()));
        assert_eq!(with("http://127.0.0.1:3000"), Ok(()));
        for origin in [
            "null",
            "https://evil.example",
            "http://localhost.evil.example",
            "",
        ] {
            assert_eq!(with(origin), Err(497), "{origin}");
        }
    }

    #[test]
    fn a_password_is_taken_from_each_place() {
        let basic = STANDARD.encode("default:a:b");
        assert_eq!(
            check(
                Some("a:b"),
                "/",
                &[("authorization", &format!("Basic {basic}"))]
            ),
            Ok(())
        );
        assert_eq!(
            check(
                Some("k"),
                "/",
                &[("x-clickhouse-user", "default"), ("x-clickhouse-key", "k")]
            ),
            Ok(())
        );
        assert_eq!(
            check(
                Some("k"),
                "/",
                &[("x-clickhouse-key", "k"), ("host", "evil.example")]
            ),
            Ok(())
        );
        assert_eq!(
            check(Some("a b"), "/?user=default&password=a%20b", &[]),
            Ok(())
        );
        for (uri, key) in [
            ("/", ""),
            ("/", "K"),
            ("/?user=other", "k"),
            ("/?user=", "k"),
        ] {
            assert_eq!(
                check(Some("k"), uri, &[("x-clickhouse-key", key)]),
                Err(516),
                "{uri} {key}"
            );
        }
    }
}
