//! The server's code for the user is not a code: it clears the screen, writes backwards, or fills ten pages. Its
//! address is a script. A device that prints and opens what it is given lets the server write on the user's screen and
//! run in their browser.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand, Visitor};
use crate::on_clients::native::polls;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Fault, Point, When};

/// `rp-device-hostile-code`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-device-hostile-code",
        name: "Code that does something to the terminal",
        story: story!("device_hostile_code.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 sections 3.3 and 5.4",
        steps: &[
            "Let a device log in at a server whose user_code has control characters, changes the direction of writing, and is ten kilobytes long.",
            "Do the same with addresses that are scripts.",
            "Look at what it printed and what it opened.",
        ],
        secure: "The device prints letters and digits, and opens nothing but web addresses.",
        insecure: "The device passes on what the server sent.",
        defence: "What a server wants shown is checked like any other input.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Device, Ability::Print],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = polls::idp(stage).await?;
    let cases = [
        (vec![Edit::set("user_code", "\u{1b}[2J\u{1b}]0;pwned\u{7}AAAA")], "a code with control characters"),
        (vec![Edit::set("user_code", "ABCD\u{202e}DCBA")], "a code that changes the direction of writing"),
        (vec![Edit::set("user_code", "A".repeat(10 * 1024))], "a code of ten kilobytes"),
        (
            ["verification_uri", "verification_uri_complete"]
                .map(|name| Edit::set(name, "javascript:alert(1)"))
                .to_vec(),
            "an address that is a script",
        ),
        (
            vec![
                Edit::set("verification_uri", "https://a.example/\u{1b}[31m"),
                Edit::remove("verification_uri_complete"),
            ],
            "an address with control characters",
        ),
    ];
    for (edit, what) in cases {
        let lie = idp.lie(Fault { at: Point::DeviceAuthorization, when: When::default(), edit });
        let visitor = Visitor::new();
        let errand = Errand::Device { provider: idp.provider().clone() };
        let done = stage.ask_within(&visitor, errand, &[&idp], polls::INTERVAL).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not ask for a device code"));
        }
        let printed = visitor.page().unwrap_or_default().printed;
        let odd =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let opened = visitor.opened();
        match () {
            () if done == Some(None) => stage.violated(format!("the device broke down at {what}")),
            () if printed.contains(odd) => stage.violated(format!("the device printed {what}")),
            () if printed.len() > 4096 => stage.violated(format!("the device printed {what}")),
            () if opened.iter().any(|address| !address.starts_with("http")) => {
                stage.violated(format!("the device opened {what}"))
            }
            () => stage.withstood(format!("{what} does nothing to the terminal")),
        };
    }
    Ok(())
}
