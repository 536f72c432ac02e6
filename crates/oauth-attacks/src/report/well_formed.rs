//! Whether a text is well-formed XML, as far as these reports use XML; for tests.

/// Says what is wrong and where.
pub(super) fn well_formed(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    if let Some(bad) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(format!("the control character {bad:?}"));
    }
    while let Some(at) = rest.find('<') {
        references(&rest[..at])?;
        let end = at + tag_end(&rest[at..]).ok_or_else(|| format!("a tag without end: {}", begin(&rest[at..])))?;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('?') || tag.starts_with("!doctype") {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(opened) if opened == name => continue,
                other => return Err(format!("</{name}> closes {other:?}")),
            }
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(format!("an element called {name:?}"));
        }
        attributes(tag[name.len()..].trim())?;
        if !closed {
            open.push(name);
        }
    }
    references(rest)?;
    if open.is_empty() { Ok(()) } else { Err(format!("never closed: {open:?}")) }
}

/// Where the tag ends that `text` starts with, leaving out `>` in quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (character == '>' && !quoted).then_some(at)
    })
}

fn attributes(mut text: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    while !text.is_empty() {
        let (name, after) = text.split_once("=\"").ok_or_else(|| format!("not an attribute: {}", begin(text)))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("a quote without end: {}", begin(text)))?;
        if name.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | ':')) || seen.contains(&name) {
            return Err(format!("an attribute called {name:?}"));
        }
        if value.contains('<') {
            return Err(format!("< in an attribute: {}", begin(value)));
        }
        references(value)?;
        seen.push(name);
        text = after.trim_start();
    }
    Ok(())
}

/// Every `&` begins one of the references XML knows without a DTD.
fn references(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 5] = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    match text.split('&').skip(1).find(|after| !KNOWN.iter().any(|known| after.starts_with(known))) {
        None if text.contains("]]>") => Err("]]> in text".to_owned()),
        None => Ok(()),
        Some(after) => Err(format!("a bare &: {}", begin(after))),
    }
}

fn begin(text: &str) -> String {
    text.chars().take(60).collect()
}

#[test]
fn what_is_not_well_formed_is_found() {
    assert_eq!(well_formed("<?xml version=\"1.0\"?>\n<a b=\"&lt;>\"><c/>x &amp; y</a>"), Ok(()));
    for bad in
        ["<a>", "<a></b>", "</a>", "<a b>", "<a b='c'/>", "<a b=\"<\"/>", "a & b", "<a", "<a b=\"1\" b=\"2\"/>"]
    {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
    for bad in ["\0", "\u{1b}", "a ]]> b", "<>", "<a&b/>"] {
        assert!(well_formed(bad).is_err(), "{bad:?}");
    }
}
