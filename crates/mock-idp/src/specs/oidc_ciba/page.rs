//! The page on which the user decides, in place of a device of theirs (OpenID Connect CIBA §8).

use oauth_types::ErrorCode;
use serde_json::json;

use super::{Asked, PAGE, rule};
use crate::elsewhere::{self, Decision, Names, Question};
use crate::escape::html;
use crate::memory::Authorization;
use crate::ports::store::{Kept, Key};
use crate::refusal::Rule;
use crate::reply::{Cargo, Outgoing, Reply, Stop};
use crate::spec::Call;

/// The page in place of the user's device.
pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Stop> {
    let (arrival, store) = (call.arrival, &call.ports.store);
    let params = arrival.form.filter(|_| arrival.posted()).unwrap_or(arrival.query);
    let handle = params.get("request").ok_or_else(|| DECISION_UNKNOWN.refuse())?;
    let named = store.get(Key::of(PAGE, &arrival.place.tenant, handle)).await?;
    let Some(Names(key)) = named.and_then(|kept| kept.record.own()) else {
        return Err(DECISION_UNKNOWN.refuse().into());
    };
    let kept = store.get(key).await?.filter(|kept| kept.record.expires > arrival.now);
    let kept = kept.ok_or_else(|| DECISION_UNKNOWN.because("It may have expired"))?;
    arrival.seen.client(&kept.record.authorization.client_id);
    if kept.spent.is_some() || kept.record.own() != Some(Decision::Waiting) {
        return Err(DECIDED.refuse().into());
    }
    let asked: Asked = kept.record.own().ok_or_else(|| DECISION_UNKNOWN.refuse())?;
    match params.get("decision") {
        Some(decision) if elsewhere::is_confirmed(call, handle, params) => {
            settle(call, key, kept, asked, decision).await
        }
        Some(_) => Err(NOT_CONFIRMED.because("Open the page first, and POST its ticket with its cookie").into()),
        None => question(call, &kept.record.authorization, &asked, handle).await,
    }
}

async fn question(
    call: &Call<'_>,
    authorization: &Authorization,
    asked: &Asked,
    handle: &str,
) -> Result<Reply, Stop> {
    let message = asked.binding_message.as_deref().map_or_else(String::new, |message| {
        format!("<p>It shows: <strong id=\"binding-message\">{}</strong></p>\n", html(message))
    });
    let says = format!(
        "<p>The client <code id=\"client\">{}</code> asks for access on behalf of <strong>{}</strong>.</p>\n{message}\
         <p>Scope: <code id=\"scope\">{}</code></p>",
        html(&authorization.client_id),
        html(&asked.user),
        html(authorization.scope.as_str()),
    );
    let question = Question {
        title: "A client asks for access",
        action: "ciba",
        name: "request",
        value: handle,
        says,
        user: Some(asked.user.as_str()),
    };
    elsewhere::ask(call, &question).await
}

async fn settle(call: &Call<'_>, key: Key, kept: Kept, asked: Asked, decision: &str) -> Result<Reply, Stop> {
    let Kept { mut record, version, .. } = kept;
    let client_id = record.authorization.client_id.clone();
    let client = call.spine.client(call.arrival, &client_id).await?;
    let client = client.ok_or_else(|| DECISION_UNKNOWN.because("Its client is gone"))?;
    let said = match (decision, elsewhere::decider(call, &asked.user).await?) {
        ("approve", None) => {
            return Err(NOT_CONFIRMED.because("A user with a password has to be logged in here first").into());
        }
        ("approve", Some(user)) => {
            elsewhere::approve(call, &client, user, &mut record);
            "<p id=\"done\">Approved.</p>"
        }
        _ => {
            elsewhere::decided(&mut record, Decision::Denied);
            "<p id=\"done\">Denied.</p>"
        }
    };
    if !call.ports.store.replace(key, version, record).await? {
        return Err(DECIDED.refuse().into());
    }
    // §10.2: the client is told that there is something to ask for, not what.
    if let Some((request, token)) = asked.ping
        && let Some(url) = client.text("backchannel_client_notification_endpoint")
    {
        let carries = Cargo::Json(json!({ "auth_req_id": request.expose() }), token);
        call.arrival.seen.send(Outgoing { url: url.to_owned(), reach: client.reach(), carries });
    }
    Ok(elsewhere::shown("Done", said))
}

pub(super) static DECISION_UNKNOWN: Rule = rule(
    "ciba-decision-unknown",
    "8",
    ErrorCode::InvalidRequest,
    "The page decides on a request that is waiting for its user",
);

pub(super) static DECIDED: Rule =
    rule("ciba-already-decided", "8", ErrorCode::InvalidRequest, "A request is decided once");

pub(super) static NOT_CONFIRMED: Rule = rule(
    "ciba-not-confirmed",
    "8",
    ErrorCode::InvalidRequest,
    "The user has to see the request and confirm it on the page",
);
