//! What an attack on a client found.

use super::{Heard, Stage};
use crate::agent::lock;
use crate::client::Said;
use crate::idp::Idp;
use crate::judge::Finding;
use crate::verdict::{Level, Verdict};

impl Stage {
    /// Records that `heard`, the answer to `what`, must be a rejection.
    pub fn must_reject(&self, heard: &Heard, what: &str) -> Verdict {
        self.found(self.rejection(heard, what))
    }

    /// The same at another level than that of the attack.
    pub fn must_reject_at(&self, level: Level, heard: &Heard, what: &str) -> Verdict {
        self.found(self.rejection(heard, what).at(level))
    }

    fn rejection(&self, heard: &Heard, what: &str) -> Finding {
        let (verdict, because) = match heard {
            Heard::Said(Said::Accepted { .. }) => (Verdict::Vulnerable, format!("the client accepted {what}")),
            Heard::BrokeDown | Heard::Said(Said::BrokeDown) => {
                (Verdict::Vulnerable, format!("the client broke down at {what}"))
            }
            Heard::Said(Said::Rejected(rejected)) => {
                let code = self.agent.conceal(rejected.shown());
                (Verdict::Stopped, format!("{what} is rejected: {code}"))
            }
            Heard::Said(Said::SentOn { .. }) => (Verdict::Stopped, format!("{what} only leads elsewhere")),
        };
        Finding::new(verdict, because)
    }

    /// Records that no token request carries this code.
    pub fn must_not_redeem(&self, idp: &Idp, code: &str, what: &str) {
        if idp.token_requests().iter().any(|entry| entry.params.all("code").any(|sent| sent == code)) {
            self.found(Finding::new(Verdict::Vulnerable, format!("the client redeemed the code of {what}")));
        }
    }

    /// Records a violation.
    pub fn violated(&self, because: impl Into<String>) -> Verdict {
        self.found(Finding::new(Verdict::Vulnerable, because))
    }

    /// Records that nothing was wrong.
    pub fn withstood(&self, because: impl Into<String>) -> Verdict {
        self.found(Finding::new(Verdict::Stopped, because))
    }

    /// Records a finding. If the attack was stopped, it was at the last step.
    pub fn found(&self, finding: Finding) -> Verdict {
        let verdict = finding.verdict;
        if verdict.withstood() {
            self.agent.stopped_at(None);
        }
        lock(&self.findings).push(finding);
        verdict
    }

    /// What was found so far.
    #[cfg(test)]
    pub(crate) fn findings(&self) -> Vec<Finding> {
        lock(&self.findings).clone()
    }
}
