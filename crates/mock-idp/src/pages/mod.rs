//! Pages for the person in front of the browser. They work without scripts, and nothing on them is fetched.

use oauth_types::params::display_name;

use crate::escape::html;
use crate::refusal::Refusal;

mod dialog;
mod logout;

pub(crate) use dialog::{Account, Ask, Dialog, consent, create, login, one_time_code, select};
pub(crate) use logout::{log_out, logged_in, logged_out};

/// The style of every page: readable in light and dark, on small screens and large ones.
const STYLE: &str = "
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }
code { font-size: 1.05em; overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; }
h2 { font-size: 1.1rem; } ul { padding: 0; list-style: none; } ul.plain { padding-left: 1.2rem; list-style: disc; }
label { display: block; font-weight: 600; } label small, button small { font-weight: normal; opacity: .8; }
input, button { font: inherit; padding: .5rem .75rem; box-sizing: border-box; border-radius: .25rem; }
input { width: 100%; border: 1px solid; } button { cursor: pointer; border: 1px solid; margin: .25rem .25rem .25rem 0; }
li button { width: 100%; text-align: left; } pre { overflow-x: auto; }
[role=alert] { border: 1px solid; border-left-width: .4rem; padding: .5rem .75rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }";

/// The content security policy of pages without scripts.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The most parameters that a page names.
const MOST_NAMES: usize = 64;

/// The page of a refusal that must not be redirected. `sent` are the names of the parameters, never their values.
pub(crate) fn refusal<'a>(refusal: &Refusal, sent: impl Iterator<Item = &'a str>) -> String {
    let rule = refusal.rule;
    let hint = refusal
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!("<dt>Likely mistake</dt><dd id=\"hint\">{}</dd>", html(hint)));
    let names: Vec<String> =
        sent.take(MOST_NAMES).map(|name| format!("<code>{}</code>", html(&display_name(name)))).collect();
    let sent = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    page(
        "This request was refused",
        &format!(
            "<p id=\"says\">{}.</p>\n<dl><dt>Error</dt><dd><code id=\"error\">{}</code></dd>\n\
             <dt>Where it says so</dt><dd><a id=\"document\" href=\"{}\">{}</a></dd>\n\
             {hint}\n<dt>What was sent (values are not shown)</dt><dd id=\"sent\">{sent}</dd>\n<dt>Rule</dt><dd><code id=\"rule\">{}</code></dd></dl>\n\
             <p>Nothing was sent to the client.</p>",
            html(rule.says),
            rule.error,
            html(&refusal.uri()),
            html(&rule.place()),
            html(rule.id)
        ),
    )
}

/// A whole page. The title and the body are HTML already.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n\
         </body>\n</html>\n"
    )
}
