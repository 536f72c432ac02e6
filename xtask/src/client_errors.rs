//! docs/ERRORS.md: by which errors of `pkce-client` attacks are refused, from what was heard when they were played.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use oauth_attacks::catalogue;

const OPENING: &str = "# By which errors the client refuses attacks

`Error::code()` of `pkce-client` names what is wrong, with a point between where and what; `Error::advice()` says what an
application can do about it. These names stay as they are when a sentence is worded anew. The table says which attacks of
[the catalogue](ATTACKS.md) provoke which of them at a client as `fixtures/attacks` has it; a test compares them exactly.

| error | attacks |
|---|---|
";

/// The whole page.
pub(crate) fn document(root: &Path) -> Result<String, String> {
    let mut attacks: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let heard = heard(root)?;
    for id in catalogue::ideas().map(|idea| idea.id) {
        // What has no point is what the application says that has to keep logins of different browsers apart.
        for code in heard.get(id).into_iter().flatten().filter(|code| code.contains('.')) {
            attacks.entry(code.clone()).or_default().push(id);
        }
    }
    let mut text = OPENING.to_owned();
    for (code, ids) in attacks {
        let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| `{code}` | {} |", ids.join(", "));
    }
    Ok(text)
}

/// The refusals by the id of the attack, of every client that was attacked.
fn heard(root: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let folder = root.join("fixtures/attacks");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("-errors.json")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let of: BTreeMap<String, Vec<String>> =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        for (id, codes) in of {
            let known = heard.entry(id).or_default();
            known.extend(codes.into_iter().filter(|code| !known.contains(code)).collect::<Vec<_>>());
        }
    }
    Ok(heard)
}
