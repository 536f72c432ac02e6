//! The people of a tenant, and what they do next.

use oauth_types::Secret;
use oauth_types::scenario::{NextLogin, UserSetup};

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of, some_of};
use super::problem::Problem;
use crate::{Tenant, User};

pub(super) const GROUP: Group = Group {
    name: "People",
    says: "Who there is at a tenant, and what the person in front of the browser does next.",
    calls: &[QUEUE, LOGIN, FORGET, LIST, ADD, REMOVE],
};

const QUEUE: Call = Call {
    path: "/tenants/{tenant}/logins",
    id: "listLogins",
    says: "What was said of the next logins and has not happened",
    answers: &[Answer::json(200, "The logins, in order, without passwords.", of::<Vec<NextLogin>>)],
    example: Example::of("/tenants/_root/logins"),
    handler: Handler::Now(queue),
    ..Call::PLAIN
};

const LOGIN: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/logins",
    id: "sayLogin",
    says: "Says what the person does at the next login",
    more: "It happens after everything that was said before: somebody logs in, denies, goes away, or is shown the pages.",
    body: Some(some_of::<NextLogin>),
    answers: &[
        Answer::json(200, "What will happen, in order.", of::<Vec<NextLogin>>),
        Answer::problem(409, "There are 1000 logins in the queue already."),
    ],
    example: Example::with("/tenants/_root/logins", r#"[{"user":"bob","amr":["pwd","otp"]},{"does":"deny"}]"#),
    handler: Handler::Now(login),
    ..Call::PLAIN
};

const FORGET: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/logins",
    id: "forgetLogins",
    says: "Forgets what was said of the next logins",
    answers: &[Answer::nothing("Nothing is said of them.")],
    example: Example::of("/tenants/_root/logins"),
    handler: Handler::Now(forget),
    ..Call::PLAIN
};

const LIST: Call = Call {
    path: "/tenants/{tenant}/users",
    id: "listUsers",
    says: "The users of a tenant, and what is known of them",
    answers: &[Answer::json(200, "The users, without their passwords.", of::<Vec<UserSetup>>)],
    example: Example::of("/tenants/_root/users"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const ADD: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/users",
    id: "addUser",
    says: "Adds a user, in the place of the one of this `sub`",
    more: "The others stay, also the built-in ones.",
    body: Some(some_of::<UserSetup>),
    answers: &[
        Answer::json(200, "The users.", of::<Vec<UserSetup>>),
        Answer::problem(409, "There are 10,000 users already."),
    ],
    example: Example::with(
        "/tenants/_root/users",
        r#"{"sub":"dora","claims":{"email":"dora@example.com"},"access_token":{"roles":["admin"]}}"#,
    ),
    handler: Handler::Now(add),
    ..Call::PLAIN
};

const REMOVE: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/users/{sub}",
    id: "removeUser",
    says: "Takes a user away",
    answers: &[Answer::nothing("The user is gone."), Answer::problem(409, "Somebody has to be left.")],
    example: Example::of("/tenants/_root/users/dora"),
    handler: Handler::Now(remove),
    ..Call::PLAIN
};

/// How many logins can be said beforehand.
const MOST_LOGINS: usize = 1000;
/// How many clients, and how many users, there can be at one tenant.
pub(super) const MOST: usize = 10_000;

/// What stands in the place of a secret.
pub(super) fn redacted() -> Secret {
    Secret::new("<redacted>")
}

fn without_secrets(mut user: UserSetup) -> UserSetup {
    user.password = user.password.map(|_| redacted());
    user.one_time_code = user.one_time_code.map(|_| redacted());
    user
}

/// Whether there is room for so many logins in the queue.
pub(super) fn room(tenant: &Tenant, further: usize) -> Result<(), Problem> {
    match tenant.core().script.queue().len() + further > MOST_LOGINS {
        true => Err(Problem::conflict(format!("At most {MOST_LOGINS} logins can be said beforehand"))),
        false => Ok(()),
    }
}

fn queued(tenant: &Tenant) -> Told {
    let mut queue = tenant.core().script.queue();
    for next in &mut queue {
        next.person = next.person.take().map(|person| Box::new(without_secrets(*person)));
    }
    Told::json(&queue)
}

fn queue(ask: &Ask<'_>) -> Outcome {
    Ok(queued(&ask.tenant()?))
}

fn login(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let said: Vec<NextLogin> = ask.read_some()?;
    for next in &said {
        next.check().map_err(|error| Problem::unfit(error.to_string()))?;
    }
    room(&tenant, said.len())?;
    said.into_iter().for_each(|next| tenant.next_login(next));
    Ok(queued(&tenant))
}

fn forget(ask: &Ask<'_>) -> Outcome {
    ask.tenant()?.core().script.clear();
    Ok(Told::nothing())
}

fn users(tenant: &Tenant) -> Told {
    let live = tenant.core().live();
    let users: Vec<UserSetup> = live.world.people.all().map(|user| without_secrets(user.setup())).collect();
    Told::json(&users)
}

fn list(ask: &Ask<'_>) -> Outcome {
    Ok(users(&ask.tenant()?))
}

fn add(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let added: Vec<UserSetup> = ask.read_some()?;
    tenant.core().describe(|mut description| {
        description.users = description.users();
        for user in added {
            description.users.retain(|own| own.subject() != user.sub);
            description.users.push(User::from(user).into());
        }
        match description.users.len() > MOST {
            true => Err(Problem::conflict(format!("At most {MOST} users can be at one tenant"))),
            false => Ok(description),
        }
    })?;
    Ok(users(&tenant))
}

fn remove(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    tenant.core().describe(|mut description| {
        description.users = description.users();
        let before = description.users.len();
        description.users.retain(|own| own.subject() != ask.part("sub"));
        match (before == description.users.len(), description.users.is_empty()) {
            (true, _) => Err(Problem::nothing("user")),
            (false, true) => {
                Err(Problem::conflict("Somebody has to be left: without users the built-in ones are back"))
            }
            (false, false) => Ok(description),
        }
    })?;
    Ok(Told::nothing())
}
