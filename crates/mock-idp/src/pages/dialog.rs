//! The pages on which somebody logs in, chooses an account, agrees or registers.
//!
//! They are plain forms. Every control has a stable id and a label, and the order in the page is the order of the
//! keyboard; nothing takes the focus by itself.

use std::fmt::Write;

use oauth_types::Params;

use super::page;
use crate::clients::Client;
use crate::escape::html;
use crate::people::User;
use crate::reply::Page;

/// The most accounts that a page offers by a button each. The others are named in the form.
const MOST_BUTTONS: usize = 50;

/// The most that a page shows of a parameter of a request, and of what was entered, in characters.
pub(crate) const MOST_SHOWN: usize = 4_000;

/// What all of these pages have in common.
pub(crate) struct Dialog<'a> {
    /// Where the forms are sent.
    pub action: &'a str,
    /// What they carry beside what is entered.
    pub hidden: &'a [(&'a str, &'a str)],
    /// The client that asks.
    pub client: &'a Client,
    /// Where the browser goes when all is said.
    pub redirect_uri: &'a str,
    /// What was wrong with what was entered before.
    pub complaint: Option<&'a str>,
    /// What was entered before.
    pub entered: Option<&'a Params>,
}

/// Somebody who can log in, or has.
pub(crate) struct Account<'a> {
    /// What they enter to log in.
    pub name: &'a str,
    /// What they are called.
    pub title: &'a str,
    /// What the form says if they are chosen.
    pub value: &'a str,
}

/// What is asked for.
pub(crate) struct Ask<'a> {
    /// Of whom.
    pub user: Option<Account<'a>>,
    /// The scope.
    pub scope: Vec<&'a str>,
    /// The parameters that ask for more.
    pub more: Vec<(&'static str, &'a str)>,
}

/// The login page: a button for everybody who needs no password, and a form.
pub(crate) fn login(dialog: &Dialog<'_>, accounts: &[Account<'_>], hint: &str) -> Page {
    let mut body = dialog.opening("Log in to continue to");
    if !accounts.is_empty() {
        let buttons = buttons("user", "user", accounts);
        body += &dialog.form("users", &format!("<h2>Continue as</h2>\n{buttons}"));
    }
    let fields = [
        dialog.field(&["username", "Username", "", "text", "username"], hint, true),
        dialog.field(&["password", "Password", "if the user has one", "password", "current-password"], "", false),
        dialog.area(&["claims", "Claims for this login", "optional, a JSON object, beside a username"]),
    ];
    let submit = "<button type=\"submit\" id=\"login\">Log in</button>\n";
    body += &dialog.form("login-form", &format!("<h2>With a username</h2>\n{}{submit}", fields.concat()));
    body += &dialog.cancel();
    dialog.page("Log in", &body)
}

/// The page on which somebody who has logged in with a password shows the second factor.
pub(crate) fn one_time_code(dialog: &Dialog<'_>, account: Option<Account<'_>>) -> Page {
    let mut body = dialog.opening("One more step to continue to");
    if let Some(account) = account {
        let (title, name) = (html(account.title), html(account.name));
        body += &format!("<p>You are <span id=\"account\">{title} <small>{name}</small></span>.</p>\n");
    }
    let field = dialog.field(&["otp", "One-time code", "", "text", "one-time-code"], "", true);
    let submit = "<button type=\"submit\" id=\"otp-submit\">Continue</button>\n";
    body += &dialog.form("otp-form", &format!("{field}{submit}"));
    body += &dialog.cancel();
    dialog.page("Enter your code", &body)
}

/// The page on which a new user registers.
pub(crate) fn create(dialog: &Dialog<'_>, hint: &str) -> Page {
    let mut body = dialog.opening("Make an account to continue to");
    let (username, email) = if hint.contains('@') { ("", hint) } else { (hint, "") };
    let fields = [
        dialog.field(&["username", "Username", "", "text", "username"], username, true),
        dialog.field(&["name", "Name", "optional", "text", "name"], "", false),
        dialog.field(&["email", "Email address", "optional", "email", "email"], email, false),
        dialog.field(&["password", "Password", "optional", "password", "new-password"], "", false),
    ];
    let submit = "<button type=\"submit\" id=\"create\">Make an account</button>\n";
    body += &dialog.form("create-form", &format!("{}{submit}", fields.concat()));
    body += &dialog.cancel();
    dialog.page("Make an account", &body)
}

/// The page on which one of those who are logged in is chosen.
pub(crate) fn select(dialog: &Dialog<'_>, accounts: &[Account<'_>]) -> Page {
    let mut body = dialog.opening("Choose an account to continue to");
    let buttons = buttons("account", "session", accounts);
    let other =
        "<button type=\"submit\" id=\"account-other\" name=\"session\" value=\"other\">Another account</button>";
    body += &dialog.form("accounts", &format!("{buttons}{other}\n"));
    body += &dialog.cancel();
    dialog.page("Choose an account", &body)
}

/// The page on which somebody agrees or does not.
pub(crate) fn consent(dialog: &Dialog<'_>, ask: &Ask<'_>) -> Page {
    let client = dialog.client;
    let mut body = format!(
        "{}<dl><dt>Client</dt><dd><code id=\"client-id\">{}</code></dd>\n\
         <dt>You go on at</dt><dd><code id=\"redirect-uri\">{}</code></dd>\n",
        dialog.opening("This is asked for by"),
        html(client.client_id()),
        html(&shown(dialog.redirect_uri))
    );
    if let Some(user) = &ask.user {
        let (title, name) = (html(user.title), html(user.name));
        body += &format!("<dt>You are</dt><dd id=\"account\">{title} <small>{name}</small></dd>\n");
    }
    body += "</dl>\n<h2>It asks for</h2>\n<ul class=\"plain\" id=\"scope\">\n";
    for token in &ask.scope {
        let said = meaning(token).map(|text| format!(": {text}")).unwrap_or_default();
        body += &format!("<li><code>{}</code>{said}</li>\n", html(token));
    }
    if ask.scope.is_empty() {
        body += "<li>nothing in particular</li>\n";
    }
    body += "</ul>\n";
    for (name, value) in &ask.more {
        body += &format!("<h2><code>{name}</code></h2>\n<pre id=\"{name}\">{}</pre>\n", html(&shown(value)));
    }
    body += &dialog.form(
        "consent",
        "<button type=\"submit\" id=\"consent-approve\" name=\"decision\" value=\"approve\">Agree</button>\n\
         <button type=\"submit\" id=\"consent-deny\" name=\"decision\" value=\"deny\">Do not agree</button>\n",
    );
    dialog.page("Do you agree?", &body)
}

impl Dialog<'_> {
    /// What is asked, for which client, and what was wrong before.
    fn opening(&self, what: &str) -> String {
        let name = self.client.text("client_name").unwrap_or(self.client.client_id());
        let complaint = self.complaint.map_or_else(String::new, |complaint| {
            format!("<p id=\"complaint\" role=\"alert\">{}</p>\n", html(complaint))
        });
        format!("<p>{what} <strong id=\"client\">{}</strong>.</p>\n{complaint}", html(&shown(name)))
    }

    fn form(&self, id: &str, inside: &str) -> String {
        form(self.action, id, self.hidden, inside)
    }

    /// A field with its label: the name, the label, what else to say, the type, and what browsers fill it with. What was
    /// entered before stands in it again, unless it is a secret.
    fn field(&self, [name, says, note, kind, fill]: &[&str; 5], value: &str, required: bool) -> String {
        let required = if required { " required" } else { "" };
        let is_secret = *kind == "password" || *fill == "one-time-code";
        let value = self.entered(name).filter(|_| !is_secret).unwrap_or(value);
        let value = if value.is_empty() { String::new() } else { format!(" value=\"{}\"", html(&shown(value))) };
        format!(
            "<p>{}\n<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" autocomplete=\"{fill}\" \
             autocapitalize=\"none\" spellcheck=\"false\"{value}{required}></p>\n",
            label(name, says, note)
        )
    }

    /// A field of several lines with its label: the name, the label, and what else to say.
    fn area(&self, [name, says, note]: &[&str; 3]) -> String {
        // A browser drops the first line break of what stands in it.
        format!(
            "<p>{}\n<textarea id=\"{name}\" name=\"{name}\" rows=\"2\" autocomplete=\"off\" autocapitalize=\"none\" \
             spellcheck=\"false\">\n{}</textarea></p>\n",
            label(name, says, note),
            html(&shown(self.entered(name).unwrap_or_default()))
        )
    }

    fn entered(&self, name: &str) -> Option<&str> {
        self.entered?.get(name)
    }

    fn cancel(&self) -> String {
        let button = "<button type=\"submit\" id=\"cancel\" name=\"decision\" value=\"cancel\">Cancel</button>\n";
        self.form("cancel-form", button)
    }

    fn page(&self, title: &str, body: &str) -> Page {
        let title = if self.complaint.is_some() { format!("Try again: {title}") } else { title.to_owned() };
        Page { html: page(&title, body), policy: policy(self.redirect_uri) }
    }
}

impl<'a> Account<'a> {
    /// The account of a user.
    pub(crate) fn of(user: &'a User) -> Self {
        let name = user.text("preferred_username").unwrap_or(user.subject());
        Self { name, title: user.display_name(), value: user.subject() }
    }
}

/// A form that is posted to `action` with fields that are not shown. What is inside is HTML already.
pub(super) fn form(action: &str, id: &str, hidden: &[(&str, &str)], inside: &str) -> String {
    let mut fields = String::new();
    for (name, value) in hidden {
        // Writing into a `String` does not fail.
        let _ = writeln!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", html(value));
    }
    format!("<form method=\"post\" action=\"{}\" id=\"{id}\">\n{fields}{inside}</form>\n", html(action))
}

/// The content security policy of a page with a form whose answer may redirect to `uri`: browsers that apply
/// `form-action` to redirects apply it to every one that follows, so whatever the client redirects to has to be allowed
/// as well.
pub(super) fn policy(uri: &str) -> String {
    let scheme = uri.split(':').next().unwrap_or_default();
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    let own = match scheme {
        "" | "http" | "https" => String::new(),
        other if other.bytes().all(legal) => format!(" {other}:"),
        _ => String::new(),
    };
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self' http: https:{own}"
    )
}

/// A button for each account. Its id is `PREFIX-NAME`.
fn buttons(prefix: &str, name: &str, accounts: &[Account<'_>]) -> String {
    let mut list = String::from("<ul>\n");
    for account in accounts.iter().take(MOST_BUTTONS) {
        let (id, title, value) = (id(account.name), html(account.title), html(account.value));
        let small = html(account.name);
        let button = format!(
            "<li><button type=\"submit\" id=\"{prefix}-{id}\" name=\"{name}\" value=\"{value}\">{title} \
             <small>{small}</small></button></li>\n"
        );
        list += &button;
    }
    list + "</ul>\n"
}

/// The label of a field, and what else to say.
fn label(name: &str, label: &str, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!(" <small>({note})</small>") };
    format!("<label for=\"{name}\">{label}{note}</label>")
}

/// A name as part of an id: what is not a letter, a digit, or one of `-._@` becomes a hyphen.
fn id(name: &str) -> String {
    let legal = |character: char| character.is_alphanumeric() || "-._@".contains(character);
    name.chars().take(100).map(|character| if legal(character) { character } else { '-' }).collect()
}

/// What a scope token stands for (OpenID Connect Core §5.4 and §11), in words.
fn meaning(token: &str) -> Option<&'static str> {
    Some(match token {
        "openid" => "who you are here",
        "profile" => "your name and what else is in your profile",
        "email" => "your email address",
        "address" => "your postal address",
        "phone" => "your phone number",
        "offline_access" => "all of this also while you are away",
        _ => return None,
    })
}

fn shown(text: &str) -> String {
    text.chars().take(MOST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog<'a>(client: &'a Client, redirect_uri: &'a str) -> Dialog<'a> {
        let hidden = &[("interaction", "1"), ("csrf", "2")];
        Dialog { action: "/login", hidden, client, redirect_uri, complaint: Some("No."), entered: None }
    }

    #[test]
    fn every_field_has_a_label_and_what_is_shown_is_escaped() {
        let client = Client::public("<c>");
        let page = create(&dialog(&client, "app:/cb"), "a\"b").html;
        for name in ["username", "name", "email", "password"] {
            assert!(page.contains(&format!("<label for=\"{name}\">")) && page.contains(&format!("id=\"{name}\"")));
        }
        assert!(page.contains("value=\"a&#34;b\"") && page.contains("&#60;c&#62;") && !page.contains("<c>"));
        assert!(page.contains("<html lang=\"en\">") && page.contains("<p id=\"complaint\" role=\"alert\">No.</p>"));
        assert!(!page.contains("autofocus") && !page.contains("<script"));
    }

    #[test]
    fn a_redirect_after_a_form_is_allowed() {
        let client = Client::public("c");
        let policy = |uri| login(&dialog(&client, uri), &[], "").policy;
        assert!(policy("https://a.example/cb").ends_with("form-action 'self' http: https:"));
        assert!(policy("com.example.app:/cb").ends_with("form-action 'self' http: https: com.example.app:"));
        assert!(policy("a;b:/cb").ends_with("form-action 'self' http: https:"));
    }

    #[test]
    fn a_name_makes_an_id() {
        assert_eq!(id("alice"), "alice");
        assert_eq!(id("a b\"@example.com"), "a-b-@example.com");
    }
}
