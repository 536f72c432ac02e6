//! How each flow went, line by line, and the counts.

/// What a run came to, when nothing in it failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The counts, for people.
    pub(crate) counts: String,
    /// What was not there, and how to get it.
    pub(crate) missing: Option<String>,
}

/// Prints rows and counts them.
#[derive(Debug, Default)]
pub(super) struct Table {
    as_expected: u32,
    left_out: u32,
    failed: Vec<String>,
    /// How to get it, and who needs it.
    pub(super) missing: Vec<(String, Vec<&'static str>)>,
}

impl Table {
    pub(super) fn row(&mut self, (client, flow): (&str, &str), ended: &Result<String, String>, took: &str) {
        let (word, why) = match ended {
            Ok(shown) => ("ok", shown),
            Err(why) => ("FAILED", why),
        };
        println!("{word:<7} {took:>8}  {client:<22} {flow:<18} {why}");
        match ended {
            Ok(_) => self.as_expected += 1,
            Err(why) => self.failed.push(format!("{client} {flow}: {why}")),
        }
    }

    pub(super) fn leaves(&mut self, client: &str, flow: &str, why: &str) {
        println!("{:<16}  {client:<22} {flow:<18} {why}", "left out");
        self.left_out += 1;
    }

    pub(super) fn finish(self) -> Result<Done, String> {
        if !self.failed.is_empty() {
            return Err(format!("\n{}\n{} are not as they should be", self.failed.join("\n"), self.failed.len()));
        }
        let counts = format!("\n{} ended as they should, {} are left out", self.as_expected, self.left_out);
        let told = |(how, names): &(String, Vec<&str>)| format!("{} ({how})", names.join(", "));
        let missing =
            (!self.missing.is_empty()).then(|| self.missing.iter().map(told).collect::<Vec<_>>().join("; "));
        Ok(Done { counts, missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_as_it_should_is_named() {
        let mut table = Table::default();
        table.row(("a", "code"), &Ok("fine".to_owned()), "1 ms");
        table.row(("a", "tampered-verifier"), &Err("broken".to_owned()), "1 ms");
        assert!(table.finish().expect_err("a failure").contains("a tampered-verifier: broken"));
    }

    #[test]
    fn what_is_missing_is_named_with_who_needs_it() {
        let table = Table { missing: vec![("packages".to_owned(), vec!["a", "b"])], ..Table::default() };
        assert_eq!(table.finish().map(|done| done.missing), Ok(Some("a, b (packages)".to_owned())));
    }
}
