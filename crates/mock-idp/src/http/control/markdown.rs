//! docs/CONTROL.md: one section per call, with an example that runs as it is printed.

use std::fmt::Write as _;

use super::call::{Answer, Call, Verb};
use super::openapi::{self, document};
use super::{GROUPS, PREFIX, problem};
use serde_json::Value;

const BEGINNING: &str = "\
# The control API

Everything that a test says to the server, over HTTP and from any language. `$IDP` is where the server is:

```sh
mock-idp serve --listen 127.0.0.1:8080 &
IDP=http://127.0.0.1:8080
```

- `GET /_control` lists the calls, `GET /_control/openapi.json` describes them as an OpenAPI 3.1 document.
- Calls of a tenant are below `/_control/tenants/NAME`. The tenant at the root is called `_root`.
- Bodies are JSON. `curl --json` (7.82 and later) is `-H 'Content-Type: application/json' -d`.
- What is not in order is answered with a problem (RFC 9457), and changes nothing.
- The examples run in this order, as they are printed.

## Who may call

Requests of this machine, and no others: it is the address that a connection comes from that counts, and no header.
A request that a proxy handed on, one whose `Host` is neither a loopback name nor the server's own, and one that the page
of another origin makes are refused. With a control token, by `--control-token` or `MOCK_IDP_CONTROL_TOKEN`, every call
needs `Authorization: Bearer TOKEN`, and calls from elsewhere are answered. `--no-control` leaves the control API out. A
proxy on this machine that says nothing of itself cannot be told from this machine: set a token behind one.
";

/// docs/CONTROL.md, but for the notice that it is generated.
pub fn markdown() -> String {
    let mut text = BEGINNING.to_owned();
    for group in GROUPS {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n", group.name, group.says);
        group.calls.iter().for_each(|call| section(call, &mut text));
    }
    text.push_str("\n## Problems\n\n| status | kind | what it is |\n|---|---|---|\n");
    for kind in problem::KINDS {
        let _ = writeln!(text, "| {} | `{}` | {} |", kind.status, kind.name, kind.says);
    }
    text
}

fn section(call: &Call, text: &mut String) {
    let _ = write!(text, "\n### {} {PREFIX}{}\n\n{}.", call.verb.as_str(), call.path, call.says);
    if !call.more.is_empty() {
        let _ = write!(text, " {}", call.more);
    }
    text.push_str("\n\n");
    for parameter in call.query {
        let _ = writeln!(text, "- `{}`: {}", parameter.name, parameter.says);
    }
    if !call.query.is_empty() {
        text.push('\n');
    }
    if call.body.is_some() {
        let _ = write!(text, "{}", given(call));
    }
    let _ = write!(text, "```sh\n{}\n```\n\n", shell(call));
    let answers: Vec<String> = call.answers.iter().map(answer).collect();
    let _ = writeln!(text, "{}", answers.join("\n"));
}

fn answer(answer: &Answer) -> String {
    format!("- `{}`: {}", answer.status, answer.says)
}

/// The members of what a call is given, by the schema in the OpenAPI document.
fn given(call: &Call) -> String {
    let path = format!("{PREFIX}{}", call.path).replace('~', "~0").replace('/', "~1");
    let verb = call.verb.as_str().to_ascii_lowercase();
    let schema = document().pointer(&format!("/paths/{path}/{verb}/requestBody/content/application~1json/schema"));
    let Some(schema) = schema else { return String::new() };
    let (schema, many) = match schema.get("anyOf").and_then(|either| either.get(0)) {
        Some(one) => (one, ", or a list of them"),
        None => (schema, ""),
    };
    let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next()) else {
        return String::new();
    };
    let file = openapi::hyphened(name);
    let mut text = format!("Given: a `{name}`{many} (`GET /_control/schemas/{file}`)");
    let members = document().pointer(&format!("/components/schemas/{name}/properties")).and_then(Value::as_object);
    if let Some(members) = members.filter(|members| !members.is_empty()) {
        let members: Vec<String> = members.keys().map(|member| format!("`{member}`")).collect();
        let _ = write!(text, " with {}", members.join(", "));
    }
    text.push_str(".\n\n");
    text
}

/// The example of a call, in a shell.
pub(super) fn shell(call: &Call) -> String {
    let example = &call.example;
    let mut line = String::new();
    if !example.before.is_empty() {
        line.push_str(example.before);
        line.push('\n');
    }
    // --json says POST.
    let by = match (call.verb, example.body) {
        (Verb::Get, _) | (Verb::Post, Some(_)) => String::new(),
        (verb, _) => format!(" -X {}", verb.as_str()),
    };
    let _ = write!(line, "curl -sS{by} \"$IDP{PREFIX}{}\"", example.path);
    if let Some(body) = example.body {
        let _ = write!(line, " --json '{body}'");
    }
    line
}
