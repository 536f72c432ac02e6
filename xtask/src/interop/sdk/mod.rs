//! `cargo xtask interop pkce-client`: the client of this workspace at published servers that no code of ours is in. A
//! small browser fills in their own forms. There is one list of flows; in what the servers differ is data of each.

mod document;
mod site;

use oauth_attacks::report::table::duration;
use pkce_client::{BoxFuture, ClientBuilder};

pub(super) use self::document::document;
use self::site::Site;
use super::programs::Folders;
use super::servers::{KEYCLOAK, Running, SERVERS, Server};
use super::table::Table;
use crate::stopwatch::Stopwatch;

/// The name on the command line.
pub(super) const ID: &str = "pkce-client";

/// A server where the client logs in.
#[derive(Debug)]
pub(super) struct Place {
    /// The server.
    pub(super) server: &'static Server,
    /// Its name as a row that is skipped has it.
    pub(super) row: &'static str,
    /// Whoever logs in there.
    user: &'static str,
    password: &'static str,
    /// What the tokens call them.
    subject: &'static str,
    /// How a request ends that must not ask anything, while somebody is logged in: with this error, or with a login.
    silent: Result<(), &'static str>,
    /// Flows that are not played there, and why.
    leaves: &'static [(&'static str, &'static str)],
    /// What users of the client should know.
    remarks: &'static [&'static str],
}

impl Place {
    /// Why a flow is not played there, if it is not.
    fn leaves(&self, flow: &str) -> Option<&'static str> {
        self.leaves.iter().find(|(left, _)| *left == flow).map(|(_, why)| *why)
    }
}

/// Every one.
pub(super) const PLACES: &[Place] = &[
    Place {
        server: &SERVERS[0],
        row: "pkce-client",
        user: "alice",
        password: "anything",
        subject: "alice",
        silent: Err("interaction_required"),
        leaves: &[
            ("signed-response", "it is configured without it, as it is for the attacks"),
            ("secret-jwt", "it is configured without it, as it is for the attacks"),
            ("exchange", "it has no such grant"),
        ],
        remarks: &["Whoever comes from a native application is asked each time: `prompt=none` ends with \
                    `interaction_required` there."],
    },
    Place {
        server: &KEYCLOAK,
        row: "pkce-client at keycloak",
        user: "alice",
        password: "alice",
        subject: "a11ce000-0000-4000-8000-000000000001",
        silent: Ok(()),
        leaves: &[],
        remarks: &[
            "Its signed responses (JARM) name `iss` twice, and the client refuses them, as RFC 7519 section 4 lets it. \
                    They name it once for clients with the attribute `exclude.issuer.from.auth.response`.",
        ],
    },
];

/// A login, and what is done with it.
pub(super) struct Flow {
    pub(super) id: &'static str,
    /// What is played.
    pub(super) says: &'static str,
    play: for<'a> fn(&'a Site) -> BoxFuture<'a, Result<(), String>>,
}

/// Every one.
pub(super) const FLOWS: &[Flow] = &[
    Flow {
        id: "code",
        says: "a code with PKCE, UserInfo, and refresh tokens that are rotated",
        play: |site| Box::pin(async { site.whole("app", |client| client).await }),
    },
    Flow {
        id: "secret",
        says: "client_secret_basic, introspection and revocation",
        play: |site| Box::pin(site.revoked()),
    },
    Flow {
        id: "pushed",
        says: "a pushed request (RFC 9126)",
        play: |site| Box::pin(async { site.whole("pushing", ClientBuilder::pushed_requests).await }),
    },
    Flow {
        id: "dpop",
        says: "tokens bound by DPoP (RFC 9449)",
        play: |site| Box::pin(async { site.whole("bound", ClientBuilder::dpop_with_new_key).await }),
    },
    Flow {
        id: "private-key-jwt",
        says: "private_key_jwt",
        play: |site| {
            Box::pin(async {
                let key = site.key("es256.pem")?;
                site.whole("keyed", |client| client.private_key_jwt(key)).await
            })
        },
    },
    Flow {
        id: "signed",
        says: "a signed request (RFC 9101) together with private_key_jwt",
        play: |site| {
            Box::pin(async {
                let key = site.key("es256-2.pem")?;
                site.whole("signing", |client| client.private_key_jwt(key.clone()).signed_requests(key)).await
            })
        },
    },
    Flow {
        id: "signed-response",
        says: "a signed response (JARM)",
        play: |site| Box::pin(async { site.whole("answered", ClientBuilder::signed_responses).await }),
    },
    Flow {
        id: "secret-jwt",
        says: "client_secret_jwt",
        play: |site| {
            Box::pin(async {
                site.whole("sealing", |client| client.client_secret_jwt("worthless-secret-of-sealing-0123456789"))
                    .await
            })
        },
    },
    Flow { id: "exchange", says: "a token for another token (RFC 8693)", play: |site| Box::pin(site.exchanged()) },
    Flow { id: "device", says: "a device (RFC 8628)", play: |site| Box::pin(site.device()) },
    Flow { id: "logout", says: "RP-initiated logout", play: |site| Box::pin(site.logout()) },
];

/// Plays every flow at one server.
pub(super) async fn run(folders: &Folders, place: &'static Place, table: &mut Table) {
    let at = |ended: Result<String, String>| match ended {
        Ok(says) => Ok(format!("at {}: {says}", place.server.id)),
        Err(why) => Err(format!("at {}: {why}", place.server.id)),
    };
    let watch = Stopwatch::start();
    let running = match Running::start(folders, place.server).await {
        Ok(running) => running,
        Err(why) => return table.row((ID, "start"), &at(Err(why)), &duration(watch.took())),
    };
    table.row((ID, "start"), &at(Ok("it listens".to_owned())), &duration(watch.took()));
    let site = Site::new(folders, place, running.issuer());
    for flow in FLOWS {
        if let Some(why) = place.leaves(flow.id) {
            table.leaves(ID, flow.id, &format!("at {}: {why}", place.server.id));
            continue;
        }
        let watch = Stopwatch::start();
        let ended = match &site {
            Ok(site) => (flow.play)(site).await.map(|()| flow.says.to_owned()),
            Err(why) => Err(why.clone()),
        };
        table.row((ID, flow.id), &at(ended), &duration(watch.took()));
    }
    if let Err(why) = running.stop().await {
        table.row((ID, "stop"), &at(Err(why)), "");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use oauth_types::Algorithm;
    use pkce_client::SigningKey;
    use serde_json::Value;

    use super::*;

    const REALM: &str = "fixtures/servers/keycloak/realm.json";

    fn read(root: &Path, path: &str) -> String {
        std::fs::read_to_string(root.join(path)).expect(path)
    }

    fn named<'a>(list: &'a Value, member: &str, name: &str) -> &'a Value {
        let all = list.as_array().expect("a list");
        all.iter().find(|one| one[member] == name).expect(name)
    }

    #[test]
    fn the_realm_knows_whoever_logs_in_there() {
        let realm: Value = serde_json::from_str(&read(&crate::root(), REALM)).expect("JSON");
        let user = named(&realm["users"], "username", PLACES[1].user);
        assert_eq!(user["id"], PLACES[1].subject);
        assert_eq!(user["credentials"][0]["value"], PLACES[1].password);
    }

    #[test]
    fn the_realm_knows_the_keys_of_its_clients() {
        let root = crate::root();
        let realm: Value = serde_json::from_str(&read(&root, REALM)).expect("JSON");
        for (_, id, file) in KEYCLOAK.keyed {
            let client = named(&realm["clients"], "clientId", id);
            let jwks = client["attributes"]["jwks.string"].as_str().expect("keys");
            let jwks: Value = serde_json::from_str(jwks).expect("JSON");
            let pem = read(&root, &format!("fixtures/keys/{file}"));
            let key = SigningKey::from_pem(Algorithm::Es256, &pem).expect("a key");
            let public = key.with_kid("key").public_jwk();
            assert_eq!(jwks["keys"][0].as_object(), Some(&public), "{id}");
        }
    }
}
