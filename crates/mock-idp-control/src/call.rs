//! The calls of the control API that this client makes.

use std::fmt;

/// A call: its method and its path, with the names of its parts in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Call {
    /// Its method.
    pub method: &'static str,
    /// Its path: `/_control/tenants/{tenant}/reset`.
    pub path: &'static str,
}

/// What the paths of all calls begin with.
macro_rules! path {
    ($path:literal) => {
        concat!("/_control", $path)
    };
}

/// The table is written once. A constant that no method uses is a warning.
macro_rules! calls {
    ($($name:ident: $method:literal $path:literal;)*) => {
        $(pub(crate) const $name: Call = Call { method: $method, path: path!($path) };)*

        impl Call {
            /// Every call that this client makes: those that a server of the same version has.
            pub const ALL: &'static [Self] = &[$(Self { method: $method, path: path!($path) },)*];
        }
    };
}

calls! {
    LIST_CALLS: "GET" "";
    DESCRIBE_CALLS: "GET" "/openapi.json";
    HEALTH: "GET" "/health";
    READY: "GET" "/ready";
    RESET_SERVER: "POST" "/reset";
    LIST_CHOICES: "GET" "/choices";
    LIST_SCHEMAS: "GET" "/schemas";
    DESCRIBE_SCHEMA: "GET" "/schemas/{name}";
    DESCRIBE_PROBLEM: "GET" "/problems/{kind}";
    LIST_NAMED_FAULTS: "GET" "/catalogue";

    LIST_TENANTS: "GET" "/tenants";
    CREATE_DISPOSABLE_TENANT: "POST" "/tenants";
    CREATE_TENANT: "PUT" "/tenants/{tenant}";
    DESCRIBE_TENANT: "GET" "/tenants/{tenant}";
    PLAY_SCENARIO: "POST" "/tenants/{tenant}/play";
    FREEZE_TENANT: "POST" "/tenants/{tenant}/freeze";
    THAW_TENANT: "POST" "/tenants/{tenant}/thaw";
    RESET_TENANT: "POST" "/tenants/{tenant}/reset";
    DESTROY_TENANT: "DELETE" "/tenants/{tenant}";

    READ_CLOCK: "GET" "/tenants/{tenant}/clock";
    TURN_CLOCK: "POST" "/tenants/{tenant}/clock";

    LIST_LOGINS: "GET" "/tenants/{tenant}/logins";
    SAY_LOGIN: "POST" "/tenants/{tenant}/logins";
    FORGET_LOGINS: "DELETE" "/tenants/{tenant}/logins";
    LIST_USERS: "GET" "/tenants/{tenant}/users";
    ADD_USER: "POST" "/tenants/{tenant}/users";
    REMOVE_USER: "DELETE" "/tenants/{tenant}/users/{sub}";

    LIST_CLIENTS: "GET" "/tenants/{tenant}/clients";
    ADD_CLIENT: "POST" "/tenants/{tenant}/clients";
    REMOVE_CLIENT: "DELETE" "/tenants/{tenant}/clients/{client_id}";

    LIST_KEYS: "GET" "/tenants/{tenant}/keys";
    ANNOUNCE_KEYS: "POST" "/tenants/{tenant}/keys/announce";
    ROTATE_KEYS: "POST" "/tenants/{tenant}/keys/rotate";
    RETIRE_KEYS: "POST" "/tenants/{tenant}/keys/retire";

    MOUNT_FAULT: "POST" "/tenants/{tenant}/faults";
    LIST_FAULTS: "GET" "/tenants/{tenant}/faults";
    READ_FAULT: "GET" "/tenants/{tenant}/faults/{id}";
    TAKE_OFF_FAULT: "DELETE" "/tenants/{tenant}/faults/{id}";
    CLEAR_FAULTS: "DELETE" "/tenants/{tenant}/faults";

    PUT_UP_BARRIER: "POST" "/tenants/{tenant}/barriers";
    LIST_BARRIERS: "GET" "/tenants/{tenant}/barriers";
    AWAIT_BARRIER: "GET" "/tenants/{tenant}/barriers/{id}";
    RELEASE_ONE: "POST" "/tenants/{tenant}/barriers/{id}/release-one";
    RELEASE_BARRIER: "POST" "/tenants/{tenant}/barriers/{id}/release";
    TAKE_OFF_BARRIER: "DELETE" "/tenants/{tenant}/barriers/{id}";
    CLEAR_BARRIERS: "DELETE" "/tenants/{tenant}/barriers";

    READ_JOURNAL: "GET" "/tenants/{tenant}/journal";
    EXPECT_IN_JOURNAL: "POST" "/tenants/{tenant}/journal/expect";
    LIST_FLOWS: "GET" "/tenants/{tenant}/journal/flows";
    READ_FLOW: "GET" "/tenants/{tenant}/journal/flows/{id}";
    CLEAR_JOURNAL: "DELETE" "/tenants/{tenant}/journal";

    MINT_TOKEN: "POST" "/tenants/{tenant}/tokens";
}

impl Call {
    /// The segments of its path, with these in the place of the names, in order.
    pub(crate) fn segments<'a>(self, parts: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let mut parts = parts.iter();
        self.path.split('/').skip(1).map(move |own| match own.starts_with('{') {
            true => parts.next().copied().unwrap_or_default(),
            false => own,
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_in_order() {
        let segments: Vec<_> = READ_FAULT.segments(&["shop", "7"]).collect();
        assert_eq!(segments, ["_control", "tenants", "shop", "faults", "7"]);
        assert_eq!(LIST_CALLS.segments(&[]).collect::<Vec<_>>(), ["_control"]);
    }

    #[test]
    fn no_call_is_there_twice() {
        let mut calls = Call::ALL.to_vec();
        calls.sort();
        calls.dedup();
        assert_eq!(calls.len(), Call::ALL.len());
    }
}
