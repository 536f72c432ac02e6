//! The clock of a tenant.

use oauth_types::clock::{Reading, Turn};

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of};
use super::problem::Problem;
use crate::ports::clock::AdjustableClock;

pub(super) const GROUP: Group = Group {
    name: "Clocks",
    says: "Each tenant has one. Codes, tokens, keys and the `Date` header go by it; nothing has to wait for time to pass.",
    calls: &[READ, TURN],
};

const READ: Call = Call {
    path: "/tenants/{tenant}/clock",
    id: "readClock",
    says: "What time it is at a tenant",
    answers: &[Answer::json(200, "The time, and whether the clock stands.", of::<Reading>)],
    example: Example::of("/tenants/_root/clock"),
    handler: Handler::Now(read),
    ..Call::PLAIN
};

const TURN: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/clock",
    id: "turnClock",
    says: "Moves, stops or sets a clock",
    more: "`set`, `freeze`, `resume`, `advance`, `rewind`, `skew` or `reset`; times are in whole seconds.",
    body: Some(of::<Turn>),
    answers: &[Answer::json(200, "How it stands then.", of::<Reading>)],
    example: Example::with("/tenants/_root/clock", r#"{"do":"advance","seconds":3600}"#),
    handler: Handler::Now(turn),
    ..Call::PLAIN
};

/// The last second that has a date of four digits: 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

fn read(ask: &Ask<'_>) -> Outcome {
    Ok(Told::json(&ask.tenant()?.clock().reading()))
}

fn turn(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let turn: Turn = ask.read()?;
    check(tenant.clock(), &[turn])?;
    tenant.clock().turn(turn);
    Ok(Told::json(&tenant.clock().reading()))
}

/// Whether a clock can be turned so and still say the date.
pub(super) fn check(clock: &AdjustableClock, turns: &[Turn]) -> Result<(), Problem> {
    let trial = AdjustableClock::like(clock);
    for turn in turns {
        trial.turn(*turn);
        if trial.reading().now > LAST {
            return Err(Problem::unfit("The clock would pass the end of the year 9999"));
        }
    }
    Ok(())
}
