//! The authorization endpoint of the metadata is a script, a file, an option of a program, or has characters in it
//! that a shell acts on. A client that has it opened runs what the attacker wrote, in the page of the application or
//! on the computer of the user.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-discovery-shell`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-shell",
        name: "An authorization endpoint that is a command",
        story: story!("discovery_shell.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.14, RFC 8414 section 2",
        steps: &[
            "The authorization endpoint of the metadata is a script, a file, another scheme, an option, and an address with quotes, one after the other.",
            "The client is asked to log somebody in.",
        ],
        secure: "The client refuses, or hands on a web address in which every odd character is encoded.",
        insecure: "The client hands on what the metadata say as it is.",
        defence: "Only well-formed addresses of the web are opened.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for endpoint in ENDPOINTS {
        let idp = stage.idp().await?;
        let lie = idp.lie_at(Point::Discovery, Edit::set("authorization_endpoint", *endpoint));
        let visitor = Visitor::new();
        let begun = stage.ask_to_begin(&visitor, &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not read metadata"));
        }
        let handed_on = begun.iter().flatten().cloned().chain(visitor.opened());
        match (&begun, handed_on.into_iter().find(|url| !is_harmless(url))) {
            (None, _) => stage.violated(format!("the client broke down at the authorization endpoint {endpoint}")),
            (_, Some(_)) => stage.violated(format!("the client has {endpoint} opened")),
            (_, None) => stage.withstood(format!("{endpoint} is not opened")),
        };
    }
    Ok(())
}

/// What is no authorization endpoint.
const ENDPOINTS: &[&str] = &[
    "javascript:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "file:///bin/sh",
    "a://x$(calc)",
    "--gpu-launcher=calc",
    "https://honest.example/\"&calc&\"",
    "https://honest.example/`calc`",
];

/// Whether an address is one of the web, and means nothing to a shell, whatever opens it.
fn is_harmless(address: &str) -> bool {
    let web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
    web && !address.contains(|c: char| c.is_control() || " \"`<>\\".contains(c))
}
