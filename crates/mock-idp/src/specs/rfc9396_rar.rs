//! RFC 9396: OAuth 2.0 Rich Authorization Requests.
//!
//! What a client asks for is said in objects, each of a type that belongs to some API. This server knows the types by
//! name and the members that all of them share (§2.2); what else they hold is kept as it came.

use oauth_types::{ErrorCode, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor;
use crate::memory::{Life, Note};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Attempt, AuthorizationRequest, Draft, Found, Spent, TokenRequest};
use crate::spec::{Facts, Spec};
use crate::world::Policy;

#[derive(Debug)]
pub(crate) struct RichRequests;

const DETAILS: &str = "authorization_details";

/// The client metadata of §10.
const TYPES: &str = "authorization_details_types";

/// The most objects of one request, how deep they may be nested, and the most octets of the parameter.
const MOST: usize = 32;
const DEEPEST: usize = 8;
const LONGEST: usize = 16 * 1024;

/// The members that all types share and that are arrays of strings (§2.2). `identifier` is a string.
const LISTS: &[&str] = &["locations", "actions", "datatypes", "privileges"];

/// What was authorized. Every token that follows from it conveys some of it.
#[derive(Debug, Serialize, Deserialize)]
struct Details(Vec<Value>);

impl Note for Details {
    const NAME: &'static str = "rfc9396/authorization_details";
    const LIFE: Life = Life::Grant;
}

impl Spec for RichRequests {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let known = &facts.policy.authorization_details_types;
        if !known.is_empty() {
            document.insert("authorization_details_types_supported".to_owned(), json!(known));
        }
    }

    fn register(&self, metadata: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
        let Some(types) = metadata.get(TYPES) else { return Ok(()) };
        let known = |name: &Value| policy.authorization_details_types.iter().any(|own| name == own);
        match types.as_array() {
            Some(types) if types.iter().all(known) => Ok(()),
            Some(_) => Err(METADATA.because(supported(policy))),
            None => Err(METADATA.because("It is no array")),
        }
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        remember(request.params, request.client(), request.policy, draft)
    }

    fn authorize_elsewhere(&self, attempt: &Attempt<'_>, client: &Client, draft: &mut Draft) -> Result<(), Refusal> {
        remember(attempt.params, client, attempt.policy, draft)
    }

    /// The server "checks whether the underlying grant [...] allows the issuance of an access token with the requested
    /// authorization details" (§6).
    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let named = read(request.params, request.client(), request.policy)?;
        if named.is_empty() {
            return Ok(());
        }
        let Some(Details(authorized)) = found.note() else {
            // Where nobody logged in, there is nobody who could have authorized anything.
            return match found.is_made() && found.record.authorization.login.is_none() {
                true => Ok(()),
                false => Err(NOT_AUTHORIZED.because("The authorization request had no authorization_details")),
            };
        };
        let wider = |detail: &Value| !authorized.iter().any(|own| covers(own, detail));
        match named.iter().position(wider) {
            Some(at) => Err(NOT_AUTHORIZED.because(format!(
                "Number {} is none of those that were authorized. Lists may be shortened, all else has to be equal",
                at + 1
            ))),
            None => Ok(()),
        }
    }

    /// "the authorization server MUST also return the `authorization_details` as granted [...] and assigned to the
    /// respective access token" (§7); in a JWT, it is a claim (§9.1).
    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let granted = spent.note().map(|Details(list)| list);
        let details = match read(request.params, request.client(), request.policy) {
            Ok(named) if !named.is_empty() => {
                if granted.is_none() {
                    reply.inherit(&Details(named.clone()));
                }
                named
            }
            _ => granted.unwrap_or_default(),
        };
        if details.is_empty() {
            return;
        }
        if let Some(token) = reply.token("access_token") {
            token.claims.insert(DETAILS.to_owned(), json!(details));
        }
        reply.set(DETAILS, details);
    }
}

fn remember(params: &Params, client: &Client, policy: &Policy, draft: &mut Draft) -> Result<(), Refusal> {
    let named = read(params, client, policy)?;
    if !named.is_empty() {
        draft.remember(&Details(named));
    }
    Ok(())
}

/// The objects of a request; none if the parameter is not there.
fn read(params: &Params, client: &Client, policy: &Policy) -> Result<Vec<Value>, Refusal> {
    let Some(text) = params.get(DETAILS) else { return Ok(Vec::new()) };
    if text.len() > LONGEST {
        return Err(MALFORMED.because(format!("It has more than {LONGEST} octets")));
    }
    let details: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(details)) => details,
        Ok(Value::Object(_)) => return Err(MALFORMED.because("It is one object: put it into an array")),
        Ok(_) => return Err(MALFORMED.because("It is JSON, but no array")),
        Err(_) => return Err(MALFORMED.because("It is not JSON")),
    };
    if details.is_empty() || details.len() > MOST {
        return Err(MALFORMED.because(format!("It has {} objects, and 1 to {MOST} are taken", details.len())));
    }
    for (at, detail) in details.iter().enumerate() {
        judge(at + 1, detail, client, policy)?;
    }
    Ok(details)
}

/// Judges one object (§5).
fn judge(number: usize, detail: &Value, client: &Client, policy: &Policy) -> Result<(), Refusal> {
    let malformed = |what: &str| MALFORMED.because(format!("Number {number} {what}"));
    let members = detail.as_object().ok_or_else(|| malformed("is no object"))?;
    let name = match members.get("type") {
        Some(Value::String(name)) if !name.is_empty() => name,
        Some(_) => return Err(malformed("has a type that is no name")),
        None => return Err(malformed("has no type")),
    };
    if depth(detail) > DEEPEST {
        return Err(malformed(&format!("is nested more than {DEEPEST} deep")));
    }
    if !policy.authorization_details_types.contains(name) {
        let known = policy.authorization_details_types.iter().map(String::as_str);
        let meant = doctor::did_you_mean(name, known);
        return Err(TYPE_UNKNOWN.because(format!("That of number {number} is not. {meant}{}", supported(policy))));
    }
    if let Some(Value::Array(own)) = client.member(TYPES)
        && !own.iter().any(|own| own == name)
    {
        return Err(TYPE_FORBIDDEN.because(format!("{name} is not")));
    }
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if let Some(list) = LISTS.iter().find(|list| members.get(**list).is_some_and(|value| !strings(value))) {
        return Err(MEMBER.because(format!("In number {number}, {list} is no array of strings")));
    }
    match members.get("identifier").is_some_and(|value| !value.is_string()) {
        true => Err(MEMBER.because(format!("In number {number}, identifier is no string"))),
        false => Ok(()),
    }
}

/// Whether `asked` is no more than `granted`.
///
/// §6.1 leaves this to the definition of each type, which this server does not know. So an object is less than another
/// only if it is equal to it but for shorter lists: to leave out a member may mean to lift a restriction.
fn covers(granted: &Value, asked: &Value) -> bool {
    let (Some(granted), Some(asked)) = (granted.as_object(), asked.as_object()) else { return false };
    granted.len() == asked.len()
        && granted.iter().all(|(name, own)| match (own, asked.get(name)) {
            (Value::Array(own), Some(Value::Array(asked))) if LISTS.contains(&name.as_str()) => {
                !asked.is_empty() && asked.iter().all(|item| own.contains(item)) || own == asked
            }
            (own, asked) => asked == Some(own),
        })
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

fn supported(policy: &Policy) -> String {
    match policy.authorization_details_types.join(", ") {
        none if none.is_empty() => "This server knows no type".to_owned(),
        known => format!("Known: {known}"),
    }
}

static DOCUMENT: Document = Document {
    name: "RFC 9396",
    title: "OAuth 2.0 Rich Authorization Requests",
    url: "https://www.rfc-editor.org/rfc/rfc9396",
};

static RULES: &[&Rule] = &[&MALFORMED, &MEMBER, &METADATA, &NOT_AUTHORIZED, &TYPE_FORBIDDEN, &TYPE_UNKNOWN];

static MALFORMED: Rule = Rule {
    id: "rfc9396-details-malformed",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidAuthorizationDetails,
    says: "The parameter authorization_details is a JSON array of objects, each with a type",
};

static MEMBER: Rule = Rule {
    id: "rfc9396-member-malformed",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidAuthorizationDetails,
    says: "In authorization details, locations, actions, datatypes and privileges are arrays of strings, and identifier is \
           a string",
};

static TYPE_UNKNOWN: Rule = Rule {
    id: "rfc9396-type-unknown",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidAuthorizationDetails,
    says: "The type of authorization details has to be one that this server knows",
};

static TYPE_FORBIDDEN: Rule = Rule {
    id: "rfc9396-type-not-registered",
    document: &DOCUMENT,
    section: "10",
    error: ErrorCode::InvalidAuthorizationDetails,
    says: "The type of authorization details has to be one that the client is registered for",
};

static NOT_AUTHORIZED: Rule = Rule {
    id: "rfc9396-details-not-authorized",
    document: &DOCUMENT,
    section: "6",
    error: ErrorCode::InvalidAuthorizationDetails,
    says: "A token request must not ask for authorization details that were not authorized",
};

static METADATA: Rule = Rule {
    id: "rfc9396-client-metadata",
    document: &DOCUMENT,
    section: "10",
    error: ErrorCode::InvalidClientMetadata,
    says: "The client metadata authorization_details_types is an array of types that this server knows",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_equal_but_for_shorter_lists() {
        let granted = json!({"type": "t", "actions": ["read", "write"], "limit": {"max": 10}, "tags": ["a", "b"]});
        let asked = |name: &str, value: Value| {
            let mut asked = granted.clone();
            asked[name] = value;
            covers(&granted, &asked)
        };
        assert!(covers(&granted, &granted));
        assert!(asked("actions", json!(["write"])));
        for (name, value) in [
            ("actions", json!(["write", "delete"])),
            ("actions", json!([])),
            ("actions", json!("write")),
            ("type", json!("T")),
            ("limit", json!({"max": 11})),
            ("limit", json!({"max": 9})),
            ("tags", json!(["a"])),
            ("more", json!(true)),
        ] {
            assert!(!asked(name, value.clone()), "{name}: {value}");
        }
        let mut without = granted.clone();
        without.as_object_mut().expect("an object").remove("limit");
        assert!(!covers(&granted, &without));
    }

    #[test]
    fn depth_is_counted_in_brackets() {
        assert_eq!(depth(&json!("a")), 0);
        assert_eq!(depth(&json!({})), 1);
        assert_eq!(depth(&json!({"a": [{"b": 1}], "c": 1})), 3);
    }

    #[test]
    fn a_client_registers_types_that_are_known() {
        let judged = |value: Value| {
            let metadata = Map::from_iter([(TYPES.to_owned(), value)]);
            RichRequests.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        assert_eq!(judged(json!(["payment_initiation"])), Ok(()));
        for value in [json!(["other"]), json!("payment_initiation"), json!([1]), json!(null)] {
            assert_eq!(judged(value), Err("rfc9396-client-metadata"));
        }
        assert!(RichRequests.register(&Map::new(), &Policy::default()).is_ok());
    }
}
