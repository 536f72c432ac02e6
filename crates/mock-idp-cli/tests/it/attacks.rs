//! `mock-idp attack`, seen from outside.

use std::process::{Command, Output, Stdio};

use crate::program::{path_in, run};
use crate::scratch::Scratch;
#[cfg(target_os = "linux")]
use crate::wire::{until, within};

/// An attack on a client that is this line of the shell.
fn on_client(line: &str, report: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    command.args(["attack", "client", "--only", "rp-state-mismatch", "--report", report, "--command", line]);
    command
}

/// What a command comes to whose output goes there.
fn printing_to(mut command: Command, stdout: impl Into<Stdio>) -> Output {
    command.stdout(stdout).stderr(Stdio::piped()).spawn().expect("it starts").wait_with_output().expect("it ends")
}

/// What nobody reads.
fn unread() -> std::io::PipeWriter {
    std::io::pipe().expect("a pipe").1
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("text")
}

#[test]
fn a_list_that_nobody_reads_is_no_trouble() {
    let mut list = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    list.args(["attack", "list"]);
    let ended = printing_to(list, unread());
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), ""));
    let listed = run(&["attack", "list", "rp-state-mismatch"]).stdout;
    assert!(listed.starts_with("rp-state-mismatch\n    ") && !listed.ends_with("\n\n"), "{listed}");
}

#[test]
fn a_report_is_written_whether_rows_can_be_printed_or_not() {
    let scratch = Scratch::new("unread");
    let report = path_in(&scratch, "unread");
    let ended = printing_to(on_client("exit 3", &report), unread());
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(1), "error: 1 attack is not as expected\n"));
    let written = std::fs::read_to_string(scratch.0.join("unread/report.json")).expect("a report");
    assert!(written.contains("it ended with 3\""), "{written}");
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let report = path_in(&scratch, "full");
    let ended = printing_to(on_client("exit 3", &report), full);
    let told = text(&ended.stderr);
    assert!(ended.status.code() == Some(1) && told.starts_with("error: standard output: No space left"), "{told}");
    assert!(scratch.0.join("full/report.html").is_file());
}

#[test]
fn a_run_is_told_of_without_needless_lines() {
    let scratch = Scratch::new("lines");
    let ended = printing_to(on_client("exit 3", &path_in(&scratch, "report")), Stdio::piped());
    let printed = text(&ended.stdout);
    assert!(printed.starts_with("These are attacks.") && !printed.contains("\n\n\n"), "{printed}");
    assert!(printed.contains("against nothing else.\n\nAttacks\n"), "{printed}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_of_first() {
    let scratch = Scratch::new("unwritable");
    let file = path_in(&scratch, "file");
    std::fs::write(&file, "mine").expect("a file");
    let ended = printing_to(on_client("exit 3", &file), Stdio::piped());
    let told = text(&ended.stderr);
    assert_eq!((ended.status.code(), text(&ended.stdout)), (Some(1), ""), "nothing has been attacked");
    assert!(told.starts_with("error: --report: ") && told.contains("name a folder"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "mine");
    let mut unexpected = on_client("exit 3", &path_in(&scratch, "report"));
    unexpected.args(["--write-expectations", &path_in(&scratch, "no/such/file")]);
    let ended = printing_to(unexpected, Stdio::piped());
    let told = text(&ended.stderr);
    assert!(ended.stdout.is_empty() && told.starts_with("error: --write-expectations: "), "{told}");
}

#[test]
fn expectations_that_nobody_has_judged_are_refused() {
    let scratch = Scratch::new("unjudged");
    let (report, known) = (path_in(&scratch, "report"), path_in(&scratch, "known.json"));
    let mut first = on_client("exit 3", &report);
    first.args(["--write-expectations", &known]);
    assert_eq!(printing_to(first, Stdio::piped()).status.code(), Some(1));
    let again = || {
        let mut again = on_client("exit 3", &report);
        again.args(["--expect", &known]);
        printing_to(again, Stdio::piped())
    };
    let ended = again();
    let told = text(&ended.stderr);
    assert!(ended.status.code() == Some(1) && told.contains("rp-state-mismatch is still to be judged"), "{told}");
    let judged = std::fs::read_to_string(&known).expect("a file").replace("to be judged: ", "it is a test: ");
    std::fs::write(&known, judged).expect("a file");
    assert_eq!(again().status.code(), Some(0));
}

#[test]
fn what_is_not_named_is_asked_for() {
    let issuer = ["attack", "server", "--issuer", "http://127.0.0.1:1"];
    let user = [&issuer[..], &["--client-id", "a", "--user", "s3cret"]].concat();
    for (line, told) in [
        (&["attack", "server"][..], "error: no issuer is named: give --issuer, or a file"),
        (&issuer, "error: no client is named, and the attacks need one that is registered there: give --client-id"),
        (&user, "error: --user: write NAME:PASSWORD"),
        (&["attack", "client"], "--command <COMMAND>|--web <START_URL>|--browser <START_URL>"),
    ] {
        let ended = run(line);
        assert!(ended.stderr.contains(told), "{line:?}: {}", ended.stderr);
        assert!(!ended.status.success() && ended.stdout.is_empty() && !ended.stderr.contains("s3cret"));
    }
}

/// Whether a process has this as its command line.
#[cfg(target_os = "linux")]
fn runs(words: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("the processes").flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).replace('\0', " ").trim_end() == words)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_signal_ends_the_client_as_well_and_leaves_a_report() {
    for (signal, code, seconds) in [("TERM", Some(143), 86_397), ("INT", Some(130), 86_398), ("KILL", None, 86_399)] {
        let scratch = Scratch::new(signal);
        let sleep = format!("sleep {seconds}");
        // What is started is a shell, and this a child of it.
        let line = format!("{sleep}; true");
        let mut child = on_client(&line, &path_in(&scratch, "report"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        until(|| runs(&sleep)).await;
        let kill = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(kill.expect("there is a kill").success());
        let status = within(async {
            loop {
                match child.try_wait().expect("a child") {
                    Some(status) => break status,
                    None => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        assert_eq!(status.code(), code);
        until(|| !runs(&sleep)).await;
        if code.is_some() {
            let told = child.wait_with_output().expect("text").stderr;
            assert_eq!(text(&told), "error: stopped by a signal\n");
            let report = std::fs::read_to_string(scratch.0.join("report/report.json")).expect("a report");
            assert!(report.contains("1 attack did not come to its end"), "{report}");
        }
    }
}
