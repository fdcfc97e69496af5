//! The model's report on itself, at the end of its reply.
//!
//! Knows the line `[[confidence=0.85 resolved=yes]]`, and keeps it away from the customer
//! while the reply streams. A model that writes none, or a broken one, is no failure.

/// How a report begins.
const OPENING: &str = "[[";
/// Longer than any report; what is held back longer is text.
const LONGEST: usize = 96;

/// What a model said of its own reply.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct SelfReport {
    pub(super) confidence: Option<f64>,
    pub(super) resolved: Option<bool>,
}

/// Takes a reply in pieces and gives out the part that is for the customer.
#[derive(Debug, Default)]
pub(super) struct Reading {
    shown: String,
    held: String,
}

impl Reading {
    /// Takes a piece; returns what may be shown now.
    pub(super) fn take(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let mut keep = match self.held.find(OPENING) {
            Some(start) if self.held.len() - start <= LONGEST => start,
            Some(_) => self.held.len(),
            None if self.held.ends_with('[') => self.held.len() - 1,
            None => self.held.len(),
        };
        // White space before a report is not for the customer either.
        keep = self.held.get(..keep).map_or(keep, |text| text.trim_end().len());
        let rest = self.held.split_off(keep);
        let show = std::mem::replace(&mut self.held, rest);
        self.shown.push_str(&show);
        show
    }

    /// The whole reply and the report, and what was still held back but is text.
    pub(super) fn finish(mut self) -> (String, SelfReport, String) {
        let (report, rest) = match self.held.find(OPENING) {
            Some(start) => {
                let (before, report) = self.held.split_at(start);
                match parse(report) {
                    Some(report) => (report, before.trim_end().to_owned()),
                    None => (SelfReport::default(), self.held.trim_end().to_owned()),
                }
            }
            None => (SelfReport::default(), self.held.trim_end().to_owned()),
        };
        self.shown.push_str(&rest);
        (self.shown, report, rest)
    }
}

fn parse(text: &str) -> Option<SelfReport> {
    let inner = text.trim().strip_prefix(OPENING)?.strip_suffix("]]")?;
    let mut report = SelfReport::default();
    for word in inner.split([' ', ',']).filter(|word| !word.is_empty()) {
        let (name, value) = word.split_once('=')?;
        match name {
            "confidence" => {
                let value: f64 = value.parse().ok()?;
                report.confidence = (0.0..=1.0).contains(&value).then_some(value);
            }
            "resolved" => report.resolved = Some(matches!(value, "yes" | "true")),
            _ => return None,
        }
    }
    Some(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> (String, String, SelfReport) {
        let mut reading = Reading::default();
        let mut shown: String = pieces.iter().map(|piece| reading.take(piece)).collect();
        let (text, report, rest) = reading.finish();
        shown.push_str(&rest);
        (shown, text, report)
    }

    #[test]
    fn the_report_is_read_and_never_shown_however_it_is_cut() {
        let reply = "Please look into the spam folder.\n\n[[confidence=0.85 resolved=yes]]\n";
        for cut in 0..=reply.len() {
            let (a, b) = reply.split_at(cut);
            let (shown, text, report) = read(&[a, b]);
            assert_eq!(text, "Please look into the spam folder.");
            assert_eq!(shown, text);
            assert_eq!(report, SelfReport { confidence: Some(0.85), resolved: Some(true) });
        }
        let bytes: Vec<String> = reply.chars().map(String::from).collect();
        let pieces: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(read(&pieces).0, "Please look into the spam folder.");
    }

    #[test]
    fn text_that_only_looks_like_a_report_stays_text() {
        for text in [
            "See [1] and [[wiki]].",
            "a [",
            "a [[",
            "[[confidence=high resolved=yes]]",
            "x [[y]] and more text",
        ] {
            let (shown, read, report) = read(&[text]);
            assert_eq!(read, text);
            assert_eq!(shown, text);
            assert_eq!(report, SelfReport::default());
        }
        let long = format!("[[{}", "x".repeat(500));
        assert_eq!(read(&[&long, " end"]).1, format!("{long} end"));
    }

    #[test]
    fn a_confidence_out_of_range_is_no_confidence() {
        let (_, _, report) = read(&["ok [[confidence=7 resolved=no]]"]);
        assert_eq!(report, SelfReport { confidence: None, resolved: Some(false) });
    }
}
