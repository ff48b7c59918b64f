//! Who may ask.
//!
//! With a password: whoever knows it. Without: whoever is on this machine,
//! and no web page that a browser on it has open. A page can make a browser
//! post here blindly, and a name it controls can be made to resolve to
//! loopback, so `Host` must be a loopback name and `Origin`, when there, too.

use anyhow::{Result, ensure};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::error::{Code, Error};
use super::role::{Reader, Role};

/// The rule of one server.
#[derive(Debug)]
pub(super) struct Access {
    owner: User,
    reader: Option<User>,
}

#[derive(Debug)]
struct User {
    name: String,
    password: Option<SecretString>,
}

impl User {
    /// Takes as long for a wrong name as for a wrong password.
    fn is(&self, name: &str, given: &str) -> bool {
        let password = self.password.as_ref().map_or("", |p| p.expose_secret());
        let known = name.as_bytes().ct_eq(self.name.as_bytes());
        let right = given.as_bytes().ct_eq(password.as_bytes());
        bool::from(known & right)
    }
}

impl Access {
    /// # Errors
    /// When one user has a password and the other none, or both have one name.
    pub(super) fn new(
        user: String,
        password: Option<SecretString>,
        reader: Option<Reader>,
    ) -> Result<Self> {
        let owner = User {
            name: user,
            password,
        };
        let reader = reader.map(|reader| User {
            name: reader.user,
            password: reader.password,
        });
        if let Some(reader) = &reader {
            ensure!(
                reader.password.is_some() == owner.password.is_some(),
                "of ClickHouse's two users either both need a password or none does"
            );
            ensure!(
                reader.name != owner.name,
                "ClickHouse's two users cannot both be called {}",
                owner.name
            );
        }
        Ok(Self { owner, reader })
    }

    /// Without a password: refuses what a web page could send.
    pub(super) fn place(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
        match self.owner.password {
            Some(_) => Ok(()),
            None => local_only(headers, uri),
        }
    }

    /// Who asks, or why nobody may so.
    pub(super) fn role(&self, headers: &HeaderMap, uri: &Uri) -> Result<Role, Error> {
        let (user, given) = credentials(headers, uri);
        let reader = self.reader.as_ref();
        if self.owner.password.is_none() {
            let reads = reader.is_some_and(|reader| reader.name == user);
            return Ok(if reads { Role::Reader } else { Role::Owner });
        }
        // Both are compared, whichever fits.
        let owns = self.owner.is(&user, &given);
        let reads = reader.is_some_and(|reader| reader.is(&user, &given));
        match (owns, reads) {
            (true, _) => Ok(Role::Owner),
            (false, true) => Ok(Role::Reader),
            (false, false) => {
                let text = format!(
                    "{user}: Authentication failed: password is incorrect, or there is no user with such name"
                );
                Err(Error::new(Code::AuthenticationFailed, text))
            }
        }
    }
}

fn local_only(headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => uri.authority().map(Authority::as_str),
        _ => None,
    };
    let target = uri.authority().map(Authority::as_str).or(host);
    let Some(host) = host.filter(|host| [Some(*host), target].into_iter().all(is_ours)) else {
        let text = "Without a password this server answers only to the Host names localhost, 127.0.0.1 and [::1]";
        return Err(Error::new(Code::AccessDenied, text));
    };
    let own = |origin: &axum::http::HeaderValue| {
        let origin = origin.to_str().ok().and_then(|o| o.strip_prefix("http://"));
        origin.is_some_and(|authority| plain(authority) == plain(host))
    };
    if !headers.get_all(ORIGIN).iter().all(own) {
        let text = "Without a password this server answers no web page of another Origin";
        return Err(Error::new(Code::AccessDenied, text));
    }
    Ok(())
}

fn is_ours(host: Option<&str>) -> bool {
    host.filter(|host| !host.contains('@'))
        .and_then(|host| host.parse::<Authority>().ok())
        .is_some_and(|host| is_loopback(host.host()))
}

/// Browsers leave the default port out.
fn plain(authority: &str) -> String {
    let name = authority.strip_suffix(":80").unwrap_or(authority);
    name.to_ascii_lowercase()
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

    fn reader(password: Option<&str>) -> Reader {
        Reader {
            user: "reader".into(),
            password: password.map(SecretString::from),
            tables: Vec::new(),
        }
    }

    fn check(
        password: Option<&str>,
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Role, u32> {
        let reader = reader(password.map(|_| "r"));
        let password = password.map(SecretString::from);
        let access = Access::new("default".into(), password, Some(reader)).unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let uri = uri.parse().unwrap();
        access
            .place(&headers, &uri)
            .and_then(|()| access.role(&headers, &uri))
            .map_err(|error| error.code())
    }

    #[test]
    fn each_user_gets_its_role() {
        let role = |password, user, key| {
            let headers = [
                ("host", "localhost"),
                ("x-clickhouse-user", user),
                ("x-clickhouse-key", key),
            ];
            check(password, "/", &headers)
        };
        assert_eq!(role(Some("k"), "default", "k"), Ok(Role::Owner));
        assert_eq!(role(Some("k"), "reader", "r"), Ok(Role::Reader));
        assert_eq!(role(None, "reader", ""), Ok(Role::Reader));
        assert_eq!(role(None, "default", ""), Ok(Role::Owner));
        for (user, key) in [
            ("reader", "k"),
            ("default", "r"),
            ("reader", ""),
            ("other", "k"),
        ] {
            assert_eq!(role(Some("k"), user, key), Err(516), "{user} {key}");
        }
    }

    #[test]
    fn users_are_told_apart() {
        let access = |name: &str, password: Option<&str>, reader| {
            Access::new(name.into(), password.map(SecretString::from), Some(reader))
        };
        assert!(access("reader", None, reader(None)).is_err());
        assert!(access("default", Some("k"), reader(None)).is_err());
        assert!(access("default", None, reader(Some("r"))).is_err());
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
            assert_eq!(
                check(None, "/", &[("host", host)]),
                Ok(Role::Owner),
                "{host}"
            );
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
        let with = |origin| check(None, "/", &[("host", "localhost:8123"), ("origin", origin)]);
        assert_eq!(with("http://localhost:8123"), Ok(Role::Owner));
        for origin in [
            "null",
            "http://localhost:3000",
            "http://127.0.0.1:8123",
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
            Ok(Role::Owner)
        );
        assert_eq!(
            check(
                Some("k"),
                "/",
                &[("x-clickhouse-user", "default"), ("x-clickhouse-key", "k")]
            ),
            Ok(Role::Owner)
        );
        assert_eq!(
            check(
                Some("k"),
                "/",
                &[("x-clickhouse-key", "k"), ("host", "evil.example")]
            ),
            Ok(Role::Owner)
        );
        assert_eq!(
            check(Some("a b"), "/?user=default&password=a%20b", &[]),
            Ok(Role::Owner)
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
