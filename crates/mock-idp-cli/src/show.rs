//! Rows on a terminal as they finish, and reports in a folder in the end.

use std::convert::Infallible;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use oauth_attacks::report::table::{Colour, Columns, closing, line};
use oauth_attacks::report::{Flow, Report, Row};
use oauth_attacks::{Options, Outcome, Trace, outcomes};

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
    /// Why nothing is printed any more.
    failed: Option<io::Error>,
}

/// How wide a terminal is that does not say it.
const WIDTH: usize = 120;

impl Show {
    /// A new report; `widest` is the length of the longest id to come.
    pub fn new(title: &str, target: &str, widest: usize) -> Self {
        let terminal = io::stdout().is_terminal();
        let colour = if terminal && std::env::var_os("NO_COLOR").is_none() { Colour::Always } else { Colour::Never };
        // Whole lines for files and pipes; one line per row for people.
        let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let seen = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        let width = || told().or_else(seen).filter(|width| *width > 0).unwrap_or(WIDTH);
        let columns = Columns { id: widest, line: if terminal { width() } else { 0 } };
        Self { report: Report::new(title, target), columns, colour, failed: None }
    }

    /// Prints the title of the rows to come.
    pub fn section(&mut self, title: &str) {
        self.print(&format!("\n{title}"));
    }

    /// Prints a row that has finished.
    pub fn row(&mut self, row: &Row) {
        self.print(&line(row, self.columns, self.colour));
    }

    /// Prints a line. If nobody reads any more, or it cannot be written, nothing is printed from then on.
    pub fn print(&mut self, text: &str) {
        self.print_to(&mut io::stdout().lock(), text);
    }

    fn print_to(&mut self, to: &mut impl Write, text: &str) {
        if self.failed.is_none() {
            self.failed = writeln!(to, "{text}").and_then(|()| to.flush()).err();
        }
    }

    /// Prints the counts and writes the reports into `folder`.
    ///
    /// # Errors
    /// When they cannot be written, or what was printed could not be, unless nobody reads it any more.
    pub fn finish(mut self, folder: &Path) -> Result<Report, String> {
        self.print(&format!("\n{}", closing(&self.report, self.colour).trim_end()));
        self.report.write_into(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let page = folder.join("report.html");
        let here = std::env::current_dir().unwrap_or_default();
        self.print(&page.strip_prefix(here).unwrap_or(&page).display().to_string());
        match self.failed {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(format!("standard output: {error}; the report is in {}", folder.display()))
            }
            _ => Ok(self.report),
        }
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
    match watched_until(show, section, (ids, options), run, std::future::pending::<Infallible>()).await {
        Ok(ended) => ended,
        Err(never) => match never {},
    }
}

/// The same, until `stop` comes. If it does, what there is by then is kept, and a row that says how much is missing.
///
/// # Errors
/// What `stop` came with.
pub async fn watched_until<S>(
    show: &mut Show,
    section: &str,
    (ids, options): (impl IntoIterator<Item = &'static str>, Options),
    run: impl AsyncFnOnce(Options) -> outcomes::Report,
    stop: impl Future<Output = S>,
) -> Result<outcomes::Report, S> {
    show.section(section);
    let total = options.count(ids);
    let mut progress = Progress::of(total, ProgressDrawTarget::stderr());
    progress.bar.enable_steady_tick(TICK);
    let (send, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    // If nobody listens any more, nobody misses it.
    let heard = options.clone().watch(move |outcome| drop(send.send(outcome.clone())));
    let mut so_far = Vec::new();
    let ended = {
        let (mut running, mut stop) = (pin!(run(heard)), pin!(stop));
        loop {
            tokio::select! {
                biased;
                Some(outcome) = outcomes.recv() => so_far.push(ended_one(show, &mut progress, outcome)),
                ended = &mut running => break Ok(ended),
                stopped = &mut stop => break Err(stopped),
            }
        }
    };
    while let Ok(outcome) = outcomes.try_recv() {
        so_far.push(ended_one(show, &mut progress, outcome));
    }
    drop(progress);
    match &ended {
        Ok(ended) => show.report.push_run(section, ended),
        Err(_) => {
            let missing = total.saturating_sub(so_far.len());
            show.report.push_run(section, &options.cut_short(so_far));
            show.report.push(section, stopped(missing));
        }
    }
    ended
}

fn ended_one(show: &mut Show, progress: &mut Progress, outcome: Outcome) -> Outcome {
    let row = Row::attack(outcome.clone());
    progress.row(&row, || show.row(&row));
    outcome
}

/// What is said of a run that was stopped with this many attacks to go.
fn stopped(missing: usize) -> Row {
    let because = match missing {
        1 => "1 attack did not come to its end".to_owned(),
        missing => format!("{missing} attacks did not come to their end"),
    };
    Row::flow(Flow::new("stopped", "The run was stopped").broke_off(because, Trace::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{InMemoryTerm, TermLike as _};

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

    /// A place where every line fails.
    struct Failing(ErrorKind, usize);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_cannot_be_printed_is_reported_nevertheless() {
        for (kind, is_told) in [(ErrorKind::BrokenPipe, false), (ErrorKind::StorageFull, true)] {
            let mut show = Show::new("a", "b", 1);
            let mut to = Failing(kind, 0);
            show.print_to(&mut to, "a line");
            show.print_to(&mut to, "another");
            assert_eq!(to.1, 1, "it is not tried again");
            let folder = std::env::temp_dir().join(format!("show-{}-{is_told}", std::process::id()));
            let finished = show.finish(&folder);
            assert_eq!(finished.as_ref().is_err_and(|error| error.contains("standard output")), is_told);
            assert!(folder.join("report.json").is_file());
            std::fs::remove_dir_all(folder).expect("a folder");
        }
    }
}
