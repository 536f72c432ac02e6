//! What a program prints, line by line, and how it ends.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::LONGEST;
use crate::agent::lock;
use crate::client::{Rejected, Said};

/// What a shell ends with when a signal has ended what it ran: 128, and the number of the signal.
const SIGNALLED: std::ops::RangeInclusive<i32> = 129..=159;

/// Something that a program said.
#[derive(Debug)]
pub(super) enum Word {
    /// A line that is a JSON object. Other lines are kept, and mean nothing.
    Line(Value),
    /// It closed its output, and ended.
    Ended {
        /// Its exit code; `None` if a signal ended it.
        code: Option<i32>,
        /// The last line of what it complained about.
        complaint: String,
    },
}

/// Listens to a program until it ends; what it prints is added to `printed`. It is killed when the task is aborted.
pub(super) fn listen(
    mut child: Child,
    printed: &Arc<Mutex<String>>,
) -> (mpsc::UnboundedReceiver<Word>, JoinHandle<()>) {
    let (words, heard) = mpsc::unbounded_channel();
    let (output, complaints) = (child.stdout.take(), child.stderr.take());
    let printed = Arc::clone(printed);
    let listening = tokio::spawn(async move {
        let mut last = String::new();
        let complaining = lines(complaints, |line| {
            keep(&printed, line);
            if !line.trim().is_empty() {
                line.trim().clone_into(&mut last);
            }
        });
        let saying = lines(output, |line| {
            let object = serde_json::from_str(line).ok().filter(Value::is_object);
            if object.as_ref().is_none_or(|object| !is_answer(object)) {
                keep(&printed, line);
            }
            if let Some(object) = object {
                // If nobody listens any more, nobody misses it.
                let _ = words.send(Word::Line(object));
            }
        });
        tokio::join!(complaining, saying);
        let code = child.wait().await.ok().and_then(|status| status.code());
        let code = code.filter(|code| !SIGNALLED.contains(code));
        let _ = words.send(Word::Ended { code, complaint: last });
    });
    (heard, listening)
}

/// Whether a line is said to whoever attacks the program, and to nobody else.
fn is_answer(line: &Value) -> bool {
    ["accepted", "rejected"].iter().any(|name| line.get(name).is_some())
}

/// Hears every line, without its end. Of a line that is too long, the beginning is heard.
async fn lines(from: Option<impl AsyncRead + Unpin>, mut hear: impl FnMut(&str)) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        let (used, ended) = match from.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(octets) => {
                let end = octets.iter().position(|octet| *octet == b'\n');
                let fresh = &octets[..end.unwrap_or(octets.len())];
                let room = LONGEST.saturating_sub(line.len()).min(fresh.len());
                line.extend_from_slice(&fresh[..room]);
                (end.map_or(octets.len(), |end| end + 1), end.is_some())
            }
        };
        from.consume(used);
        if ended {
            hear(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    if !line.is_empty() {
        hear(&String::from_utf8_lossy(&line));
    }
}

fn keep(printed: &Mutex<String>, line: &str) {
    let mut printed = lock(printed);
    if printed.len() < LONGEST {
        printed.push_str(line);
        printed.push('\n');
    }
}

/// What a line says of a login, if it says anything of one.
pub(super) fn said_in(line: &Value) -> Option<Said> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(who) = line.get("accepted") {
        return Some(Said::Accepted { issuer: text(&who["iss"]), subject: text(&who["sub"]) });
    }
    let why = line.get("rejected")?;
    Some(Said::Rejected(Rejected::new(text(&why["code"]))))
}

/// What a line comes to that says nothing that is understood.
pub(super) fn unreadable(line: &Value) -> Said {
    Said::Rejected(Rejected::new(format!("the program said {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_is_logged_in_or_why_nobody_is() {
        let said = |text: &str| said_in(&serde_json::from_str(text).expect("JSON"));
        let accepted = Said::Accepted { issuer: "http://a".to_owned(), subject: "alice".to_owned() };
        assert_eq!(said(r#"{"accepted": {"iss": "http://a", "sub": "alice"}}"#), Some(accepted));
        assert_eq!(said(r#"{"rejected": {"code": "state"}}"#), Some(Said::Rejected(Rejected::new("state"))));
        assert_eq!(said(r#"{"level": "info"}"#), None);
    }
}
