//! A trace as a sequence diagram in SVG. Colours come from the page around it.

use std::fmt::{self, Write as _};

use super::escape::{Xml, cut, wrap};
use crate::trace::{Party, Step, Trace};

/// Everybody, from left to right.
const ORDER: [Party; 6] =
    [Party::Browser, Party::Client, Party::Attacker, Party::Server, Party::AttackerServer, Party::Resource];
/// Between two lifelines, in pixels.
const APART: usize = 240;
/// From the edge to the first lifeline.
const EDGE: usize = 90;
/// From one line of text to the next.
const LINE: usize = 17;
/// Width of a character of the diagram's font, generously.
const CHARACTER: usize = 8;

/// The diagram; `label` says in a sentence what it shows. Empty for a trace without steps.
pub(super) fn svg(trace: &Trace, label: &str) -> String {
    let parties: Vec<Party> =
        ORDER.into_iter().filter(|p| trace.steps.iter().any(|step| step.from == *p || step.to == *p)).collect();
    if parties.is_empty() {
        return String::new();
    }
    let width = (2 * EDGE + APART * (parties.len() - 1)).max(2 * EDGE + APART);
    let mut drawing = Drawing { parties, width, y: 52, body: String::new() };
    for (number, step) in trace.steps.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = drawing.step(number + 1, step);
    }
    drawing.finish(label).unwrap_or_default()
}

struct Drawing {
    parties: Vec<Party>,
    width: usize,
    y: usize,
    body: String,
}

impl Drawing {
    fn step(&mut self, number: usize, step: &Step) -> fmt::Result {
        let (from, to) = (self.x(step.from), self.x(step.to));
        let room = from.abs_diff(to).max(APART) / CHARACTER;
        let names: Vec<&str> = step.parameters.iter().map(|(name, _)| name.as_str()).collect();
        self.y += LINE;
        self.text(from, to, "message", &cut(&format!("{number}. {}", step.message), room))?;
        if !names.is_empty() {
            self.y += LINE - 3;
            self.text(from, to, "names", &cut(&names.join(", "), room))?;
        }
        self.y += 8;
        self.arrow(from, to, "sent")?;
        let tone = if step.stopped { "stopped" } else { "answered" };
        if let Some(answer) = &step.answer {
            self.y += LINE + 2;
            self.text(from, to, tone, &cut(answer, room))?;
            self.y += 8;
            self.arrow(to, from, tone)?;
        }
        if step.stopped {
            self.cross(to)?;
        }
        // What stopped an attack is told in full, below the arrow if it does not fit above.
        if let Some(answer) = step.answer.as_ref().filter(|answer| step.stopped && answer.chars().count() > room) {
            self.remark(answer, tone)?;
        }
        if let Some(remark) = &step.remark {
            self.remark(remark, tone)?;
        }
        self.y += 12;
        Ok(())
    }

    fn x(&self, party: Party) -> usize {
        EDGE + APART * self.parties.iter().position(|known| *known == party).unwrap_or(0)
    }

    /// Text between two lifelines; beside the one, if somebody talks to themselves.
    fn text(&mut self, from: usize, to: usize, class: &str, text: &str) -> fmt::Result {
        let (x, y) = (if from == to { from + APART / 2 } else { usize::midpoint(from, to) }, self.y);
        writeln!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", Xml(text))
    }

    fn arrow(&mut self, from: usize, to: usize, class: &str) -> fmt::Result {
        let y = self.y;
        if from == to {
            let (side, back) = (from + 24, y + 8);
            self.y = back;
            writeln!(self.body, "<path class=\"{class}\" d=\"M{from} {y}H{side}V{back}H{from}\"/>")?;
            return self.head(from, from + 7, class);
        }
        writeln!(self.body, "<path class=\"{class}\" d=\"M{from} {y}H{to}\"/>")?;
        self.head(to, if from < to { to - 7 } else { to + 7 }, class)
    }

    fn head(&mut self, tip: usize, back: usize, class: &str) -> fmt::Result {
        let (y, above, below) = (self.y, self.y - 4, self.y + 4);
        writeln!(self.body, "<path class=\"{class} head\" d=\"M{tip} {y}L{back} {above}V{below}Z\"/>")
    }

    /// The mark at whoever stopped the attack.
    fn cross(&mut self, x: usize) -> fmt::Result {
        let (left, right, top, bottom) = (x - 6, x + 6, self.y - 6, self.y + 6);
        writeln!(
            self.body,
            "<path class=\"cross\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\"/>"
        )
    }

    fn remark(&mut self, remark: &str, tone: &str) -> fmt::Result {
        self.y += 4;
        for line in wrap(remark, (self.width - 40) / CHARACTER) {
            self.y += LINE;
            let (x, y) = (self.width / 2, self.y);
            writeln!(
                self.body,
                "<text class=\"remark {tone}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
                Xml(&line)
            )?;
        }
        Ok(())
    }

    fn finish(self, label: &str) -> Result<String, fmt::Error> {
        let (width, height, foot) = (self.width, self.y + 20, self.y + 10);
        let mut svg = String::new();
        writeln!(svg, "<svg role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">")?;
        writeln!(svg, "<title>{}</title>", Xml(label))?;
        for party in &self.parties {
            let (x, left) = (self.x(*party), self.x(*party) - 70);
            writeln!(svg, "<path class=\"life\" d=\"M{x} 38V{foot}\"/>")?;
            writeln!(svg, "<rect class=\"party\" x=\"{left}\" y=\"10\" width=\"140\" height=\"28\" rx=\"5\"/>")?;
            writeln!(
                svg,
                "<text class=\"who\" x=\"{x}\" y=\"29\" text-anchor=\"middle\">{}</text>",
                Xml(&party.to_string())
            )?;
        }
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        Ok(svg)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, outcome};
    use super::super::well_formed::well_formed;
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn everybody_who_speaks_has_a_lifeline() {
        let text = svg(&outcome(Verdict::Stopped, Level::Must).trace, "a replay");
        assert_eq!(well_formed(&text), Ok(()));
        assert_eq!(text.matches("class=\"life\"").count(), 3);
        for party in ["client", "attacker", "server"] {
            assert!(text.contains(&format!("middle\">{party}</text>")), "{party}: {text}");
        }
    }

    #[test]
    fn the_place_where_the_attack_was_stopped_is_marked_once() {
        let text = svg(&outcome(Verdict::Stopped, Level::Must).trace, "a replay");
        assert_eq!(text.matches("class=\"cross\"").count(), 1);
        assert!(text.contains("<text class=\"remark stopped\""));
        let text = svg(&outcome(Verdict::Vulnerable, Level::Must).trace, "a replay");
        assert!(!text.contains("class=\"cross\""));
    }

    #[test]
    fn what_stopped_the_attack_is_told_in_full() {
        let mut trace = outcome(Verdict::Stopped, Level::Must).trace;
        trace.steps[1].answer = Some("not logged in: the ID token is not valid".to_owned());
        let text = svg(&trace, "an old token");
        assert!(text.contains(">not logged in: the ID token i…</text>"), "{text}");
        assert!(text.contains(">not logged in: the ID token is not valid</text>"), "{text}");
        trace.steps[1].stopped = false;
        assert!(!svg(&trace, "an old token").contains("is not valid"));
    }

    #[test]
    fn whoever_talks_to_themselves_is_drawn_too() {
        let mut trace = outcome(Verdict::Stopped, Level::Must).trace;
        trace.steps.truncate(1);
        trace.steps[0].to = trace.steps[0].from;
        trace.steps[0].remark = Some(HOSTILE.repeat(20));
        assert_eq!(well_formed(&svg(&trace, HOSTILE)), Ok(()));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(svg(&Trace::default(), "nothing"), "");
    }
}
