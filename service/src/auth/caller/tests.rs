#![allow(clippy::unwrap_used)]
use super::*;

fn bound() -> Caller {
    let binding = Binding::Bound(Tenant::named("acme").unwrap());
    Caller::key("k1".into(), binding, Scopes::ALL)
}

fn platform(scopes: &[Scope]) -> Caller {
    Caller::key("k2".into(), Binding::Platform, Scopes::of(scopes))
}

fn read(caller: &Caller, named: &[&str]) -> Result<Option<String>, &'static str> {
    let named: Vec<String> = named.iter().map(|&name| name.to_owned()).collect();
    match caller.read_access(&named) {
        Ok(Access::Tenant(tenant)) => Ok(Some(tenant.to_string())),
        Ok(Access::All(_)) => Ok(None),
        Err(problem) => Err(problem.code()),
    }
}

#[test]
fn a_bound_caller_reads_its_own_tenant_and_no_other() {
    let own = Ok(Some("acme".to_owned()));
    assert_eq!(read(&bound(), &[]), own);
    assert_eq!(read(&bound(), &["acme"]), own);
    assert_eq!(read(&bound(), &["globex"]), Err("other_tenant"));
    assert_eq!(read(&bound(), &["acme", "globex"]), Err("other_tenant"));
    assert_eq!(read(&bound(), &["Acme"]), Err("other_tenant"));
}

#[test]
fn an_empty_or_repeated_tenant_is_a_bad_request() {
    for caller in [bound(), platform(&[Scope::Read, Scope::Admin])] {
        assert_eq!(read(&caller, &[""]), Err("invalid_tenant"));
        assert_eq!(read(&caller, &["acme", "acme"]), Err("invalid_tenant"));
        assert_eq!(read(&caller, &["acme", ""]), Err("invalid_tenant"));
    }
}

#[test]
fn a_platform_caller_reads_whom_it_names_and_all_only_as_admin() {
    let reader = platform(&[Scope::Read]);
    assert_eq!(read(&reader, &["globex"]), Ok(Some("globex".to_owned())));
    assert_eq!(read(&reader, &[]), Err("tenant_required"));
    assert_eq!(read(&platform(&[Scope::Read, Scope::Admin]), &[]), Ok(None));
    assert_eq!(
        read(&platform(&[Scope::Admin]), &[]),
        Err("insufficient_scope")
    );
    assert_eq!(read(&reader, &["a\nb"]), Err("invalid_tenant"));
}

fn write(
    caller: &Caller,
    event: Option<&str>,
    header: Option<&str>,
) -> Result<String, &'static str> {
    caller
        .event_tenant(event, header)
        .map(|t| t.to_string())
        .map_err(|p| p.code())
}

#[test]
fn a_bound_caller_writes_for_its_own_tenant_and_no_other() {
    let own = Ok("acme".to_owned());
    assert_eq!(write(&bound(), None, None), own);
    assert_eq!(write(&bound(), Some("acme"), Some("acme")), own);
    assert_eq!(write(&bound(), Some(""), Some("")), own);
    assert_eq!(write(&bound(), Some("globex"), None), Err("other_tenant"));
    assert_eq!(
        write(&bound(), Some("acme"), Some("globex")),
        Err("other_tenant")
    );
}

#[test]
fn a_platform_callers_event_goes_by_its_own_name_then_the_header_then_the_default() {
    let caller = platform(&[Scope::Ingest]);
    assert_eq!(write(&caller, Some("a"), Some("b")), Ok("a".to_owned()));
    assert_eq!(write(&caller, None, Some("b")), Ok("b".to_owned()));
    assert_eq!(
        write(&caller, Some(""), None),
        Ok(DEFAULT_TENANT.to_owned())
    );
    assert_eq!(write(&caller, None, Some("a\tb")), Err("invalid_tenant"));
    assert_eq!(
        write(&platform(&[Scope::Read]), None, None),
        Err("insufficient_scope")
    );
}

#[test]
fn the_tenant_header_is_given_once() {
    let mut headers = axum::http::HeaderMap::new();
    assert_eq!(tenant_header(&headers).unwrap(), None);
    headers.insert(TENANT_HEADER, "acme".parse().unwrap());
    assert_eq!(tenant_header(&headers).unwrap(), Some("acme"));
    headers.append(TENANT_HEADER, "globex".parse().unwrap());
    assert_eq!(
        tenant_header(&headers).unwrap_err().code(),
        "invalid_tenant"
    );
}

fn with_header(caller: Caller, name: &str) -> Result<Caller, Problem> {
    let mut headers = axum::http::HeaderMap::new();
    headers.insert(TENANT_HEADER, name.parse().unwrap());
    caller.with_header(&headers)
}

#[test]
fn the_tenant_header_counts_for_reads_too() {
    let refused = with_header(bound(), "globex").unwrap_err();
    assert_eq!(refused.code(), "other_tenant");
    let own = with_header(bound(), "acme").unwrap();
    assert_eq!(read(&own, &[]), Ok(Some("acme".to_owned())));
    let all = [Scope::Read, Scope::Admin];
    for caller in [platform(&[Scope::Read]), platform(&all)] {
        let caller = with_header(caller, "globex").unwrap();
        assert_eq!(read(&caller, &[]), Ok(Some("globex".to_owned())));
        assert_eq!(read(&caller, &["acme"]), Ok(Some("acme".to_owned())));
    }
}

fn keys(caller: &Caller, named: Option<&str>) -> Result<Option<String>, &'static str> {
    match caller.keys_access(named) {
        Ok(Access::Tenant(tenant)) => Ok(Some(tenant.to_string())),
        Ok(Access::All(_)) => Ok(None),
        Err(problem) => Err(problem.code()),
    }
}

#[test]
fn keys_are_managed_by_admins_and_by_a_tenants_own_people() {
    let own = Ok(Some("acme".to_owned()));
    let person = Caller::token(
        "user_1",
        Tenant::named("acme").unwrap(),
        Scopes::of(&[Scope::Read]),
    );
    assert_eq!(person.key_id(), "jwt:user_1");
    for caller in [bound(), person.clone()] {
        assert_eq!(keys(&caller, None), own);
        assert_eq!(keys(&caller, Some("acme")), own);
        assert_eq!(keys(&caller, Some("globex")), Err("other_tenant"));
        caller.may_give(Scopes::ALL).unwrap();
    }
    let admin = platform(&[Scope::Admin]);
    assert_eq!(keys(&admin, None), Ok(None));
    assert_eq!(keys(&admin, Some("globex")), Ok(Some("globex".to_owned())));
    let problem = admin.may_give(Scopes::ALL).unwrap_err();
    assert_eq!(problem.code(), "insufficient_scope");
    let reader = platform(&[Scope::Read, Scope::Ingest]);
    assert_eq!(keys(&reader, None), Err("insufficient_scope"));
    assert_eq!(
        person.require(Scope::Ingest).unwrap_err().code(),
        "insufficient_scope"
    );
}
