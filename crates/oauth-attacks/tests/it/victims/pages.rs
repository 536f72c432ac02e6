//! The mock server with login and consent pages, and users who know their way through them.

use mock_idp::{Builder, User};
use oauth_attacks::Target;
use oauth_attacks::user_agent::Forms;

use super::front::Bug;

/// Who can log in, and with what.
const USERS: [(&str, &str); 2] = [("alice", "password-of-alice"), ("bob", "password-of-bob")];

/// A server with pages.
pub(crate) const PAGES: Bug = Bug { on_its_own: true, built: with_pages, known: by_forms, ..Bug::NONE };

pub(crate) fn with_pages(builder: Builder) -> Builder {
    let user = |(name, password)| User::new(name).password(password);
    USERS.into_iter().map(user).fold(builder.on("login-pages"), Builder::user)
}

pub(crate) fn by_forms(target: Target) -> Target {
    let [(first, password), (second, other)] = USERS;
    target.login(Forms::new().user(first, password).second_user(second, other))
}
