//! MCP Authorization, revision 2025-11-25, and a small MCP server that speaks it.
//!
//! `/mcp` takes JSON-RPC by POST (Streamable HTTP without streams). Every message needs a token for exactly this
//! resource with the scope `mcp:tools`; the tool `transfer` needs `mcp:transfer` as well.

use http::{Method, StatusCode};
use oauth_types::ErrorCode;
use oauth_types::fault::Point;

use crate::ports::store::BoxFuture;
use crate::protected::{self, Resource};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, Reply, Stop};
use crate::request::{Arrival, Resolved};
use crate::spec::{Call, Challenged, Denied, Endpoint, Spec};

mod messages;

use messages::{Message, Outcome};

const PATH: &str = "/mcp";
/// What every message needs.
const TOOLS: &str = "mcp:tools";
/// What `transfer` needs as well.
const TRANSFER: &str = "mcp:transfer";

/// The scopes are the least that is of any use: what else is needed is said when it is needed.
static RESOURCE: Resource = Resource { path: PATH, name: "Mock MCP server", scopes: &[TOOLS], bearer: &["header"] };

static ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: PATH, methods: &[Method::POST], at: Point::Resource, page: false },
    Endpoint {
        path: "/.well-known/oauth-protected-resource/mcp",
        methods: &[Method::GET, Method::HEAD],
        at: Point::ResourceMetadata,
        page: false,
    },
];

#[derive(Debug)]
pub(crate) struct Mcp;

impl Spec for Mcp {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match call.arrival.path {
                PATH => answer(call).await,
                _ => RESOURCE.metadata(call),
            }
        }))
    }

    fn challenge(&self, refused: &Challenged<'_>, challenges: &mut Challenges) {
        if refused.path == PATH {
            challenges.everywhere("resource_metadata", &RESOURCE.metadata_url(refused.place));
        }
    }
}

async fn answer(call: &Call<'_>) -> Reply {
    let resolved = match admitted(call).await {
        Ok(resolved) => resolved,
        Err(Denied { stop: Stop::Refused(refusal), scheme }) => {
            return Reply::Challenge { refusal, scheme, scope: Some(TOOLS.to_owned()) };
        }
        Err(denied) => return denied.into(),
    };
    if let Err((refusal, scope)) = judge(call.arrival, &resolved) {
        return protected::refuse(refusal, &resolved, Some(scope.to_owned()));
    }
    let message = match Message::read(call.arrival) {
        Ok(message) => message,
        Err(members) => return Reply::Document { at: Point::Resource, status: StatusCode::BAD_REQUEST, members },
    };
    match message.answer(&resolved) {
        Outcome::Said(members) => Reply::Document { at: Point::Resource, status: StatusCode::OK, members },
        Outcome::Taken => Reply::Empty(StatusCode::ACCEPTED),
        Outcome::Needs(scope) => {
            let granted = &resolved.kept.record.authorization.scope;
            let hint = format!("This tool needs {scope}; the token's scope is '{}'", granted.as_str());
            protected::refuse(SCOPE_MISSING.because(hint), &resolved, Some(format!("{TOOLS} {scope}")))
        }
    }
}

async fn admitted(call: &Call<'_>) -> Result<Resolved, Denied> {
    let arrival = call.arrival;
    let beside = arrival.query.raw("access_token").or(arrival.form.and_then(|form| form.raw("access_token")));
    match beside {
        Some(_) => Err(Denied { stop: NOT_IN_HEADER.refuse().into(), scheme: "Bearer" }),
        None => call.spine.access(arrival).await,
    }
}

/// Whether the token is for this server, and for what every message needs.
fn judge(arrival: &Arrival<'_>, resolved: &Resolved) -> Result<(), (Refusal, &'static str)> {
    let own = RESOURCE.url(arrival.place);
    if !protected::audience(resolved).contains(&own.as_str()) {
        let hint = format!("Ask for it with resource={own}, at the authorization endpoint and at the token endpoint");
        return Err((AUDIENCE.because(hint), TOOLS));
    }
    let granted = &resolved.kept.record.authorization.scope;
    match granted.contains(TOOLS) {
        true => Ok(()),
        false => {
            let hint = format!("It needs {TOOLS}; the token's scope is '{}'", granted.as_str());
            Err((SCOPE_MISSING.because(hint), TOOLS))
        }
    }
}

static RULES: &[&Rule] = &[&AUDIENCE, &NOT_IN_HEADER, &SCOPE_MISSING];

static AUDIENCE: Rule = Rule {
    id: "mcp-audience-other",
    document: &DOCUMENT,
    section: "Token Handling",
    error: ErrorCode::InvalidToken,
    says: "An MCP server accepts only tokens that were issued for it, by the URL that is its own",
};

static NOT_IN_HEADER: Rule = Rule {
    id: "mcp-token-not-in-header",
    document: &DOCUMENT,
    section: "Token Requirements",
    error: ErrorCode::InvalidRequest,
    says: "An MCP client sends its token in the Authorization header, and never in a query",
};

static SCOPE_MISSING: Rule = Rule {
    id: "mcp-scope-missing",
    document: &DOCUMENT,
    section: "Runtime Insufficient Scope Errors",
    error: ErrorCode::InsufficientScope,
    says: "A message needs a token with the scope of what it asks for",
};

static DOCUMENT: Document = Document {
    name: "MCP Authorization",
    title: "Model Context Protocol: Authorization (2025-11-25)",
    url: "https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization",
};
