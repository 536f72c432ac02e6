//! A call of the control API: what it is, what it is given, and what it answers.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use oauth_types::Params;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::Problem;
use crate::Tenant;
use crate::http::router::App;
use crate::http::tenants::is_name;
use crate::ports::store::BoxFuture;

/// What the tenant at the root is called in a path. No tenant's name begins with an underscore.
pub(super) const ROOT: &str = "_root";

/// What a tenant is called in a path.
pub(super) fn shown(name: &str) -> &str {
    if name.is_empty() { ROOT } else { name }
}

/// The name of the tenant that a part of a path names; empty for the one at the root.
pub(super) fn own_name(part: &str) -> &str {
    match part {
        ROOT => "",
        "" => ROOT,
        name => name,
    }
}

/// One call, as the router, the OpenAPI document and docs/CONTROL.md know it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) verb: Verb,
    /// Its path below `/_control`, with the names of its parts in braces: `/tenants/{tenant}`.
    pub(super) path: &'static str,
    /// Its name in the OpenAPI document: `describeTenant`.
    pub(super) id: &'static str,
    /// What it does, in a few words.
    pub(super) says: &'static str,
    /// What else there is to know.
    pub(super) more: &'static str,
    pub(super) query: &'static [Parameter],
    /// What it is given; `None` if there must be no body.
    pub(super) body: Option<Shape>,
    /// What it answers if it is in order, the usual answer first.
    pub(super) answers: &'static [Answer],
    pub(super) example: Example,
    pub(super) handler: Handler,
}

/// Methods that calls are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

/// The JSON schema of a type.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// A parameter of the query.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) shape: Shape,
}

/// An answer to a call that is in order.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) says: &'static str,
    pub(super) content: Content,
}

/// What an answer carries.
#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    Json(Shape),
    /// Text of this media type.
    Text(&'static str),
    /// The call is in order, and what it asks for is not so.
    Problem,
}

/// An example that runs as it is printed, once those before it have run.
#[derive(Debug)]
pub(super) struct Example {
    /// Lines of shell that come before.
    pub(super) before: &'static str,
    /// The path below `/_control`, and the query.
    pub(super) path: &'static str,
    pub(super) body: Option<&'static str>,
}

/// What does the work.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// At once.
    Now(fn(&Ask<'_>) -> Outcome),
    /// After waiting for something.
    Later(for<'a> fn(Ask<'a>) -> BoxFuture<'a, Outcome>),
}

pub(super) type Outcome = Result<Told, Problem>;

/// What a call is given.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) app: &'a Arc<App>,
    /// The parts of its path that have names.
    pub(super) named: Vec<(&'static str, String)>,
    pub(super) query: Params,
    pub(super) body: Bytes,
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Told {
    status: StatusCode,
    kind: &'static str,
    body: Bytes,
    headers: Vec<(HeaderName, String)>,
}

/// The schema of a type, for the table.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The schema of one of these, or of a list of them.
pub(super) fn some_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [generator.subschema_for::<T>(), generator.subschema_for::<Vec<T>>()] })
}

impl Call {
    /// What most calls have in common.
    pub(super) const PLAIN: Self = Self {
        verb: Verb::Get,
        path: "",
        id: "",
        says: "",
        more: "",
        query: &[],
        body: None,
        answers: &[],
        example: Example::of(""),
        handler: Handler::Now(|_| Ok(Told::nothing())),
    };

    /// The named parts of this path, if it is of this call. Segments are still percent-encoded.
    pub(super) fn matches(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let (mut wanted, mut given) = (self.path.split('/'), path.split('/'));
        let mut named = Vec::new();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(named),
                (Some(own), Some(given)) => match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
                    Some(name) => named.push((name, segment(given)?)),
                    None if own == given => {}
                    None => return None,
                },
                _ => return None,
            }
        }
    }

    /// The names of the parts of its path.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|own| own.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// A segment of a path, decoded. There is none that is empty.
fn segment(encoded: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8().ok()?;
    (!decoded.is_empty()).then(|| decoded.into_owned())
}

impl Verb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    pub(super) fn is(self, method: &Method) -> bool {
        method.as_str() == self.as_str()
    }
}

impl Answer {
    pub(super) const fn json(status: u16, says: &'static str, shape: Shape) -> Self {
        Self { status, says, content: Content::Json(shape) }
    }

    pub(super) const fn nothing(says: &'static str) -> Self {
        Self { status: 204, says, content: Content::Nothing }
    }

    pub(super) const fn problem(status: u16, says: &'static str) -> Self {
        Self { status, says, content: Content::Problem }
    }
}

impl Example {
    pub(super) const fn of(path: &'static str) -> Self {
        Self { before: "", path, body: None }
    }

    pub(super) const fn after(before: &'static str, path: &'static str) -> Self {
        Self { before, path, body: None }
    }

    pub(super) const fn with(path: &'static str, body: &'static str) -> Self {
        Self { before: "", path, body: Some(body) }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handler(..)")
    }
}

impl Ask<'_> {
    /// The part of the path that is called so.
    pub(super) fn part(&self, name: &str) -> &str {
        self.named.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    }

    /// The tenant that the path names.
    pub(super) fn tenant(&self) -> Result<Tenant, Problem> {
        let name = self.tenant_name();
        match self.app.tenants.known(name) {
            Some(tenant) => Ok(Tenant::of(self.app.clone(), tenant)),
            None => Err(Problem::no_tenant(name, is_name(name))),
        }
    }

    /// The name of the tenant that the path names; empty for the one at the root.
    pub(super) fn tenant_name(&self) -> &str {
        own_name(self.part("tenant"))
    }

    /// What the call was given, if that is what it has to be.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        match self.begins_with() {
            // A structure could be read from an array as well, by the order of its members. Nobody means that.
            Some(b'[') => {
                self.parse::<Vec<IgnoredAny>>().and(Err(Problem::unfit("expected an object, not an array")))
            }
            _ => self.parse(),
        }
    }

    /// What is no JSON is told from what is not of the right shape.
    fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice::<IgnoredAny>(&self.body).map_err(|error| Problem::no_json(&error))?;
        let mut source = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut source).map_err(|error| {
            let path = error.path().clone();
            Problem::unread(&path, &error.into_inner())
        })
    }

    fn begins_with(&self) -> Option<u8> {
        self.body.iter().copied().find(|octet| !octet.is_ascii_whitespace())
    }

    /// What the call was given: one, or a list of them.
    pub(super) fn read_some<T: DeserializeOwned>(&self) -> Result<Vec<T>, Problem> {
        match self.begins_with() {
            Some(b'[') => self.parse(),
            _ => self.read().map(|one| vec![one]),
        }
    }

    /// A parameter of the query that is one of two words.
    pub(super) fn is(&self, name: &str) -> Result<bool, Problem> {
        match self.query.raw(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::query(format!("{name} has to be true or false"))),
        }
    }

    /// A parameter of the query that is a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let value = self.query.raw(name);
        let wrong = |_| Problem::query(format!("{name} has to be a whole number"));
        value.map(|value| value.parse().map_err(wrong)).transpose()
    }

    /// The part of the path that is an id. What is no number is nobody's id.
    pub(super) fn id(&self) -> u64 {
        self.part("id").parse().unwrap_or(0)
    }
}

impl Told {
    pub(super) fn json(value: &impl Serialize) -> Self {
        // A map with keys that are no text would fail; there is none.
        let mut body = serde_json::to_vec_pretty(value).unwrap_or_default();
        body.push(b'\n');
        Self { status: StatusCode::OK, kind: "application/json", body: body.into(), headers: Vec::new() }
    }

    pub(super) fn text(kind: &'static str, text: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, kind, body: text.into(), headers: Vec::new() }
    }

    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, kind: "", body: Bytes::new(), headers: Vec::new() }
    }

    pub(super) fn created(self, location: String) -> Self {
        self.with(StatusCode::CREATED).header(LOCATION, location)
    }

    pub(super) fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn problem(status: StatusCode, value: &impl Serialize) -> Self {
        Self { kind: "application/problem+json", ..Self::json(value) }.with(status)
    }

    pub(super) fn allowing(self, verbs: impl IntoIterator<Item = Verb>) -> Self {
        let verbs: Vec<&str> = verbs.into_iter().map(Verb::as_str).collect();
        self.header(ALLOW, verbs.join(", "))
    }

    pub(super) fn challenging(self, challenge: &str) -> Self {
        self.header(WWW_AUTHENTICATE, challenge.to_owned())
    }

    fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        if !self.kind.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
