//! Rows on a terminal as they finish, and reports in a folder in the end.
#![expect(clippy::print_stdout, reason = "this is what is shown on a terminal")]

use std::io::IsTerminal;
use std::path::Path;
use std::pin::pin;

use oauth_attacks::report::table::{Colour, Columns, closing, line};
use oauth_attacks::report::{Report, Row};
use oauth_attacks::{Options, outcomes};

/// Prints rows as they finish, and keeps them for the report in the order they belong.
#[derive(Debug)]
pub struct Show {
    /// What is kept.
    pub report: Report,
    columns: Columns,
    colour: Colour,
}

impl Show {
    /// A new report; `widest` is the length of the longest id to come.
    pub fn new(title: &str, target: &str, widest: usize) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let colour = if terminal && std::env::var_os("NO_COLOR").is_none() { Colour::Always } else { Colour::Never };
        // Whole lines for files and pipes; one line per row for people.
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let line = if terminal { width.unwrap_or(120) } else { 0 };
        Self { report: Report::new(title, target), columns: Columns { id: widest, line }, colour }
    }

    /// Prints the title of the rows to come.
    pub fn section(&self, title: &str) {
        println!("\n{title}");
    }

    /// Prints a row that has finished.
    pub fn row(&self, row: &Row) {
        println!("{}", line(row, self.columns, self.colour));
    }

    /// Prints the counts and writes the reports into `folder`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(self, folder: &Path) -> Result<Report, String> {
        println!("\n{}", closing(&self.report, self.colour).trim_end());
        self.report.write_into(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let page = folder.join("report.html");
        let here = std::env::current_dir().unwrap_or_default();
        println!("{}", page.strip_prefix(here).unwrap_or(&page).display());
        Ok(self.report)
    }
}

/// Runs attacks, prints each outcome as soon as it is there, and keeps them all in the order of the catalogue.
pub async fn watched(
    show: &mut Show,
    section: &str,
    options: Options,
    run: impl AsyncFnOnce(Options) -> outcomes::Report,
) -> outcomes::Report {
    show.section(section);
    let (send, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    // If nobody listens any more, nobody misses it.
    let options = options.watch(move |outcome| drop(send.send(outcome.clone())));
    let mut running = pin!(run(options));
    let ended = loop {
        tokio::select! {
            biased;
            Some(outcome) = outcomes.recv() => show.row(&Row::attack(outcome)),
            ended = &mut running => break ended,
        }
    };
    while let Ok(outcome) = outcomes.try_recv() {
        show.row(&Row::attack(outcome));
    }
    show.report.push_run(section, &ended);
    ended
}
