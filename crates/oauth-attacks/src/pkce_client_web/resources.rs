//! What the application gets from protected resources: each visitor has access of their own to each, and logs in for it
//! through their browser whenever the resource asks for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pkce_client::{
    AccessRequest, BoxFuture, Client, Error, Registration, ResourceClient, ResourceLogin, Session, Started,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Open, PkceClientWeb, Purpose, cookie_of};
use crate::agent::lock;
use crate::client::{Done, Rejected, Said, Visitor};
use crate::target::ClientAuth;

/// Resources by the cookie of the visitor and their address.
#[derive(Default)]
pub(super) struct Visits(Mutex<HashMap<(String, String), Visit>>);

/// A visitor at a resource.
pub(super) struct Visit {
    url: String,
    resource: ResourceClient,
    asked: mpsc::UnboundedReceiver<Asked>,
    /// What waits for the visitor to log in.
    waiting: Option<(JoinHandle<Outcome>, oneshot::Sender<Session>)>,
}

/// What comes of something that is done at a resource.
type Outcome = Result<Done, Error>;

/// A login that a resource asks for.
struct Asked {
    started: Started,
    client: Client,
    answer: oneshot::Sender<Session>,
}

/// Has the visitor log in, whenever they come back.
struct ThroughBrowser(mpsc::UnboundedSender<Asked>);

impl ResourceLogin for ThroughBrowser {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(async move {
            let started = request.login().begin().await?;
            let (answer, session) = oneshot::channel();
            // Whoever has gone away logs in nowhere, and the answer is not there either.
            let _ = self.0.send(Asked { started, client: request.client().clone(), answer });
            session.await.map_err(|_| Error::ReauthRequired)
        })
    }
}

impl PkceClientWeb {
    /// Calls a resource.
    pub(super) async fn call(&self, visitor: &Visitor, url: &str) -> Result<Done, Rejected> {
        let known = lock(&self.visits.0).remove(&(cookie_of(visitor), url.to_owned()));
        let visit = known.map_or_else(|| self.visit(url), Ok)?;
        let request = http::Request::get(url).body(Vec::new()).map_err(|error| Rejected::new(error.to_string()))?;
        let resource = visit.resource.clone();
        let calls = async move {
            let answer = resource.send(request).await?;
            Ok(Done::Answered { status: answer.status().as_u16() })
        };
        self.go_on(visitor, visit, tokio::spawn(calls)).await
    }

    /// Begins a login for a resource, with what it says of itself now.
    pub(super) async fn begin_for(&self, visitor: &Visitor, url: &str) -> Result<Done, Rejected> {
        let visit = self.visit(url)?;
        let resource = visit.resource.clone();
        let logs_in = async move { resource.log_in().await.map(|_| Done::Done) };
        self.go_on(visitor, visit, tokio::spawn(logs_in)).await
    }

    /// A first visit of a resource.
    fn visit(&self, url: &str) -> Result<Visit, Rejected> {
        let (asks, asked) = mpsc::unbounded_channel();
        let adjust = Arc::clone(&self.adjust);
        let redirect_uri = crate::ClientUnderTest::registration(self).redirect_uri().to_owned();
        let resource = ResourceClient::at(url)
            .client(move |builder| adjust(builder.redirect_uri(&redirect_uri)))
            .logging_in_by(ThroughBrowser(asks));
        let known: Vec<_> = lock(&self.providers).values().cloned().collect();
        let resource = known.iter().try_fold(resource, |resource, provider| {
            let (issuer, id) = (&provider.issuer, &provider.client.client_id);
            Ok(resource.registered(match &provider.client.auth {
                ClientAuth::Basic(secret) => Registration::confidential(issuer, id, secret.clone()),
                ClientAuth::None | ClientAuth::PrivateKeyJwt(_) => Registration::public(issuer, id),
                ClientAuth::Post(_) | ClientAuth::MutualTls(_) => {
                    return Err(Rejected::new("the client is not registered so that it can call resources"));
                }
            }))
        });
        Ok(Visit { url: url.to_owned(), resource: resource?.build()?, asked, waiting: None })
    }

    /// Goes on with what is done at a resource, until it is done or the visitor has to log in.
    async fn go_on(
        &self,
        visitor: &Visitor,
        mut visit: Visit,
        mut job: JoinHandle<Outcome>,
    ) -> Result<Done, Rejected> {
        let cookie = cookie_of(visitor);
        tokio::select! {
            biased;
            Some(Asked { started: Started { url, pending }, client, answer }) = visit.asked.recv() => {
                visit.waiting = Some((job, answer));
                let open = Open { client, key: pending.lookup_key(), pending, purpose: Purpose::Visit(visit) };
                lock(&self.open).entry(cookie).or_default().push(open);
                Ok(Done::Sent { url: url.into() })
            }
            outcome = &mut job => {
                lock(&self.visits.0).insert((cookie, visit.url.clone()), visit);
                Ok(outcome.map_err(|_| Rejected::new("the application broke down"))??)
            }
        }
    }

    /// The visitor has logged in for a resource.
    pub(super) async fn arrive(
        &self,
        visitor: &Visitor,
        mut visit: Visit,
        session: Session,
    ) -> Result<Said, Rejected> {
        let gone = || Rejected::new("nobody waits for this login");
        let (job, answer) = visit.waiting.take().ok_or_else(gone)?;
        let issuer = lock(&self.chosen).get(&cookie_of(visitor)).cloned().unwrap_or_default();
        answer.send(session).map_err(|_| gone())?;
        match self.go_on(visitor, visit, job).await? {
            Done::Sent { url } => Ok(Said::SentOn { url }),
            // Who they are is known from before; the access is no login of its own.
            _ => {
                let subject = self.session(visitor)?.claims().map(|claims| claims.subject().to_owned());
                Ok(Said::Accepted { issuer, subject: subject.unwrap_or_default() })
            }
        }
    }
}
