//! The attacker starts a device of their own, and sends the address with the user code in it to somebody who is
//! logged in. If opening it is enough, or a form that any page can send, the attacker's device is connected to the
//! account of the victim, who saw nothing that looks like a decision.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::{Device, agreeing, open, send};
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::user_agent::{Page, Reached};
use crate::verdict::{Level, Verdict};

/// `as-device-phish-auto`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-phish-auto",
        name: "A link that connects a device",
        story: story!("device_phish_auto.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.3.1 and section 5.4, RFC 6749 section 10.12",
        steps: &[
            "Get codes, and open the address with the user code in a browser with a live session. Then poll.",
            "Send the form of that page without what only the page knows. Then poll.",
        ],
        secure: "The page shows the client or the code and waits for a decision, and a forged form decides nothing.",
        insecure: "The poll brings tokens.",
        defence: "Only a person who presses a button on the page approves a device.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// The page of the attacker.
const ELSEWHERE: &str = "https://attacker.example/";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let device = Device::begin(bench, client).await?;
    let visit = device.complete()?;
    let victim = bench.browser();
    bench.log_in(&victim).await?;
    let reached = open(bench, &victim, visit).await?;
    let answer = device.poll().send().await?;
    let finding = match answer.has_tokens() {
        true => Finding::new(Verdict::Vulnerable, "opening an address with a user code approves a device"),
        false => Finding::new(Verdict::Stopped, "opening an address with a user code approves nothing"),
    };
    bench.found(finding, Some(&answer));
    let Reached::Page(page) = reached else { return Ok(()) };
    shows(bench, (&device, client), &page);
    forged(bench, client, &page).await
}

/// Whether the user sees what they are about to decide on.
fn shows(bench: &Bench, (device, client): (&Device<'_>, &Registration), page: &Page) {
    let told = |text: &str| page.answer().body.contains(text);
    let finding = match told(&client.client_id) || told(&device.user_code) {
        true => Finding::new(Verdict::Stopped, "the page says which device asks"),
        false => Finding::new(Verdict::Vulnerable, "the page does not say which device asks"),
    };
    bench.found(finding.at(Level::Info), Some(page.answer()));
}

/// The form without what only the page knows, and from a page of another site.
async fn forged(bench: &Bench, client: &Registration, known: &Page) -> Result<(), Inconclusive> {
    let device = Device::begin(bench, client).await?;
    let victim = bench.browser();
    bench.log_in(&victim).await?;
    let Reached::Page(page) = open(bench, &victim, device.complete()?).await? else { return Ok(()) };
    let (honest, other) = (agreeing(bench, &page)?, agreeing(bench, known)?);
    // What the attacker knows is the code, and what is the same for everybody.
    let is_secret = |name: &&String| {
        let value = honest.params().get(name).unwrap_or_default();
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        honest.params().get(name) != other.params().get(name) && plain(value) != plain(&device.user_code)
    };
    let secrets: Vec<_> = honest.hidden().iter().filter(is_secret).cloned().collect();
    let form = secrets.iter().fold(honest, |form, name| form.without(name)).from_page(ELSEWHERE);
    let answer = match send(bench, &victim, &form).await? {
        Reached::Page(page) => Answer::clone(page.answer()),
        Reached::Landed(answer) => answer,
    };
    let polled = device.poll().send().await?;
    let finding = match polled.has_tokens() {
        true => Finding::new(Verdict::Vulnerable, "a form of another site approves a device"),
        false => Finding::new(Verdict::Stopped, format!("a form of another site is answered {}", answer.summary())),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
