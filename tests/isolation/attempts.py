"""What the attacker tries: every route and parameter of the OpenAPI document, in every place
that a request has."""

import json
import urllib.parse

from http_client import Request

# Other names that a tenant might be taken from.
NAMES = ["tenant_id", "tenant", "tenantId", "TENANT_ID", "Tenant_Id", "tenant_id[]", "tenant_id[0]",
         "tenant_id.eq", "tenant%5Fid", " tenant_id", "tenant_id ", "tenant_id%00", "org_id", "user_id"]
HEADERS = ["X-LLMObserve-Tenant-ID", "x-llmobserve-tenant-id", "X-LLMObserve-Tenant_ID", "X-Tenant-ID",
           "X-LLMObserve-Customer-ID", "X-LLMObserve-Api-Key", "X-Forwarded-User", "X-Original-URL",
           "X-Rewrite-URL", "X-HTTP-Method-Override", "Forwarded", "Cookie"]


def quote(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


def disguises(name, own):
    """The name, as it is and so that some layer might take it for the name. Each as it stands in
    a URL."""
    yield "plain", name
    yield "encoded", quote(name)
    yield "encoded twice", quote(quote(name))
    yield "NUL behind", name + "%00"
    yield "NUL before", "%00" + name
    yield "NUL and own", f"{own}%00{name}"
    yield "full-width", quote("".join(chr(ord(c) + 0xFEE0) for c in name))
    yield "cyrillic", quote(name.translate(str.maketrans("aceopixv", "асеорiхν")))
    yield "combining", quote(name[0] + "\u0301" + name[1:])
    yield "zero width", quote(name[:2] + "\u200b" + name[2:])
    yield "overlong UTF-8", "%C0%80" + name
    yield "upper case", name.upper()
    yield "title case", name.title()
    yield "space behind", name + "%20"
    yield "plus before", "+" + name
    yield "line break", f"{own}%0d%0aX-LLMObserve-Tenant-ID:%20{name}"
    yield "quote", quote(f"{own}' OR tenant_id = '{name}")
    yield "comment", quote(f"{own}' OR 1=1 -- ")
    yield "union", quote(f"x') UNION ALL SELECT * FROM trace_events WHERE tenant_id = '{name}' --")
    yield "parameter", quote("{tenant:String}")
    yield "setting", quote(f"x' SETTINGS log_comment='tenant={name}")
    yield "log comment", quote("all-tenants")
    yield "wildcard", "*"
    yield "percent", quote("%")
    yield "like", quote(name[:3] + "%")
    yield "list", f"{own},{name}"
    yield "array", quote(json.dumps([name]))
    yield "object", quote(json.dumps({"$ne": own}))
    yield "backslash", quote(own + "\\' OR tenant_id = \\'" + name)
    yield "path", quote(f"../{name}")
    yield "empty", ""


# Where trying all of them at every place would only repeat what one place has shown.
FEW = {"plain", "encoded", "encoded twice", "NUL and own", "list", "quote"}


def few(name, own):
    return [(disguise, value) for disguise, value in disguises(name, own) if disguise in FEW]


def of(world, document):
    """All attempts."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method.upper() in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
                yield from route(world, path, method.upper(), operation, item)
    yield from hidden_paths(world)


def route(world, path, method, operation, item):
    parameters = operation.get("parameters", []) + item.get("parameters", [])
    target = fill(path, {})
    body, headers = body_of(method, operation), content(operation)
    known = list(disguises(world.victim, world.attacker))
    # The tenant, under every name, alone and beside one's own.
    for name in NAMES:
        tried = known if name == "tenant_id" else few(world.victim, world.attacker)
        for disguise, value in tried:
            for query in queries(name, value, world.attacker):
                yield Request(method, f"{target}?{query}", headers, body,
                              f"{method} {path} {name} {disguise}")
    # Every parameter that the route says it has.
    for parameter in parameters:
        yield from of_parameter(world, path, method, parameter, headers, body)
    for header in HEADERS:
        tried = known if header == HEADERS[0] else few(world.victim, world.attacker)
        for disguise, value in tried:
            if "%0d" not in value and "%00" not in value:
                sent = headers + ((header, urllib.parse.unquote(value)),)
                yield Request(method, target, sent, body,
                              f"{method} {path} header {header} {disguise}")
    yield Request(method, target, headers + ((HEADERS[0], world.attacker), (HEADERS[0], world.victim)),
                  body, f"{method} {path} header twice")
    if operation.get("requestBody"):
        yield from bodies(world, path, method, headers)


def queries(name, value, own):
    yield f"{name}={value}"
    if name in ("tenant_id", "tenant_id[]"):
        yield f"tenant_id={own}&{name}={value}"
        yield f"{name}={value}&tenant_id={own}"
        yield f"tenant_id={own};{name}={value}"
    if name == "tenant_id":
        yield f"hours=24&{name}={value}&limit=5"


def of_parameter(world, path, method, parameter, headers, body):
    """Names of the victim's things, where the attacker's would stand."""
    name, place = parameter["name"], parameter["in"]
    known = [world.victim, world.victims_run, world.victims_customer, world.victims_key_id]
    for thing in known:
        tried = disguises(thing, "own") if place == "path" else few(thing, "own")
        for disguise, value in tried:
            what = f"{method} {path} {place} {name} {disguise}"
            if place == "path":
                yield Request(method, fill(path, {name: value}), headers, body, what)
            elif place == "query":
                if thing in (world.victim, world.victims_customer) or disguise == "plain":
                    yield Request(method, f"{fill(path, {})}?{name}={value}", headers, body, what)
            elif place == "header" and "%0d" not in value and "%00" not in value:
                tried = headers + ((name, urllib.parse.unquote(value)),)
                yield Request(method, fill(path, {}), tried, body, what)


def fill(path, values):
    """The path with each `{parameter}` filled in."""
    parts = [values.get(part[1:-1], "own-run") if part.startswith("{") else part
             for part in path.split("/")]
    return "/".join(parts)


def content(operation):
    return (("Content-Type", "application/json"),) if operation.get("requestBody") else ()


def body_of(method, operation):
    """A body that is nobody's. An empty batch is accepted and writes nothing."""
    return b"[]" if operation.get("requestBody") else b""


def bodies(world, path, method, headers):
    """The victim as a field at every level of a body, under every name."""
    names = ["tenant_id", "tenantId", "TENANT_ID", "tenant", "tenant_id[]", "tenant_id\u0000", "__proto__"]
    for name, value in ((name, value) for name in names for value in field_values(world, name)):
        event = {"provider": "openai", "scopes": ["read"], name: value}
        for what, sent in {
            "field": event,
            "in a list": [{"provider": "openai"}, event],
            "in metadata": {"provider": "openai", "event_metadata": {name: value}},
            "in usage": {"provider": "openai", "usage": {name: value}},
            "wrapped": {"events": [event], "data": event, name: value},
        }.items():
            yield Request(method, fill(path, {}), headers, json.dumps(sent).encode(),
                          f"{method} {path} body {name} {what}")
    plain = json.dumps({"provider": "openai", "tenant_id": world.victim})
    for what, kind, sent in [
        ("repeated field", "application/json", plain[:-1] + f', "tenant_id": "{world.attacker}"}}'),
        ("repeated field, own first", "application/json",
         f'{{"tenant_id": "{world.attacker}", ' + plain[1:]),
        ("escaped name", "application/json", plain.replace("tenant_id", "tenant\\u005fid")),
        ("escaped value", "application/json", plain.replace("victim", "\\u0076ictim")),
        ("NDJSON", "application/x-ndjson", '{"provider":"openai"}\n' + plain),
        ("form", "application/x-www-form-urlencoded", f"tenant_id={world.victim}"),
        ("UTF-16", "application/json", plain.encode("utf-16")),
    ]:
        sent = sent if isinstance(sent, bytes) else sent.encode()
        yield Request(method, fill(path, {}), (("Content-Type", kind),), sent,
                      f"{method} {path} body {what}")


def field_values(world, name):
    every = disguises if name == "tenant_id" else few
    values = [urllib.parse.unquote(value, errors="replace")
              for _, value in every(world.victim, world.attacker)]
    return values + [[world.victim], {"$eq": world.victim}, {"tenant_id": world.victim}]


def hidden_paths(world):
    """Paths that nobody documented, and other spellings of those that are."""
    tails = ["stats/by-provider", "runs/latest", "dashboard/stats", "api-keys", "metrics", "events"]
    for tail in tails:
        for disguise, value in disguises(world.victim, world.attacker):
            for target in (f"/{value}/{tail}", f"/tenants/{value}/{tail}", f"/{tail}/{value}",
                           f"/{tail};tenant_id={value}", f"//{tail}?tenant_id={value}",
                           f"/./{tail}?tenant_id={value}", f"/x/../{tail}?tenant_id={value}",
                           f"/{tail}%3Ftenant_id={value}", f"/{tail}/?tenant_id={value}",
                           f"http://127.0.0.1/{tail}?tenant_id={value}"):
                yield Request("GET", target, (), b"", f"path {disguise}")
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
        for tail in tails:
            yield Request(method, f"/{tail}?tenant_id={world.victim}", (), b"", f"{method} {tail}")
