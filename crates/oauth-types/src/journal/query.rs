//! Questions about a journal: which entries, how often, in which order.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::fault::Point;

/// Which entries: those that are like this in everything that is said here.
/// ```
/// use oauth_types::journal::Query;
/// let refused = Query { path: Some("/token".to_owned()), refused: Some(true), ..Query::default() };
/// assert_eq!(serde_json::to_string(&refused)?, r#"{"path":"/token","refused":true}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// The endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// The path below the issuer: `/token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The grant type of a token request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<bool>,
    /// The id of the rule that it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The flow it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Only entries after the one of this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// A parameter that it has, in the query or in the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// Whether it passed only by a relaxation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relaxed: Option<bool>,
}

impl Query {
    /// Every entry.
    pub fn any() -> Self {
        Self::default()
    }

    /// Entries at an endpoint.
    pub fn at(point: Point) -> Self {
        Self { point: Some(point), ..Self::default() }
    }

    /// Whether an entry is like this.
    pub fn matches(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, own: Option<&str>| wanted.is_none() || wanted.as_deref() == own;
        let Entry { request, refusal, .. } = entry;
        let rule = refusal.as_ref().map(|refused| refused.rule.as_str());
        let has = |name: &String| request.query.iter().chain(&request.form).any(|pair| pair.name == *name);
        self.point.is_none_or(|point| entry.point == Some(point))
            && same(&self.path, Some(&request.path))
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && same(&self.client_id, entry.client_id.as_deref())
            && same(&self.grant_type, entry.grant_type.as_deref())
            && self.status.is_none_or(|status| entry.response.status == status)
            && self.refused.is_none_or(|refused| refusal.is_some() == refused)
            && same(&self.rule, rule)
            && same(&self.flow, entry.flow.as_deref())
            && self.since.is_none_or(|number| entry.number > number)
            && self.param.as_ref().is_none_or(has)
            && self.relaxed.is_none_or(|relaxed| entry.relaxations.is_empty() != relaxed)
    }
}

/// What a journal is expected to have: requests of a kind, how often; or several kinds, one after the other.
///
/// Unless something else is said, at least once.
/// ```
/// use oauth_types::journal::Expect;
/// let refreshed_once = Expect::token().grant_type("refresh_token").times(1);
/// let never_refused = Expect::any().refused(true).never();
/// let in_turn = Expect::in_order([Expect::authorize(), Expect::token(), Expect::userinfo()]);
/// assert_eq!(in_turn.of.len(), 3);
/// # let _ = (refreshed_once, never_refused);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Which requests. Several are met one after the other; others may come in between.
    pub of: Vec<Query>,
    /// How often at least.
    #[serde(default = "once")]
    pub at_least: u64,
    /// How often at most; absent means as often as one likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
}

fn once() -> u64 {
    1
}

impl From<Query> for Expect {
    fn from(query: Query) -> Self {
        Self { of: vec![query], at_least: 1, at_most: None }
    }
}

impl Expect {
    /// Any request.
    pub fn any() -> Self {
        Query::any().into()
    }

    /// Requests at an endpoint.
    pub fn at(point: Point) -> Self {
        Query::at(point).into()
    }

    /// Requests at the authorization endpoint.
    pub fn authorize() -> Self {
        Self::at(Point::AuthorizationResponse)
    }

    /// Requests at the token endpoint.
    pub fn token() -> Self {
        Self::at(Point::TokenResponse)
    }

    /// Requests at the UserInfo endpoint.
    pub fn userinfo() -> Self {
        Self::at(Point::Userinfo)
    }

    /// Requests for a metadata document.
    pub fn discovery() -> Self {
        Self::at(Point::Discovery)
    }

    /// Requests for the key set.
    pub fn jwks() -> Self {
        Self::at(Point::Jwks)
    }

    /// Requests at a path below the issuer, such as `/par`.
    pub fn path(path: impl Into<String>) -> Self {
        Query { path: Some(path.into()), ..Query::default() }.into()
    }

    /// All of these, one after the other. Others may come in between.
    pub fn in_order(steps: impl IntoIterator<Item = Self>) -> Self {
        Self { of: steps.into_iter().flat_map(|step| step.of).collect(), at_least: 1, at_most: None }
    }

    /// Of this client alone.
    #[must_use]
    pub fn client_id(self, client_id: impl Into<String>) -> Self {
        let client_id = Some(client_id.into());
        self.each(|query| query.client_id.clone_from(&client_id))
    }

    /// With this grant type alone.
    #[must_use]
    pub fn grant_type(self, grant_type: impl Into<String>) -> Self {
        let grant_type = Some(grant_type.into());
        self.each(|query| query.grant_type.clone_from(&grant_type))
    }

    /// Answered with this status alone.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.each(|query| query.status = Some(status))
    }

    /// Refused, or not refused.
    #[must_use]
    pub fn refused(self, refused: bool) -> Self {
        self.each(|query| query.refused = Some(refused))
    }

    /// Refused for breaking this rule alone.
    #[must_use]
    pub fn rule(self, rule: impl Into<String>) -> Self {
        let rule = Some(rule.into());
        self.each(|query| query.rule.clone_from(&rule))
    }

    /// With this parameter alone.
    #[must_use]
    pub fn param(self, name: impl Into<String>) -> Self {
        let name = Some(name.into());
        self.each(|query| query.param.clone_from(&name))
    }

    /// Passed only by a relaxation, or without one.
    #[must_use]
    pub fn relaxed(self, relaxed: bool) -> Self {
        self.each(|query| query.relaxed = Some(relaxed))
    }

    /// After the entry of this number alone.
    #[must_use]
    pub fn since(self, number: u64) -> Self {
        self.each(|query| query.since = Some(number))
    }

    /// Exactly this often.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { at_least: times, at_most: Some(times), ..self }
    }

    /// Not at all.
    #[must_use]
    pub fn never(self) -> Self {
        self.times(0)
    }

    /// This often or more.
    #[must_use]
    pub fn at_least(self, times: u64) -> Self {
        Self { at_least: times, at_most: None, ..self }
    }

    /// This often or less.
    #[must_use]
    pub fn at_most(self, times: u64) -> Self {
        Self { at_least: 0, at_most: Some(times), ..self }
    }

    /// Whether a journal has what is expected.
    ///
    /// # Errors
    /// [`Unmet`] says how often it was met instead.
    pub fn check(&self, entries: &[Entry]) -> Result<(), Unmet> {
        let mut met = Vec::new();
        let mut wanted = self.of.iter();
        let mut next = wanted.next();
        let mut times = 0;
        for entry in entries {
            if next.is_some_and(|query| query.matches(entry)) {
                met.push(entry.number);
                next = wanted.next();
                if next.is_none() {
                    times += 1;
                    wanted = self.of.iter();
                    next = wanted.next();
                }
            }
        }
        match times >= self.at_least && self.at_most.is_none_or(|most| times <= most) {
            true => Ok(()),
            false => Err(Unmet { expected: self.clone(), times, met }),
        }
    }

    fn each(mut self, change: impl Fn(&mut Query)) -> Self {
        self.of.iter_mut().for_each(change);
        self
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, query) in self.of.iter().enumerate() {
            let text = serde_json::to_string(query).unwrap_or_default();
            write!(f, "{}{text}", if at == 0 { "" } else { " then " })?;
        }
        match (self.at_least, self.at_most) {
            (_, Some(0)) => f.write_str(" never"),
            (least, Some(most)) if least == most => write!(f, " {least} times"),
            (0, Some(most)) => write!(f, " at most {most} times"),
            (least, Some(most)) => write!(f, " {least} to {most} times"),
            (least, None) => write!(f, " at least {least} times"),
        }
    }
}

/// An expectation that a journal does not meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("expected {expected}, and it came {times} times")]
pub struct Unmet {
    /// What was expected.
    pub expected: Expect,
    /// How often it came.
    pub times: u64,
    /// The numbers of the entries that are like it, or like a part of it.
    pub met: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(paths: &[&str]) -> Vec<Entry> {
        let entry = |(at, path): (usize, &&str)| {
            let text = format!(
                r#"{{"number":{},"at":7,"request":{{"method":"GET","path":"{path}","headers":[],"query":[],"form":[]}},
                    "response":{{"status":200,"headers":[],"octets":0}}}}"#,
                at + 1
            );
            serde_json::from_str(&text).expect("an entry")
        };
        paths.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn how_often_is_counted() {
        let journal = entries(&["/authorize", "/token", "/token"]);
        let token = || Expect::path("/token");
        assert_eq!(token().check(&journal), Ok(()));
        assert_eq!(token().times(2).check(&journal), Ok(()));
        assert_eq!(token().at_most(2).check(&journal), Ok(()));
        let unmet = token().times(1).check(&journal).expect_err("it came twice");
        assert_eq!((unmet.times, unmet.met.as_slice()), (2, &[2, 3][..]));
        assert_eq!(unmet.to_string(), r#"expected {"path":"/token"} 1 times, and it came 2 times"#);
        assert!(token().never().check(&journal).is_err());
        assert!(token().at_least(3).check(&journal).is_err());
        assert_eq!(token().since(2).times(1).check(&journal), Ok(()));
        assert_eq!(Expect::path("/par").never().check(&journal), Ok(()));
    }

    #[test]
    fn order_counts_and_gaps_do_not() {
        let journal = entries(&["/authorize", "/jwks", "/token", "/userinfo"]);
        let order = |paths: &[&str]| Expect::in_order(paths.iter().map(|path| Expect::path(*path)));
        assert_eq!(order(&["/authorize", "/token", "/userinfo"]).check(&journal), Ok(()));
        let unmet = order(&["/token", "/authorize"]).check(&journal).expect_err("it is the other way round");
        assert_eq!((unmet.times, unmet.met.as_slice()), (0, &[3][..]));
    }

    #[test]
    fn a_misspelt_question_is_an_error() {
        assert!(serde_json::from_str::<Query>(r#"{"pat":"/token"}"#).is_err());
        let expect: Expect = serde_json::from_str(r#"{"of":[{"path":"/token"}]}"#).expect("an expectation");
        assert_eq!(expect, Expect::path("/token"));
    }
}
