//! Servers that do what they have to on pages of other shapes than those of the mock server.

use std::sync::Arc;

use http::Method;
use mock_idp::{Builder, MockIdp, User};
use oauth_attacks::{Options, Verdict, run_on_server};
use oauth_types::Params;

use crate::victims::front::{Answering, Bend, Bug, Call, Front, Reply};
use crate::victims::pages::{PAGES, by_forms};

/// Puts requests back into the shape of the mock server, and its pages out of it.
pub(super) struct Reshaped {
    pub(super) takes: fn(&mut Call),
    pub(super) gives: fn(&Call, &mut Reply),
}

impl Bend for Reshaped {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let asked = call.clone();
            (self.takes)(&mut call);
            let mut reply = call.ask(server).await;
            (self.gives)(&asked, &mut reply);
            reply
        })
    }
}

/// Changes the page in an answer.
pub(super) fn rewrite(reply: &mut Reply, change: impl FnOnce(String) -> String) {
    reply.body = change(String::from_utf8_lossy(&reply.body).into_owned()).into_bytes();
}

/// What an attack comes to.
async fn comes_to(id: &str, server: &Bug) -> (Verdict, String) {
    let front = Front::start(Some(server)).await;
    let report = run_on_server(&front.target().await, &Options::new().only([id])).await;
    (report.outcomes[0].verdict, report.outcomes[0].because.clone())
}

/// The page before a logout is shown to whoever has an ID token as well.
fn asked_first(call: &mut Call) {
    if call.path == "/logout" {
        call.query.remove("id_token_hint");
    }
}

static ASKED: Bug = Bug { bend: Some(|| Arc::new(Reshaped { takes: asked_first, gives: |_, _| () })), ..Bug::NONE };

static ASKED_IN_VAIN: Bug = Bug {
    bend: Some(|| {
        let takes = |call: &mut Call| {
            asked_first(call);
            if let Some(form) = call.form.as_mut().filter(|_| call.path == "/logout") {
                form.set("decision", "deny");
            }
        };
        Arc::new(Reshaped { takes, gives: |_, _| () })
    }),
    ..Bug::NONE
};

#[tokio::test]
async fn a_server_that_asks_whether_to_log_out_is_answered() {
    for id in ["as-code-after-logout", "as-refresh-after-revoke"] {
        let (verdict, because) = comes_to(id, &ASKED).await;
        assert_eq!(verdict, Verdict::Stopped, "{id}: {because}");
        let (verdict, because) = comes_to(id, &ASKED_IN_VAIN).await;
        assert_eq!(verdict, Verdict::Vulnerable, "{id}: {because}");
    }
}

/// Users without passwords.
fn known_by_name(builder: Builder) -> Builder {
    builder.on("login-pages").user(User::new("alice")).user(User::new("bob"))
}

/// The login page has a button for each user, and nothing to enter.
fn buttons_alone(asked: &Call, reply: &mut Reply) {
    if asked.path == "/login" {
        rewrite(reply, |page| match page.split_once("<form method=\"post\" action=\"/login\" id=\"login-form\">") {
            None => page,
            Some((before, rest)) => format!("{before}{}", rest.split_once("</form>").map_or("", |(_, after)| after)),
        });
    }
}

static BUTTONS: Bug = Bug {
    built: known_by_name,
    bend: Some(|| Arc::new(Reshaped { takes: |_| (), gives: buttons_alone })),
    known: by_forms,
    ..Bug::NONE
};

static BUTTONS_ONCE: Bug = Bug {
    built: known_by_name,
    bend: Some(|| {
        let takes = |call: &mut Call| {
            if call.path == "/authorize" {
                call.params().remove("max_age");
                call.params().remove("prompt");
            }
        };
        Arc::new(Reshaped { takes, gives: buttons_alone })
    }),
    known: by_forms,
    ..Bug::NONE
};

#[tokio::test]
async fn whoever_is_shown_the_buttons_of_strangers_has_to_log_in_again() {
    let (verdict, because) = comes_to("as-authz-reauth-skip", &BUTTONS).await;
    assert_eq!(verdict, Verdict::Stopped, "{because}");
    let (verdict, because) = comes_to("as-authz-reauth-skip", &BUTTONS_ONCE).await;
    assert_eq!(verdict, Verdict::Vulnerable, "{because}");
}

/// The consent form has no fields: what it carries is in its address.
fn fields_in_address(asked: &Call, reply: &mut Reply) {
    if (asked.path.as_str(), &asked.method) != ("/consent", &Method::GET) {
        return;
    }
    rewrite(reply, |page| {
        let is_field = |line: &&str| line.starts_with("<input type=\"hidden\"");
        let value = |line: &str, name: &str| {
            let rest = line.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let fields: Params =
            page.lines().filter(is_field).map(|line| (value(line, " name"), value(line, " value"))).collect();
        let rest: String = page.lines().filter(|line| !is_field(line)).map(|line| format!("{line}\n")).collect();
        rest.replace("action=\"/consent\"", &format!("action=\"/consent?{}\"", fields.encode()))
    });
}

/// Reads the fields where they are.
fn fields_of_address(call: &mut Call) {
    if let Some(form) = call.form.as_mut().filter(|_| call.path == "/consent") {
        for (name, value) in std::mem::take(&mut call.query).iter() {
            form.push(name, value);
        }
    }
}

static TOKEN_IN_ADDRESS: Bug =
    Bug { bend: Some(|| Arc::new(Reshaped { takes: fields_of_address, gives: fields_in_address })), ..PAGES };

#[tokio::test]
async fn a_form_whose_token_is_in_its_address_has_one() {
    let (verdict, because) = comes_to("as-authz-consent-csrf", &TOKEN_IN_ADDRESS).await;
    assert_eq!(verdict, Verdict::Stopped, "{because}");
}
