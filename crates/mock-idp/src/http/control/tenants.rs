//! Tenants: made, described, reset, frozen and taken away.

use std::collections::BTreeMap;

use oauth_types::clock::Reading;
use oauth_types::scenario::Scenario;
use schemars::JsonSchema;
use serde::Serialize;

use super::aside::aside;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of, shown};
use super::problem::Problem;
use super::{Group, PREFIX, clock, people};
use crate::http::tap;
use crate::http::tenants::{MOST, fresh_name, is_name};
use crate::ports::clock::AdjustableClock;
use crate::{Builder, Tenant};

pub(super) const GROUP: Group = Group {
    name: "Tenants",
    says: "The first segment of a path is an issuer of its own, made on first use like the one at the root, or here from a \
           scenario. Each has its own clients, people, keys, clock, faults, barriers and journal.",
    calls: &[LIST, CREATE_DISPOSABLE, CREATE, DESCRIBE, PLAY, FREEZE, THAW, RESET, DESTROY],
};

const LIST: Call = Call {
    path: "/tenants",
    id: "listTenants",
    says: "Every tenant, that at the root first",
    answers: &[Answer::json(200, "The tenants.", of::<Vec<Listed>>)],
    example: Example::of("/tenants"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const CREATE_DISPOSABLE: Call = Call {
    verb: Verb::Post,
    path: "/tenants",
    id: "createDisposableTenant",
    says: "Makes a tenant that nobody else uses, for one test",
    more: "Its name is a new one. It is gone after `lives_seconds`, or after ten minutes, by the clock of the tenant at the \
           root. Otherwise it is as the scenario says; `{}` is a plain one.",
    body: Some(of::<Scenario>),
    answers: &[Answer::json(201, "It is made.", of::<State>), TOO_MANY],
    example: Example::with("/tenants", r#"{"profile":"oidc","lives_seconds":60}"#),
    handler: Handler::Later(|ask| Box::pin(create_disposable(ask))),
    ..Call::PLAIN
};

const CREATE: Call = Call {
    verb: Verb::Put,
    path: "/tenants/{tenant}",
    id: "createTenant",
    says: "Makes a tenant as a scenario says, in the place of the one of this name",
    more: "The tenant at the root is what the server was started as: play a scenario on it instead.",
    body: Some(of::<Scenario>),
    answers: &[
        Answer::json(201, "It is made.", of::<State>),
        Answer::json(200, "It is made, and the former one of this name is gone.", of::<State>),
        TOO_MANY,
    ],
    example: Example::with("/tenants/shop", r#"{"users":[{"sub":"carol","claims":{"email":"carol@example.com"}}]}"#),
    handler: Handler::Later(|ask| Box::pin(create(ask))),
    ..Call::PLAIN
};

const DESCRIBE: Call = Call {
    path: "/tenants/{tenant}",
    id: "describeTenant",
    says: "How a tenant is described and how it stands",
    answers: &[Answer::json(200, "The tenant.", of::<State>)],
    example: Example::of("/tenants/shop"),
    handler: Handler::Now(|ask| Ok(Told::json(&State::of(&ask.tenant()?)))),
    ..Call::PLAIN
};

const PLAY: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/play",
    id: "playScenario",
    says: "Does what a scenario says, on top of what the tenant is",
    more: "It is described further, its clock is moved, faults and barriers are put up, and it is said who logs in next. \
           Codes, tokens and the journal stay. If one thing cannot be, nothing of it is done.",
    body: Some(of::<Scenario>),
    answers: &[
        Answer::json(200, "How it stands then.", of::<State>),
        Answer::problem(409, "A tenant gets keys of its own when it is made, and not later; or something is full."),
    ],
    example: Example::with("/tenants/shop/play", r#"{"on":["login-pages"],"logins":[{"user":"carol"}]}"#),
    handler: Handler::Now(play),
    ..Call::PLAIN
};

const FREEZE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/freeze",
    id: "freezeTenant",
    says: "Stops a tenant, so that it can be looked at",
    more: "Its clock stands, and requests are answered with 503. Calls of the control API are answered.",
    answers: &[Answer::json(200, "How it stands then.", of::<State>)],
    example: Example::of("/tenants/shop/freeze"),
    handler: Handler::Now(|ask| then(ask, Tenant::freeze)),
    ..Call::PLAIN
};

const THAW: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/thaw",
    id: "thawTenant",
    says: "Lets a frozen tenant go on from where it stopped",
    answers: &[Answer::json(200, "How it stands then.", of::<State>)],
    example: Example::of("/tenants/shop/thaw"),
    handler: Handler::Now(|ask| then(ask, Tenant::thaw)),
    ..Call::PLAIN
};

const RESET: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/reset",
    id: "resetTenant",
    says: "Makes a tenant again what it was at first",
    more: "Its description, keys and clock are those it was made with; what has happened since is forgotten. Of the scenario \
           it was made from, logins, turns of the clock, faults and barriers are not done again.",
    answers: &[Answer::json(200, "How it stands then.", of::<State>)],
    example: Example::of("/tenants/shop/reset"),
    handler: Handler::Now(reset),
    ..Call::PLAIN
};

const DESTROY: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}",
    id: "destroyTenant",
    says: "Takes a tenant away",
    more: "The next request below its name makes a new one, like that at the root.",
    answers: &[Answer::nothing("It is gone."), Answer::problem(409, "The tenant at the root stays.")],
    example: Example::of("/tenants/shop"),
    handler: Handler::Now(destroy),
    ..Call::PLAIN
};

const TOO_MANY: Answer = Answer::problem(409, "There are too many tenants, or it is the one at the root.");

/// How long a disposable tenant lives unless it is said, in seconds.
const DISPOSABLE_FOR: u64 = 600;

/// A tenant in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListedTenant")]
struct Listed {
    /// What it is called in paths of this API.
    name: String,
    /// Its issuer.
    issuer: String,
    /// Whether it is frozen.
    frozen: bool,
    /// When it is gone, in seconds since 1970-01-01T00:00:00Z by the clock of the tenant at the root; `null` if never.
    ends_at: Option<u64>,
}

/// A tenant as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tenant")]
struct State {
    /// What it is called in paths of this API.
    name: String,
    /// Its issuer.
    issuer: String,
    /// Whether it is frozen.
    frozen: bool,
    /// When it is gone, in seconds since 1970-01-01T00:00:00Z by the clock of the tenant at the root; `null` if never.
    ends_at: Option<u64>,
    /// How its clock stands.
    clock: Reading,
    /// How it is described.
    description: Described,
    /// How much of what it has.
    counts: BTreeMap<&'static str, u64>,
}

/// How a tenant is described. Its clients and people have calls of their own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Description")]
struct Described {
    /// The profile.
    profile: &'static str,
    /// What tokens are signed with.
    alg: String,
    /// How long a code lives, in seconds.
    code_seconds: u64,
    /// How long an access token and an ID token live, in seconds.
    token_seconds: u64,
    /// The relaxation `legacy`.
    legacy: bool,
    /// The relaxation `any-client`.
    any_client: bool,
    /// Switches that were turned on.
    on: Vec<String>,
    /// Switches that were turned off.
    off: Vec<String>,
    /// Amounts that were set.
    amount: BTreeMap<String, u64>,
    /// Documents that were left out.
    without: Vec<String>,
    /// The identifiers of its clients.
    clients: Vec<String>,
    /// The identifiers of its users.
    users: Vec<String>,
}

impl State {
    fn of(tenant: &Tenant) -> Self {
        let core = tenant.core();
        let live = core.live();
        let description = &live.description;
        let counted = [
            ("barriers", tenant.barriers().list().len()),
            ("faults", tenant.faults().list().len()),
            ("clients", live.world.clients.all().count()),
            ("journal", core.journal.entries().len()),
            ("logins", core.script.queue().len()),
            ("users", live.world.people.all().count()),
        ];
        Self {
            name: shown(tenant.name()).to_owned(),
            issuer: tenant.issuer().to_owned(),
            frozen: tenant.is_frozen(),
            ends_at: core.until(),
            clock: tenant.clock().reading(),
            description: Described {
                profile: description.profile.name(),
                alg: live.world.policy.algorithm.to_string(),
                code_seconds: live.world.policy.code_lifetime,
                token_seconds: live.world.policy.token_lifetime,
                legacy: description.legacy,
                any_client: description.any_client,
                on: description.switched(true),
                off: description.switched(false),
                amount: description.amounts(),
                without: description.without.clone(),
                clients: live.world.clients.all().map(|client| client.client_id.clone()).collect(),
                users: live.world.people.all().map(|user| user.subject().to_owned()).collect(),
            },
            counts: counted.into_iter().map(|(name, count)| (name, count as u64)).collect(),
        }
    }
}

fn list(ask: &Ask<'_>) -> Outcome {
    let tenants = &ask.app.tenants;
    let all = std::iter::once(tenants.root().clone()).chain(tenants.all());
    let listed = all.map(|tenant| Listed {
        name: shown(&tenant.name).to_owned(),
        issuer: tenant.address.issuer.clone(),
        frozen: tenant.is_frozen(),
        ends_at: tenant.until(),
    });
    Ok(Told::json(&listed.collect::<Vec<_>>()))
}

async fn create(ask: Ask<'_>) -> Outcome {
    let name = ask.tenant_name();
    if name.is_empty() {
        return Err(Problem::conflict(
            "The tenant at the root is what the server was started as: reset it, and play a scenario on it",
        ));
    }
    if !is_name(name) {
        return Err(Problem::no_tenant(name, false));
    }
    let before = ask.app.tenants.known(name).is_some();
    let tenant = made(&ask, name, ask.read()?).await?;
    let told = Told::json(&State::of(&tenant));
    Ok(if before { told } else { told.created(format!("{PREFIX}/tenants/{name}")) })
}

async fn create_disposable(ask: Ask<'_>) -> Outcome {
    let mut scenario: Scenario = ask.read()?;
    scenario.lives_seconds.get_or_insert(DISPOSABLE_FOR);
    let name = fresh_name(ask.app.tenants.origin().dice.as_ref());
    let tenant = made(&ask, &name, scenario).await?;
    Ok(Told::json(&State::of(&tenant)).created(format!("{PREFIX}/tenants/{name}")))
}

async fn made(ask: &Ask<'_>, name: &str, scenario: Scenario) -> Result<Tenant, Problem> {
    let tenants = &ask.app.tenants;
    check(&tenants.root().clock, &scenario)?;
    if scenario.faults.len().max(scenario.barriers.len()).max(scenario.logins.len()) > tap::MOST {
        return Err(Problem::conflict(format!("At most {} faults, barriers and logins each", tap::MOST)));
    }
    let (describing, own_keys) = (scenario.clone(), scenario.own_keys);
    let described = move || Builder::default().scenario(&describing);
    let builder = match own_keys {
        // Making keys takes long.
        true => aside(described).await??,
        false => described()?,
    };
    let made = tenants.create(name, builder.tenant(tenants.origin()))?;
    let full = || Problem::conflict(format!("There are {MOST} tenants already"));
    let tenant = Tenant::of(ask.app.clone(), made.ok_or_else(full)?);
    tenant.live_through(&scenario);
    Ok(tenant)
}

fn play(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let scenario: Scenario = ask.read()?;
    check(tenant.clock(), &scenario)?;
    people::room(&tenant, scenario.logins.len())?;
    tenant.play(&scenario)?;
    Ok(Told::json(&State::of(&tenant)))
}

/// Whether the moments of a scenario can be. How it describes a tenant is judged when that is made.
fn check(clock: &AdjustableClock, scenario: &Scenario) -> Result<(), Problem> {
    clock::check(clock, &scenario.clock).map_err(|problem| problem.at("/clock"))?;
    for (at, fault) in scenario.faults.iter().enumerate() {
        fault.check().map_err(|unfit| Problem::unfit(unfit.to_string()).at(format!("/faults/{at}")))?;
    }
    for (at, barrier) in scenario.barriers.iter().enumerate() {
        barrier.check().map_err(|unfit| Problem::unfit(unfit.to_string()).at(format!("/barriers/{at}")))?;
    }
    for (at, next) in scenario.logins.iter().enumerate() {
        next.check().map_err(|error| Problem::unfit(error.to_string()).at(format!("/logins/{at}")))?;
    }
    Ok(())
}

fn then(ask: &Ask<'_>, act: fn(&Tenant)) -> Outcome {
    let tenant = ask.tenant()?;
    act(&tenant);
    Ok(Told::json(&State::of(&tenant)))
}

fn reset(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    ask.app.tenants.reset(tenant.core())?;
    Ok(Told::json(&State::of(&tenant)))
}

fn destroy(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    if tenant.name().is_empty() {
        return Err(Problem::conflict("The tenant at the root stays as long as the server; reset makes it new"));
    }
    tenant.destroy();
    Ok(Told::nothing())
}
