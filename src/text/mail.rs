//! Which lines of a text its writer wrote now, and which are repeated or added by a program.
//!
//! Knows how mailers mark quotations, forwarded messages and signatures, and how transcripts of
//! chats name who speaks. Where a repeated message is not marked line by line, all of the text
//! below its heading is taken for it, since nothing tells where it ends.

use super::mail_words::{
    AGENTS, CLOSING, CUSTOMERS, DEVICE, FROM, LEGAL_STARTS, LEGAL_WORDS, OTHER, REPEATED, SENT,
    SUBJECT, WROTE,
};
use std::ops::Range;

/// A heading is spread over so many lines at most.
const MAX_HEADING: usize = 4;
/// The head of a mail that is repeated has so many lines at most, blank ones among them.
const MAX_HEAD: usize = 8;
/// A longer line is no heading, no label and no line of a signature.
const MAX_MARK: usize = 300;
const MAX_SIGNATURE_LINE: usize = 70;
const MAX_SIGNATURE: usize = 8;
/// A mailer that breaks quoted lines breaks them not much before this length.
const BREAKS_AT: usize = 60;

/// The bytes that are the writer's own, in order; `None` if all of them are.
pub(super) fn own_lines(text: &str) -> Option<Vec<Range<usize>>> {
    if !text.contains('\n') && !text.trim_start().starts_with(['>', '`']) {
        return own_of_one_line(text);
    }
    let mut reader = Reader {
        text,
        lines: lines(text),
        kept: Vec::new(),
        in_code: false,
        in_signature: false,
        agents: false,
        of_agent: false,
    };
    reader.agents = reader.is_transcript();
    let mut at = 0;
    while at < reader.lines.len() {
        at = reader.read(at).max(at + 1);
    }
    let kept = joined(reader.kept);
    let is_all = kept.iter().map(|range| range.len()).sum::<usize>() == text.len();
    (!is_all).then_some(kept)
}

/// A line alone is a message's own, but for what a device adds at its end.
fn own_of_one_line(text: &str) -> Option<Vec<Range<usize>>> {
    let end = before_device(text);
    (end < text.len()).then(|| Some(0..end).filter(|kept| !kept.is_empty()).into_iter().collect())
}

/// Where the line of a device begins that ends a line; the line's end if there is none.
fn before_device(line: &str) -> usize {
    let trimmed = line.trim();
    if trimmed.len() <= MAX_SIGNATURE_LINE && is_device(trimmed) {
        return line.len() - line.trim_start().len();
    }
    let mut from = line.len().saturating_sub(MAX_SIGNATURE_LINE);
    while !line.is_char_boundary(from) {
        from += 1;
    }
    let tail = line.get(from..).unwrap_or_default();
    let begins = tail.match_indices([' ', '\u{a0}']).find_map(|(at, gap)| {
        let ends_sentence = tail.get(..at)?.trim_end().ends_with(['.', '!', '?', '\u{3002}', ')']);
        let rest = tail.get(at + gap.len()..)?;
        (ends_sentence && is_device(rest.trim())).then_some(from + at)
    });
    begins.unwrap_or(line.len())
}

#[derive(Clone, Copy)]
struct Line<'a> {
    start: usize,
    end: usize,
    /// Without blanks around it.
    said: &'a str,
    /// Where that begins.
    said_at: usize,
}

impl Line<'_> {
    fn is_quoted(&self) -> bool {
        let is_face = [">:(", ">:-(", ">_<", ">.<", ">:|", ">:/"];
        self.said.starts_with('>') && !is_face.iter().any(|face| self.said.starts_with(face))
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let from = start;
            start += line.len();
            let blanks = line.len() - line.trim_start_matches(is_blank).len();
            let said = line.trim_matches(is_blank);
            Line { start: from, end: start, said, said_at: from + blanks }
        })
        .collect()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<Line<'a>>,
    kept: Vec<Range<usize>>,
    in_code: bool,
    in_signature: bool,
    /// Whether the text is the transcript of a chat.
    agents: bool,
    /// Whether the line before is an agent's.
    of_agent: bool,
}

impl Reader<'_> {
    /// Reads the line at `at`, with those that belong to it; gives the line to go on with.
    fn read(&mut self, at: usize) -> usize {
        let Some(line) = self.lines.get(at).copied() else { return at };
        let said = line.said;
        if self.in_code {
            self.in_code = !said.starts_with("```");
            return at + 1;
        }
        if said.starts_with("```") {
            self.in_code = !(said.len() > 3 && said.ends_with("```"));
            return at + 1;
        }
        if line.is_quoted() {
            self.in_signature = false;
            return if self.is_broken_off(at) { at + 2 } else { at + 1 };
        }
        if said.is_empty() {
            self.keep(line.start..line.end);
            return at + 1;
        }
        if let Some(below) = self.heading(at) {
            self.in_signature = false;
            return below;
        }
        if self.in_signature {
            return at + 1;
        }
        if self.is_signature(line) || is_rule(said) {
            self.in_signature = !is_rule(said);
            return at + 1;
        }
        if let Some(below) = self.legal(at) {
            return below;
        }
        if self.agents {
            return self.read_turn(at, line);
        }
        let end = before_device(self.text.get(line.start..line.end).unwrap_or_default());
        if line.start + end < line.end {
            self.keep(line.start..line.start + end);
            return at + 1;
        }
        self.keep(line.start..line.end);
        self.below_closing(at)
    }

    fn keep(&mut self, range: Range<usize>) {
        if !self.in_signature && !self.of_agent && range.start < range.end {
            self.kept.push(range);
        }
    }

    /// Whether the line below a quoted one is the rest of it, which a mailer broke off.
    fn is_broken_off(&self, at: usize) -> bool {
        let [Some(line), Some(rest), Some(next)] =
            [self.lines.get(at), self.lines.get(at + 1), self.lines.get(at + 2)]
        else {
            return false;
        };
        line.said.len() >= BREAKS_AT
            && next.is_quoted()
            && !rest.is_quoted()
            && rest.said.len() < BREAKS_AT / 2
            && rest.said.starts_with(char::is_lowercase)
    }

    /// Whether the next line that is not blank is quoted.
    fn is_quoted_below(&self, at: usize) -> bool {
        let mut below = self.lines.iter().skip(at).take(MAX_HEAD);
        below.find(|line| !line.said.is_empty()).is_some_and(Line::is_quoted)
    }

    /// Goes below the heading of a repeated message that begins at `at`, and below the message
    /// unless its lines are marked.
    fn heading(&self, at: usize) -> Option<usize> {
        let (below, is_sure) = self.wrote(at).or_else(|| self.announces(at))?;
        if self.is_quoted_below(below) {
            return Some(below);
        }
        is_sure.then_some(self.lines.len())
    }

    /// "On Monday, Al wrote:", in one line or several; sure if it tells a time or an address.
    fn wrote(&self, at: usize) -> Option<(usize, bool)> {
        let first = self.lines.get(at)?.said;
        let next = self.lines.get(at + 1).map_or("", |line| line.said);
        if !may_begin_heading(first, next) {
            return None;
        }
        let mut heading = String::new();
        for count in 1..=MAX_HEADING {
            let line = self.lines.get(at + count - 1)?;
            if line.said.is_empty() || line.is_quoted() || line.said.len() > MAX_MARK {
                return None;
            }
            heading.push_str(line.said);
            if line.said.ends_with([':', '\u{ff1a}']) {
                return is_wrote(&heading).map(|is_sure| (at + count, is_sure));
            }
            heading.push(' ');
        }
        None
    }

    /// A line that announces a repeated message, or the head of one.
    fn announces(&self, at: usize) -> Option<(usize, bool)> {
        let line = self.lines.get(at)?;
        if line.said.len() > MAX_MARK {
            return None;
        }
        if is_repeated(line.said) {
            return Some((at + 1, true));
        }
        self.head(at).map(|below| (below, true))
    }

    /// "From: .. Sent: .. To: ..": below the head that begins at `at`.
    fn head(&self, at: usize) -> Option<usize> {
        let label = label_of(self.lines.get(at)?.said)?;
        if label == Label::Other {
            return None;
        }
        let (mut from, mut sure, mut others, mut addresses) = (0, 0, 0, 0);
        let mut below = at;
        for (place, line) in self.lines.iter().enumerate().skip(at).take(MAX_HEAD) {
            let Some(label) = label_of(line.said) else {
                // An address may go on in the next line.
                if line.said.is_empty() || place == below { continue } else { break }
            };
            match label {
                Label::From => from += 1,
                Label::Sent | Label::Subject => sure += 1,
                Label::Other => others += 1,
            }
            addresses += usize::from(line.said.contains('@'));
            below = place + 1;
        }
        let is_head = from == 1 && (sure > 0 || (others > 0 && addresses > 0));
        (is_head && from + sure + others >= 2).then_some(below)
    }

    fn is_signature(&self, line: Line<'_>) -> bool {
        let written = self.text.get(line.start..line.end).unwrap_or_default();
        (line.said == "--" || line.said == "\u{2014}")
            && written.starts_with(line.said)
            && (written != line.said || line.said == "--")
    }

    /// Goes below a paragraph that a lawyer wrote.
    fn legal(&self, at: usize) -> Option<usize> {
        if at > 0 && self.lines.get(at - 1).is_some_and(|before| !before.said.is_empty()) {
            return None;
        }
        let first = self.lines.get(at)?.said;
        if !is_legal_start(first) {
            return None;
        }
        let mut is_legal = false;
        let mut below = at;
        for line in self.lines.iter().skip(at).take_while(|line| !line.said.is_empty()) {
            if line.is_quoted() {
                break;
            }
            let small = line.said.to_lowercase();
            is_legal |= LEGAL_WORDS.iter().any(|word| small.contains(word));
            below += 1;
            // A customer's paragraph is not read to its end for every line of it.
            if below - at > 40 {
                break;
            }
        }
        is_legal.then_some(below)
    }

    /// Below the signature that follows the close of a letter; of it the name is kept.
    fn below_closing(&mut self, at: usize) -> usize {
        if !self.lines.get(at).is_some_and(|line| is_closing(line.said)) {
            return at + 1;
        }
        let mut below = at + 1;
        let mut count = 0;
        while let Some(line) = self.lines.get(below).copied() {
            if line.said.is_empty() {
                if count > 0 && self.lines.get(below + 1).is_none_or(|next| next.said.is_empty()) {
                    break;
                }
                below += 1;
                continue;
            }
            let small = line.said.to_lowercase();
            let goes_on = line.said.len() > MAX_SIGNATURE_LINE
                || line.is_quoted()
                || line.said.ends_with(['?', '!'])
                || (line.said.ends_with('.') && line.said.split(' ').count() > 4)
                || ["p.s", "ps:", "ps.", "ps "].iter().any(|mark| small.starts_with(mark))
                || is_device(line.said)
                || self.heading(below).is_some();
            if goes_on || count >= MAX_SIGNATURE {
                break;
            }
            let is_name = line.said.split_whitespace().count() <= 4
                && line.said.chars().all(|c| c.is_alphabetic() || " .'-".contains(c));
            if count == 0 && is_name {
                self.keep(line.start..line.end);
            }
            count += 1;
            below += 1;
        }
        below
    }

    /// Whether the text names who speaks: a customer and somebody who answers.
    fn is_transcript(&self) -> bool {
        let (mut agents, mut customers) = (false, false);
        for line in &self.lines {
            match speaker(line.said) {
                Some((Speaker::Agent, _)) => agents = true,
                Some((Speaker::Customer, _)) => customers = true,
                _ => {}
            }
        }
        agents && customers
    }

    /// Reads a line of a transcript; the name of who speaks is nobody's word.
    fn read_turn(&mut self, at: usize, line: Line<'_>) -> usize {
        if let Some((speaker, words_at)) = speaker(line.said) {
            self.of_agent = matches!(speaker, Speaker::Agent);
            self.keep(line.said_at + words_at..line.end);
        } else {
            self.keep(line.start..line.end);
        }
        at + 1
    }
}

enum Speaker {
    Agent,
    Customer,
    Other,
}

/// Who speaks in a line as "\[10:22\] Agent: hello", and where their words begin.
fn speaker(line: &str) -> Option<(Speaker, usize)> {
    let time = match line.as_bytes().first()? {
        b'[' => line.bytes().take(40).position(|byte| byte == b']')? + 1,
        b'(' => line.bytes().take(40).position(|byte| byte == b')')? + 1,
        b'0'..=b'9' => line.bytes().take(24).position(|byte| byte == b' ')?,
        _ => 0,
    };
    let rest = line.get(time..)?.trim_start_matches([' ', '-']);
    let name_at = line.len() - rest.len();
    let colon = rest.bytes().take(48).position(|byte| byte == b':')?;
    let name = rest.get(..colon)?;
    if !rest.get(colon + 1..)?.starts_with([' ', '\t']) && colon + 1 < rest.len() {
        return None;
    }
    // "Support (Anna)", "Agent Smith".
    let small = name.to_lowercase();
    let parts = || small.split(['(', ')', '[', ']', '-', '|']).map(str::trim);
    let is_agent = parts().any(|part| AGENTS.contains(&part))
        || small.split(' ').next().is_some_and(|first| AGENTS.contains(&first));
    let is_name =
        name_at > 0 && name.split_whitespace().count() <= 4 && name.starts_with(char::is_uppercase);
    let speaker = if is_agent {
        Speaker::Agent
    } else if parts().any(|part| CUSTOMERS.contains(&part)) {
        Speaker::Customer
    } else if is_name {
        Speaker::Other
    } else {
        return None;
    };
    Some((speaker, name_at + colon + 1))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    Subject,
    Other,
}

/// The label of a line in the head of a mail.
fn label_of(line: &str) -> Option<Label> {
    let line = line.trim_start_matches(['*', '_', '>', ' ', '|']);
    let (colon, _) = line.char_indices().take(24).find(|(_, c)| matches!(c, ':' | '\u{ff1a}'))?;
    let label = line.get(..colon)?.trim_matches(['*', '_', ' ', '\u{a0}']).to_lowercase();
    let is = |all: &[&str]| all.contains(&label.as_str());
    if is(FROM) {
        Some(Label::From)
    } else if is(SENT) {
        Some(Label::Sent)
    } else if is(SUBJECT) {
        Some(Label::Subject)
    } else {
        is(OTHER).then_some(Label::Other)
    }
}

/// Whether a line may begin the heading of a quotation; most lines of a letter may not: a heading
/// names a day or an address at once, unless a mailer broke it behind a name.
fn may_begin_heading(line: &str, next: &str) -> bool {
    let ends_here = line.ends_with([':', '\u{ff1a}']);
    let names_one = line.contains(|c: char| c == '@' || c.is_ascii_digit());
    let is_name = next.starts_with('<') && line.split_whitespace().count() <= 4;
    line.len() <= MAX_MARK
        && (ends_here || ((names_one || is_name) && !line.ends_with(['.', '!', '?'])))
}

/// Whether a text that ends with a colon is the heading of a quotation, and surely so.
fn is_wrote(heading: &str) -> Option<bool> {
    let has_address = heading.contains('@');
    let has_number = heading.contains(|c: char| c.is_ascii_digit());
    let has_time = heading.as_bytes().windows(5).any(|part| {
        part.iter().enumerate().all(|(place, byte)| match place {
            2 => matches!(byte, b':' | b'.' | b'h'),
            1 | 3 | 4 => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || *byte == b' ',
        })
    });
    let is_sure = has_number && (has_address || has_time);
    let tail = heading.trim_end_matches([':', '\u{ff1a}', ' ', '\u{a0}']);
    if has_address && is_sure && tail.ends_with(['>', ')']) {
        return Some(true);
    }
    WROTE.iter().any(|word| heading.contains(word)).then_some(is_sure)
}

/// Whether a line announces a message that a mailer repeats.
fn is_repeated(line: &str) -> bool {
    let is_frame =
        |c: char| matches!(c, '-' | '_' | '=' | '*' | '#' | '~' | '\u{2014}' | ' ' | '>');
    let inner = line.trim_matches(is_frame);
    let is_framed = line.starts_with("--") || line.starts_with("##") || line.starts_with("==");
    let ends_with_colon = inner.ends_with([':', '\u{ff1a}']);
    if inner.is_empty() || inner.len() > 120 || !(is_framed || ends_with_colon) {
        return false;
    }
    let small = inner.trim_end_matches([':', '\u{ff1a}', ' ', '\u{a0}']).to_lowercase();
    REPEATED.contains(&small.as_str())
        || (is_framed && REPEATED.iter().any(|known| small.starts_with(known)))
}

/// A line of nothing but a stroke.
fn is_rule(line: &str) -> bool {
    line.len() >= 8 && line.chars().all(|c| matches!(c, '_' | '=' | '*'))
}

fn is_device(line: &str) -> bool {
    line.len() <= MAX_SIGNATURE_LINE
        && DEVICE.iter().any(|(start, with)| line.starts_with(start) && line.contains(with))
}

fn is_closing(line: &str) -> bool {
    if line.len() > MAX_SIGNATURE_LINE {
        return false;
    }
    let small = line.trim_end_matches([',', '.', '!', ' ']).to_lowercase();
    CLOSING.contains(&small.as_str())
}

fn is_legal_start(line: &str) -> bool {
    let mut end = line.len().min(48);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = line.get(..end).unwrap_or_default().to_lowercase();
    let head = head.trim_start_matches(['*', '_', ' ', '[', '(']);
    LEGAL_STARTS.iter().any(|start| head.starts_with(start))
}

/// Ranges side by side made one.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut made: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match made.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => made.push(range),
        }
    }
    made
}
