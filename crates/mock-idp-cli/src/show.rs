//! Rows on a terminal as they finish, and reports in a folder in the end.
#![expect(clippy::print_stdout, reason = "this is what is shown on a terminal")]

use std::io::IsTerminal;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use oauth_attacks::report::table::{Colour, Columns, closing, line};
use oauth_attacks::report::{Report, Row};
use oauth_attacks::{Options, Outcome, outcomes};

/// How far a run has come: drawn below its rows, and gone when it has ended.
const PROGRESS: &str = "{bar:32.green/dim} {pos} of {len} attacks  {elapsed}  {msg}";
/// How often the time in it is drawn anew.
const TICK: Duration = Duration::from_millis(200);

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

/// How far a run has come, for whoever sits in front of a terminal.
struct Progress {
    bar: ProgressBar,
    failed: u64,
}

impl Progress {
    fn of(total: usize, target: ProgressDrawTarget) -> Self {
        let style = ProgressStyle::with_template(PROGRESS).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_style(style);
        Self { bar, failed: 0 }
    }

    /// Prints a row above it, and counts it.
    fn row(&mut self, row: &Row, print: impl FnOnce()) {
        self.bar.suspend(print);
        if !row.passes() {
            self.failed += 1;
            self.bar.set_message(format!("{} not as expected", self.failed));
        }
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Runs attacks, prints each outcome as soon as it is there, and keeps them all in the order of the catalogue. `ids` are
/// those of all attacks that there are; the options say which of them run.
pub async fn watched(
    show: &mut Show,
    section: &str,
    (ids, options): (impl IntoIterator<Item = &'static str>, Options),
    run: impl AsyncFnOnce(Options) -> outcomes::Report,
) -> outcomes::Report {
    show.section(section);
    let mut progress = Progress::of(options.count(ids), ProgressDrawTarget::stderr());
    progress.bar.enable_steady_tick(TICK);
    let (send, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    // If nobody listens any more, nobody misses it.
    let options = options.watch(move |outcome| drop(send.send(outcome.clone())));
    let mut running = pin!(run(options));
    let ended = loop {
        tokio::select! {
            biased;
            Some(outcome) = outcomes.recv() => ended_one(show, &mut progress, outcome),
            ended = &mut running => break ended,
        }
    };
    while let Ok(outcome) = outcomes.try_recv() {
        ended_one(show, &mut progress, outcome);
    }
    drop(progress);
    show.report.push_run(section, &ended);
    ended
}

fn ended_one(show: &Show, progress: &mut Progress, outcome: Outcome) {
    let row = Row::attack(outcome);
    progress.row(&row, || show.row(&row));
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, TermLike as _};
    use oauth_attacks::Trace;
    use oauth_attacks::report::Flow;

    use super::*;

    #[test]
    fn progress_is_below_the_rows_and_gone_in_the_end() {
        let screen = InMemoryTerm::new(10, 80);
        let mut progress = Progress::of(3, ProgressDrawTarget::term_like(Box::new(screen.clone())));
        let stopped = Row::flow(Flow::new("a", "A flow").went_through("it was refused", Trace::default()));
        let missed = Row::flow(Flow::new("b", "Another").broke_off("it was not refused", Trace::default()));
        for row in [&stopped, &missed] {
            progress.row(row, || screen.write_line(row.id()).expect("a line"));
        }
        progress.bar.tick();
        let seen = screen.contents();
        let (rows, bar) = seen.rsplit_once('\n').expect("a line below the others");
        assert_eq!(rows, "a\nb");
        assert!(bar.contains(" 2 of 3 attacks ") && bar.ends_with("1 not as expected"), "{bar}");
        drop(progress);
        assert_eq!(screen.contents(), "a\nb");
    }
}
