//! `mock-idp list` and `mock-idp profile`: what has a name, and what a profile makes of it.

use std::fmt::Write as _;

use clap::ValueEnum;
use mock_idp::Profile;
use oauth_types::fault::catalogue;
use serde_json::{Value, json};

use crate::config;

/// What to list.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Without this, all of it.
    what: Option<What>,
    /// As one JSON document.
    #[arg(long)]
    json: bool,
}

/// What has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Documents that can be left out, by `without`.
    Documents,
    /// Switches and amounts, for `on` and `amount`.
    Choices,
    /// Profiles, for `profile`.
    Profiles,
    /// Faults, for the control API.
    Faults,
}

/// Which profile to say more of.
#[derive(Debug, clap::Args)]
pub(crate) struct Described {
    /// Its name.
    #[arg(value_parser = config::profile)]
    name: Profile,
    /// As one JSON document.
    #[arg(long)]
    json: bool,
}

/// Names, and what is said of each.
type Rows = Vec<[String; 2]>;

impl List {
    /// What was asked for.
    pub(crate) fn text(&self) -> String {
        let every = What::value_variants().iter().copied();
        let wanted: Vec<What> = every.filter(|what| self.what.is_none_or(|own| own == *what)).collect();
        if self.json {
            let members = wanted.iter().flat_map(|what| what.members());
            return format!("{:#}", members.map(|(name, value)| (name.to_owned(), value)).collect::<Value>());
        }
        let tables = wanted.iter().flat_map(|what| what.tables());
        tables.map(|(title, rows)| table(title, &rows)).collect::<Vec<_>>().join("\n")
    }
}

impl What {
    fn tables(self) -> Vec<(&'static str, Rows)> {
        let row = |name: &str, says: String| [name.to_owned(), says];
        match self {
            Self::Documents => {
                let rows = mock_idp::optional_documents().into_iter().map(|name| row(name, String::new()));
                vec![("Documents that can be left out", rows.collect())]
            }
            Self::Choices => {
                let relaxes = |relaxes| if relaxes { " (relaxation)" } else { "" };
                let switch = |it: &mock_idp::Switch| row(it.name, format!("{}{}", it.says, relaxes(it.relaxes)));
                let amount = |it: &mock_idp::Amount| row(it.name, format!("{}; {} by default", it.says, it.default));
                let switches = mock_idp::switches().into_iter().map(switch).collect();
                let amounts = mock_idp::amounts().into_iter().map(amount).collect();
                vec![("Switches", switches), ("Amounts", amounts)]
            }
            Self::Profiles => {
                let rows = Profile::ALL.iter().map(|it| row(it.name(), it.says().to_owned()));
                vec![("Profiles", rows.collect())]
            }
            Self::Faults => {
                let rows = catalogue::all().map(|it| row(it.name, format!("{} ({})", it.says, it.section)));
                vec![("Faults", rows.collect())]
            }
        }
    }

    fn members(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Documents => vec![("documents", json!(mock_idp::optional_documents()))],
            Self::Choices => {
                let switch =
                    |it: &mock_idp::Switch| json!({ "name": it.name, "says": it.says, "relaxes": it.relaxes });
                let amount =
                    |it: &mock_idp::Amount| json!({ "name": it.name, "says": it.says, "default": it.default });
                let switches = mock_idp::switches().into_iter().map(switch).collect();
                vec![("switches", switches), ("amounts", mock_idp::amounts().into_iter().map(amount).collect())]
            }
            Self::Profiles => {
                let profile = |it: &Profile| json!({ "name": it.name(), "says": it.says() });
                vec![("profiles", Profile::ALL.iter().map(profile).collect())]
            }
            Self::Faults => {
                let fault =
                    |it: &catalogue::Named| json!({ "name": it.name, "says": it.says, "section": it.section });
                vec![("faults", catalogue::all().map(fault).collect())]
            }
        }
    }
}

impl Described {
    /// What the profile speaks and chooses.
    pub(crate) fn text(&self) -> String {
        let (profile, policy) = (self.name, self.name.policy());
        let on: Vec<_> = mock_idp::switches().into_iter().filter(|switch| policy.is_on(switch)).collect();
        let amounts = mock_idp::amounts();
        if self.json {
            let on: Vec<_> = on.iter().map(|switch| switch.name).collect();
            let amounts: Value =
                amounts.iter().map(|it| (it.name.to_owned(), Value::from(policy.value_of(it)))).collect();
            return format!(
                "{:#}",
                json!({
                    "name": profile.name(), "says": profile.says(), "documents": profile.documents(), "on": on,
                    "amount": amounts, "alg": policy.algorithm, "lifetime": {
                        "code": policy.code_lifetime, "token": policy.token_lifetime },
                })
            );
        }
        let row = |name: &str, says: String| [name.to_owned(), says];
        let mut text = format!("{}: {}\n\n", profile.name(), profile.says());
        let documents = profile.documents().into_iter().map(|name| row(name, String::new())).collect::<Rows>();
        let on = on.iter().map(|switch| row(switch.name, switch.says.to_owned())).collect::<Rows>();
        let mut numbers = vec![
            row("alg", policy.algorithm.to_string()),
            row("lifetime.code", format!("{} seconds", policy.code_lifetime)),
            row("lifetime.token", format!("{} seconds", policy.token_lifetime)),
        ];
        numbers.extend(amounts.iter().map(|it| row(it.name, format!("{}: {}", policy.value_of(it), it.says))));
        let on = if on.is_empty() { vec![row("nothing", "every choice is made strictly".to_owned())] } else { on };
        let tables = [table("Speaks", &documents), table("On", &on), table("Amounts", &numbers)];
        text.push_str(&tables.join("\n"));
        text
    }
}

/// A title, and rows whose second column is aligned.
fn table(title: &str, rows: &Rows) -> String {
    let width = rows.iter().map(|[name, _]| name.chars().count()).max().unwrap_or_default();
    let mut text = format!("{title}\n");
    for [name, says] in rows {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", format!("  {name:<width$}  {says}").trim_end());
    }
    text
}
