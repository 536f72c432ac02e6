//! Pages for the person in front of the browser. They work without scripts, and nothing on them is fetched.

use oauth_types::params::display_name;

use crate::escape::html;
use crate::refusal::Refusal;

mod dialog;
mod logout;

pub(crate) use dialog::{Account, Ask, Dialog, MOST_SHOWN, consent, create, login, one_time_code, select};
pub(crate) use logout::{log_out, logged_in, logged_out};

/// The style of every page: readable in light and dark, on small screens and large ones.
const STYLE: &str = "
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
a { color: LinkText; }
body { margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }
code { font-size: 1.05em; overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; }
h2 { font-size: 1.1rem; } ul { padding: 0; list-style: none; } ul.plain { padding-left: 1.2rem; list-style: disc; }
label { display: block; font-weight: 600; } label small, button small { font-weight: normal; }
input, textarea, select, button { font: inherit; padding: .5rem .75rem; box-sizing: border-box; border-radius: .25rem; }
input, textarea { width: 100%; border: 1px solid; } textarea { font-family: monospace; resize: vertical; } button { cursor: pointer; border: 1px solid; margin: .25rem .25rem .25rem 0; }
li button { width: 100%; text-align: left; } pre { overflow-x: auto; }
[role=alert] { border: 1px solid; border-left-width: .4rem; padding: .5rem .75rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }";

/// What pages with tables and drawings have beside that.
#[cfg(feature = "control")]
const WIDE: &str = "
body { max-width: 60rem; } table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid; }
select { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; }
h3 { font-size: 1rem; margin-bottom: 0; } h4 { font-size: .9rem; margin: .75rem 0 0; }
section { border-top: 1px solid; margin-top: 1.5rem; } dl.pairs dt { margin-top: .25rem; font-weight: normal; }
ol.plain { padding-left: 1.2rem; } fieldset { border: 1px solid; margin: 1rem 0; }
input[type=radio] { width: auto; } label.beside { display: inline; font-weight: normal; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .25rem 0; }
svg { color: CanvasText; } svg text { font-size: 12px; text-anchor: middle; fill: currentColor; }
svg text { paint-order: stroke; stroke: Canvas; stroke-width: 4px; }
svg text.lane { font-size: 14px; font-weight: 600; } svg line, svg path { stroke: currentColor; } svg path { fill: currentColor; }
svg .life { stroke-dasharray: 2 4; opacity: .6; } svg .answers { stroke-dasharray: 6 3; } svg .refuses { stroke-dasharray: 6 3; stroke-width: 3; }";

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
    styled(title, body, "")
}

/// A page with room for tables and drawings.
#[cfg(feature = "control")]
pub(crate) fn wide(title: &str, body: &str) -> String {
    styled(title, body, WIDE)
}

fn styled(title: &str, body: &str, more: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title><style>{STYLE}{more}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n\
         </body>\n</html>\n"
    )
}
