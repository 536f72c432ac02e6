//! What the journal of a tenant has.

use oauth_types::journal::{Entry, Expect, Flow, Query};
use serde_json::Value;

use super::ControlTenant;
use crate::connection::Answer;
use crate::{Error, call};

/// Its journal: every request, what was answered, and why.
impl ControlTenant {
    /// The entries that are like this, in order. In the place of secrets stand their fingerprints. The journal keeps the last
    /// 4096 requests.
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), mock_idp_control::Error> {
    /// # let running = mock_idp::MockIdp::start().await;
    /// # let address = format!("http://{}", running.address().expect("it listens"));
    /// # let idp = mock_idp_control::ControlClient::new(&address)?.root();
    /// use oauth_types::fault::Point;
    /// use oauth_types::journal::Query;
    ///
    /// for entry in idp.journal(&Query { refused: Some(true), ..Query::at(Point::TokenResponse) }).await? {
    ///     println!("{}: {:?}", entry.number, entry.refusal);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn journal(&self, query: &Query) -> Result<Vec<Entry>, Error> {
        self.read(query, None).await?.json()
    }

    /// The same with the secrets: codes, tokens and the like.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn revealed(&self, query: &Query) -> Result<Vec<Entry>, Error> {
        self.read(query, Some(("reveal", "true"))).await?.json()
    }

    /// The entries that are like this, as an HTTP archive (HAR 1.2).
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn har(&self, query: &Query) -> Result<Value, Error> {
        self.read(query, Some(("format", "har"))).await?.json()
    }

    /// The entries that are like this, one in each line.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn jsonl(&self, query: &Query) -> Result<String, Error> {
        self.read(query, Some(("format", "jsonl"))).await?.text()
    }

    /// Whether the journal is as expected: which requests, how often, in which order.
    ///
    /// # Errors
    /// [`Error`] if it is not. The [`Problem`](crate::Problem) is a `conflict`, and says how it is instead.
    pub async fn expect(&self, expected: impl Into<Expect>) -> Result<(), Error> {
        self.tell(call::EXPECT_IN_JOURNAL, &expected.into()).await.map(drop)
    }

    /// What each flow says of the client that drove it, and which code or token was given out for which.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn flows(&self) -> Result<Vec<Flow>, Error> {
        self.ask(call::LIST_FLOWS).await?.json()
    }

    /// What the flow of this name says of the client that drove it.
    ///
    /// # Errors
    /// [`Error`] if there is no such flow.
    pub async fn flow(&self, id: &str) -> Result<Flow, Error> {
        self.connection.ask(call::READ_FLOW, &[&self.name, id]).await?.json()
    }

    /// Forgets the journal. Numbers go on from there.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn clear_journal(&self) -> Result<(), Error> {
        self.ask(call::CLEAR_JOURNAL).await.map(drop)
    }

    async fn read(&self, query: &Query, how: Option<(&str, &str)>) -> Result<Answer, Error> {
        let members = serde_json::to_value(query).unwrap_or_default();
        let members = members.as_object().into_iter().flatten();
        let mut asked: Vec<(&str, String)> = members.map(|(name, value)| (name.as_str(), text(value))).collect();
        asked.extend(how.map(|(name, value)| (name, value.to_owned())));
        self.connection.query(call::READ_JOURNAL, &[&self.name], &asked).await
    }
}

/// A value as a query has it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
