//! The shortest way to a test: `against_server(target).await` and `against_client(client).await`.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crate::baseline::Baseline;
use crate::client::ClientUnderTest;
use crate::outcomes::Report;
use crate::profile::Profile;
use crate::run::{Options, run_on_client, run_on_server};
use crate::target::Target;
use crate::verdict::Verdict;

/// Attacks that run when they are awaited.
#[must_use = "nothing is attacked until this is awaited"]
pub struct Against {
    run: Box<dyn FnOnce(Options) -> Running + Send>,
    options: Options,
}

/// Attacks on their way.
pub type Running = Pin<Box<dyn Future<Output = Report> + Send>>;

/// Every attack on servers, against this one.
///
/// ```no_run
/// # async fn example() -> Result<(), oauth_attacks::TargetError> {
/// use oauth_attacks::{Target, against_server};
///
/// let target = Target::discover("http://127.0.0.1:8080").await?.public("app", "http://127.0.0.1:9/callback");
/// against_server(target).only(["as-code-replay", "as-pkce-method-case"]).await.assert_all_stopped();
/// # Ok(())
/// # }
/// ```
pub fn against_server(target: Target) -> Against {
    let run = move |options: Options| -> Running { Box::pin(async move { run_on_server(&target, &options).await }) };
    Against { run: Box::new(run), options: Options::new() }
}

/// Every attack on clients, against this one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use oauth_attacks::{PkceClientWeb, against_client};
///
/// against_client(PkceClientWeb::default()).only(["rp-state-mismatch"]).await.assert_all_stopped();
/// # }
/// ```
pub fn against_client(client: impl ClientUnderTest + 'static) -> Against {
    let run = move |options: Options| -> Running { Box::pin(async move { run_on_client(client, &options).await }) };
    Against { run: Box::new(run), options: Options::new() }
}

impl Against {
    /// Only the attacks with these ids.
    pub fn only<I: Into<String>>(self, ids: impl IntoIterator<Item = I>) -> Self {
        self.changed(|options| options.only(ids))
    }

    /// By the rules of this profile.
    pub fn profile(self, profile: Profile) -> Self {
        self.changed(|options| options.profile(profile))
    }

    /// As [`Options::excuse`].
    pub fn excuse(self, id: impl Into<String>, verdict: Verdict, reason: impl Into<String>) -> Self {
        self.changed(|options| options.excuse(id, verdict, reason))
    }

    /// As [`Options::baseline`].
    pub fn baseline(self, baseline: Baseline) -> Self {
        self.changed(|options| options.baseline(baseline))
    }

    /// As [`Options::permit_harm`].
    pub fn permit_harm(self) -> Self {
        self.changed(Options::permit_harm)
    }

    /// With any other change of the options.
    pub fn changed(self, change: impl FnOnce(Options) -> Options) -> Self {
        Self { options: change(self.options), ..self }
    }
}

impl IntoFuture for Against {
    type Output = Report;
    type IntoFuture = Running;

    fn into_future(self) -> Running {
        (self.run)(self.options)
    }
}

impl fmt::Debug for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Against").field("options", &self.options).finish_non_exhaustive()
    }
}
