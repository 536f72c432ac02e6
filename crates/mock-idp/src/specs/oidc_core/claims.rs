//! Claims: those that a scope asks for (§5.4), those that are asked for one by one (§5.5), and where they are had from
//! (§5.6).

use oauth_types::ErrorCode;
use oauth_types::scenario::Destination;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::documents;
use crate::memory::{Life, Note, Scope};
use crate::people::{Told, User};
use crate::refusal::{Refusal, Rule};

/// The claims that each scope asks for (§5.4).
pub(super) const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The claims of an ID token that the server makes itself (§2, §3.1.3.6, §3.3.2.11).
pub(super) const OWN: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "acr",
    "amr",
    "azp",
    "sid",
];

/// The longest claims parameter that is read, in octets.
const LONGEST: usize = 16 * 1024;

/// The most claims that are asked for in one place, and the most values of one of them.
const MOST: usize = 100;

/// What the claims parameter asks for, kept for as long as the grant lives.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Requested {
    /// Of UserInfo.
    pub userinfo: Vec<Wish>,
    /// Of the ID token.
    pub id_token: Vec<Wish>,
}

impl Note for Requested {
    const NAME: &'static str = "oidc/claims";
    const LIFE: Life = Life::Grant;
}

/// A claim that is asked for (§5.5.1).
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Wish {
    /// Its name, with a language if one is asked for (§5.2).
    pub name: String,
    /// Whether the client cannot do without it.
    pub essential: bool,
    /// The values that will do; any will if there is none.
    pub values: Vec<Value>,
}

impl Requested {
    /// Reads a claims parameter. Members that are not understood are ignored.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(MALFORMED.because(format!("It has more than {LONGEST} octets")));
        }
        let value: Value = serde_json::from_str(text).map_err(|_| MALFORMED.because("It is not JSON"))?;
        let members = value.as_object().ok_or_else(|| MALFORMED.because("It is not a JSON object"))?;
        let wishes = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Object(wishes)) if wishes.len() > MOST => {
                Err(MALFORMED.because(format!("More than {MOST} claims are asked for")))
            }
            Some(Value::Object(wishes)) => wishes.iter().map(|(name, wish)| Wish::read(name, wish)).collect(),
            Some(_) => Err(MALFORMED.because("userinfo and id_token are objects")),
        };
        Ok(Self { userinfo: wishes("userinfo")?, id_token: wishes("id_token")? })
    }

    /// Who it has to be: "the Claim `sub` [...] with a specific value" (§5.5.1).
    pub(super) fn subject(&self) -> Option<&str> {
        let wishes = self.id_token.iter().chain(&self.userinfo);
        wishes.filter(|wish| wish.name == "sub").find_map(|wish| wish.values.first()?.as_str())
    }

    /// The classes of login that are asked for, best first, and whether it has to be one of them (§5.5.1.1).
    pub(super) fn acr(&self) -> Option<(Vec<String>, bool)> {
        let wish = self.id_token.iter().find(|wish| wish.name == "acr" && !wish.values.is_empty())?;
        let values = wish.values.iter().filter_map(Value::as_str).map(str::to_owned);
        Some((values.collect(), wish.essential))
    }
}

impl Wish {
    fn read(name: &str, wish: &Value) -> Result<Self, Refusal> {
        let bad = |what: &'static str| Err(MALFORMED.because(what));
        let name = name.to_owned();
        let members = match wish {
            Value::Null => return Ok(Self { name, essential: false, values: Vec::new() }),
            Value::Object(members) => members,
            _ => return bad("What is asked of a claim is null or an object"),
        };
        let essential = match members.get("essential") {
            None => false,
            Some(Value::Bool(essential)) => *essential,
            Some(_) => return bad("essential is true or false"),
        };
        let values = match (members.get("value"), members.get("values")) {
            (None, None) => Vec::new(),
            (Some(value), None) => vec![value.clone()],
            (None, Some(Value::Array(values))) if values.len() <= MOST => values.clone(),
            (None, Some(_)) => return bad("values is an array, and not a long one"),
            (Some(_), Some(_)) => return bad("A claim has either value or values"),
        };
        if values.iter().any(|value| depth(value) > 4) {
            return bad("A value is nested too deeply");
        }
        Ok(Self { name, essential, values })
    }

    fn is_met_by(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What UserInfo says of `user`, of whom so much is `told` (§5.3.2): what the scope asks for, and what is wished for.
pub(super) fn userinfo(user: &User, told: &Told, scope: &Scope, wishes: &[Wish]) -> Map<String, Value> {
    let mut claims = by_scope(told, scope);
    add(told, wishes, &mut claims);
    let standard = |name: &str| SCOPES.iter().find(|(_, claims)| claims.contains(&name)).map(|(scope, _)| *scope);
    let released = |name: &String| {
        standard(name).is_none_or(|needed| scope.contains(needed)) || wishes.iter().any(|wish| wish.name == *name)
    };
    let mut names = Map::new();
    let mut sources = Map::new();
    for source in user.sources() {
        for name in source.claims.iter().filter(|name| released(name)) {
            claims.remove(name);
            names.insert(name.clone(), source.name.clone().into());
            sources.insert(source.name.clone(), source.describe());
        }
    }
    if !names.is_empty() {
        claims.insert("_claim_names".to_owned(), names.into());
        claims.insert("_claim_sources".to_owned(), sources.into());
    }
    told.put(Destination::Userinfo, &mut claims);
    claims
}

/// The claims that a scope asks for. One that no scope stands for was given to the user by whoever set up the server.
pub(super) fn by_scope(told: &Told, scope: &Scope) -> Map<String, Value> {
    let standard = |name: &str| SCOPES.iter().find(|(_, claims)| claims.contains(&name)).map(|(scope, _)| *scope);
    let asked = told.claims.iter().filter(|(name, _)| standard(name).is_none_or(|needed| scope.contains(needed)));
    asked.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Adds the claims that are wished for, as far as they are known and have a value that will do. It is no error if they
/// are not, not even if they are essential (§5.5.1).
pub(super) fn add(told: &Told, wishes: &[Wish], claims: &mut Map<String, Value>) {
    for wish in wishes.iter().filter(|wish| !OWN.contains(&wish.name.as_str())) {
        if let Some(value) = told.claims.get(&wish.name).filter(|value| wish.is_met_by(value)) {
            claims.insert(wish.name.clone(), value.clone());
        }
    }
}

/// `claims_supported`: what the server makes itself, and what scopes ask for.
pub(super) fn supported() -> Value {
    let made = OWN.iter().filter(|name| !["c_hash", "s_hash", "azp", "sid"].contains(name));
    json!(made.chain(SCOPES.iter().flat_map(|(_, claims)| claims.iter())).collect::<Vec<_>>())
}

pub(super) static MALFORMED: Rule = Rule {
    id: "oidc-claims-malformed",
    document: &documents::OIDC_CORE,
    section: "5.5",
    error: ErrorCode::InvalidRequest,
    says: "The claims parameter is a JSON object that says which claims are wanted of userinfo and id_token",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claims_parameter_is_read() {
        let read = Requested::parse(
            r##"{"userinfo": {"nickname": null, "email": {"essential": true, "purpose": "x"}},
                "id_token": {"acr": {"values": ["a", "b"], "essential": true}, "sub": {"value": "bob"}}, "x": 1}"##,
        )
        .expect("well-formed");
        assert_eq!((read.subject(), read.acr()), (Some("bob"), Some((vec!["a".to_owned(), "b".to_owned()], true))));
        assert_eq!(read.userinfo.iter().map(|wish| wish.essential).collect::<Vec<_>>(), [true, false]);
        assert_eq!(Requested::parse("{}").ok(), Some(Requested::default()));
    }

    #[test]
    fn what_is_no_claims_parameter_is_refused() {
        let many = |wish: &str| (0..=MOST).map(|n| format!("\"{n}\":{wish}")).collect::<Vec<_>>().join(",");
        let values = (0..=MOST).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        for text in [
            "".to_owned(),
            "[]".to_owned(),
            r#"{"userinfo": []}"#.to_owned(),
            r#"{"userinfo": {"a": true}}"#.to_owned(),
            r#"{"userinfo": {"a": {"essential": 1}}}"#.to_owned(),
            r#"{"userinfo": {"a": {"values": "b"}}}"#.to_owned(),
            r#"{"userinfo": {"a": {"value": "b", "values": ["b"]}}}"#.to_owned(),
            r#"{"userinfo": {"a": {"value": [[[[[1]]]]]}}}"#.to_owned(),
            format!(r#"{{"id_token": {{{}}}}}"#, many("null")),
            format!(r#"{{"id_token": {{"a": {{"values": [{values}]}}}}}}"#),
            format!("{{}}{}", " ".repeat(LONGEST)),
            "[".repeat(10_000),
        ] {
            let rule = Requested::parse(&text).map_err(|refusal| refusal.rule.id);
            assert_eq!(rule, Err("oidc-claims-malformed"), "{text:.80}");
        }
    }
}
