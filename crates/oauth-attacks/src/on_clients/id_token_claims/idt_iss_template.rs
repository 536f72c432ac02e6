//! A server with many tenants writes its issuer with a gap where the tenant belongs. A client that fills the gap with
//! whatever the ID token says accepts the users of every tenant there is, the attacker's among them.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};

/// `rp-idt-iss-template`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-iss-template",
        name: "ID token of another tenant of a template",
        story: story!("idt_iss_template.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 8414 section 3.3",
        steps: &[
            "Let the metadata name an issuer with a gap for the tenant.",
            "Let somebody log in at a server that lies in the ID token.",
            "Name the issuer of some tenant, and then the issuer with the gap itself.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the metadata, or the ID token of a tenant that nobody configured.",
        insecure: "The client takes every issuer that fits the template.",
        defence: "An issuer is compared as it is, and a tenant is configured before it is believed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let template = format!("{}/{{tenantid}}/v2.0", idp.issuer());
    let tenants = [
        (template.clone(), "an ID token whose issuer has a gap for the tenant"),
        (template.replace("{tenantid}", "tenant-of-the-attacker"), "an ID token of a tenant that nobody configured"),
    ];
    for (issuer, what) in &tenants {
        let edits = vec![Edit::set("iss", issuer.as_str()), Edit::set("tid", "tenant-of-the-attacker")];
        lying_token::must_be_rejected(stage, &idp, edits, what).await?;
    }
    // A client reads the metadata once, so this is another server.
    drop(idp);
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::Discovery, Edit::set("issuer", format!("{}/{{tenantid}}/v2.0", idp.issuer())));
    if let Err(rejected) = stage.begin(&Visitor::new(), &idp).await? {
        stage.withstood(format!("metadata with a gap in its issuer is rejected: {}", rejected.shown()));
        drop(lie);
        return Ok(());
    }
    let issuer = format!("{}/tenant-of-the-attacker/v2.0", idp.issuer());
    let edits = vec![Edit::set("iss", issuer), Edit::set("tid", "tenant-of-the-attacker")];
    lying_token::must_be_rejected(stage, &idp, edits, tenants[1].1).await?;
    drop(lie);
    Ok(())
}
