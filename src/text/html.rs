//! HTML as the text that a reader sees, with the way back to the source.
//!
//! Knows which tags begin a line, which parts nobody sees, and that a block quote is a quotation
//! as `>` before a line is. Tags and character references are read by the crate `html5gum`.

use super::own::Rendered;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::convert::Infallible;
use std::ops::Range;

/// The text that a reader sees; `None` if `text` is no HTML and holds no character reference.
pub(super) fn to_text(text: &str) -> Option<Rendered> {
    if !may_be_html(text) {
        return None;
    }
    let looks = Looks::of(text);
    if !looks.has_tags && !looks.has_references {
        return None;
    }
    let mut reader = Reader {
        text,
        made: Rendered::default(),
        folds_lines: looks.has_structure,
        done: 0,
        tag: None,
        hidden: None,
        quotes: 0,
        pre: 0,
        starts_line: true,
    };
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: Span<usize>| {
        reader.event(&event, span.start..span.end);
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    // The callback takes every event and gives no token back.
    if let Some(token) = Tokenizer::new_with_emitter(text, emitter).next() {
        match token {
            Ok(never) => match never {},
            Err(never) => match never {},
        }
    }
    Some(reader.made)
}

/// Whether a text has one of the signs that all HTML has; looks at many bytes at once.
fn may_be_html(text: &str) -> bool {
    let is = |byte: u8, other: u8| u8::from(byte == other);
    text.bytes().fold(0, |found, byte| found | is(byte, b'<') | is(byte, b'&')) != 0
}

/// Tags that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];
/// Tags inside a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "button", "cite", "code", "del", "em", "font", "i", "img", "input",
    "ins", "kbd", "label", "link", "meta", "o:p", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "td", "th", "tt", "u", "var", "wbr",
];
/// Tags whose content nobody sees.
const UNSEEN: &[&str] = &[
    "applet", "audio", "canvas", "datalist", "head", "iframe", "math", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "title", "video", "xml",
];
/// Tags that hold nothing.
const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta", "wbr"];

fn is_known(name: &str) -> bool {
    BLOCKS.contains(&name) || INLINE.contains(&name) || UNSEEN.contains(&name)
}

/// What of HTML a text shows at first sight.
#[derive(Default)]
struct Looks {
    has_tags: bool,
    /// Whether a tag says where lines end, so that line breaks of the source do not.
    has_structure: bool,
    has_references: bool,
}

impl Looks {
    fn of(text: &str) -> Looks {
        let mut looks = Looks::default();
        for (at, _) in text.match_indices('<') {
            let rest = text.get(at + 1..).unwrap_or_default();
            let (rest, closes) = rest.strip_prefix('/').map_or((rest, false), |rest| (rest, true));
            let end = rest.bytes().take(12).take_while(|byte| is_name_byte(*byte)).count();
            let name = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
            let ends = rest.as_bytes().get(end).is_some_and(|byte| b" \t\r\n/>".contains(byte));
            if !ends || !is_known(&name) {
                continue;
            }
            let is_block = BLOCKS.contains(&name.as_str());
            looks.has_structure |= is_block;
            // "<b" alone may be a sum's "less than b"; a closing tag is none.
            looks.has_tags |= closes || is_block || name.len() > 1;
        }
        looks.has_references = text.match_indices('&').any(|(at, _)| {
            reference_end(text.get(at..).unwrap_or_default())
                .is_some_and(|end| text.as_bytes().get(at + end - 1) == Some(&b';'))
        });
        looks
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b':'
}

/// The longest name of a character reference.
const MAX_REFERENCE: usize = 34;

/// Where the character reference ends that `rest` begins with.
fn reference_end(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digits = usize::from(bytes.get(1) == Some(&b'#'));
    let name = bytes
        .iter()
        .skip(1 + digits)
        .take(MAX_REFERENCE)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let end = 1 + digits + name;
    (name > 0).then_some(end + usize::from(bytes.get(end) == Some(&b';')))
}

/// A start tag while it is read.
struct Tag {
    name: String,
    start: usize,
    /// Whether the value that comes next is that of an attribute that can hide the tag.
    reads_style: bool,
    is_hidden: bool,
}

struct Reader<'a> {
    text: &'a str,
    made: Rendered,
    folds_lines: bool,
    /// Up to here the source is read.
    done: usize,
    tag: Option<Tag>,
    /// The tag that hides what is inside it, and how many of its name are open.
    hidden: Option<(String, usize)>,
    /// Block quotes that are open.
    quotes: usize,
    pre: usize,
    starts_line: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: &CallbackEvent<'_>, span: Range<usize>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                let name = String::from_utf8_lossy(name).into_owned();
                let start = self.tag_start(span.start);
                self.tag = Some(Tag { name, start, reads_style: false, is_hidden: false });
            }
            CallbackEvent::AttributeName { name } => {
                if let Some(tag) = &mut self.tag {
                    tag.is_hidden |= *name == b"hidden";
                    tag.reads_style = *name == b"style";
                }
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some(tag) = self.tag.as_mut().filter(|tag| tag.reads_style) {
                    tag.is_hidden |= hides(&String::from_utf8_lossy(value));
                }
            }
            CallbackEvent::CloseStartTag { self_closing } => {
                if let Some(tag) = self.tag.take() {
                    self.open(&tag, *self_closing, span.end);
                }
            }
            CallbackEvent::EndTag { name } => {
                let name = String::from_utf8_lossy(name).into_owned();
                let start = self.tag_start(span.start);
                self.close(&name, start..span.end);
            }
            CallbackEvent::String { value } => self.string(value, span),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } => {
                self.done = self.done.max(span.end);
            }
            CallbackEvent::Error(_) => {}
        }
    }

    /// The place of the `<` at or a little before what the tokenizer names.
    fn tag_start(&self, near: usize) -> usize {
        let before = self.text.get(self.done.min(near)..=near).and_then(|text| text.rfind('<'));
        before.map_or(near, |at| self.done.min(near) + at)
    }

    fn open(&mut self, tag: &Tag, self_closing: bool, end: usize) {
        let name = tag.name.as_str();
        let span = tag.start..end;
        self.done = self.done.max(end);
        let is_void = VOID.contains(&name);
        if let Some((hiding, depth)) = &mut self.hidden {
            if hiding == "head" && name == "body" {
                self.hidden = None;
            } else {
                *depth += usize::from(hiding == name && !is_void && !self_closing);
                return;
            }
        }
        if !is_known(name) {
            // No tag of HTML: "<alice@example.com>", "<your name>".
            if !name.contains(':') {
                self.verbatim(span);
            }
            return;
        }
        if (tag.is_hidden || UNSEEN.contains(&name)) && !is_void && !self_closing {
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        self.quotes += usize::from(name == "blockquote");
        self.pre += usize::from(name == "pre");
        self.gap(name, span);
    }

    fn close(&mut self, name: &str, span: Range<usize>) {
        self.done = self.done.max(span.end);
        if let Some((hiding, depth)) = &mut self.hidden {
            *depth -= usize::from(hiding == name);
            if *depth == 0 {
                self.hidden = None;
            }
            return;
        }
        if !is_known(name) {
            return;
        }
        self.gap(name, span);
        if name == "blockquote" {
            self.quotes = self.quotes.saturating_sub(1);
        }
        if name == "pre" {
            self.pre = self.pre.saturating_sub(1);
        }
    }

    /// The line break or blank that a tag stands for.
    fn gap(&mut self, name: &str, span: Range<usize>) {
        if BLOCKS.contains(&name) {
            if !self.starts_line || name == "br" || name == "p" {
                self.made.push("\n", span);
            }
            self.starts_line = true;
        } else if matches!(name, "td" | "th") && !self.starts_line && !self.made.ends_blank() {
            self.made.push(" ", span);
        }
    }

    fn string(&mut self, value: &[u8], span: Range<usize>) {
        let start = span.start.max(self.done);
        let source = self.text.get(start..span.end);
        self.done = self.done.max(span.end);
        if self.hidden.is_some() {
            return;
        }
        let Some(source) = source else {
            // The tokenizer's places are not those of the text: whole, under the place it names.
            let all = start.min(self.text.len())..span.end.min(self.text.len());
            self.mark_quote(all.start);
            self.made.push(&String::from_utf8_lossy(value), all);
            return;
        };
        let mut at = 0;
        while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
            let next = rest.find('&').unwrap_or(rest.len());
            if next > 0 {
                self.verbatim(start + at..start + at + next);
                at += next;
                continue;
            }
            let end = reference_end(rest).unwrap_or(1);
            let read = rest.get(..end).map(decoded).unwrap_or_default();
            self.mark_quote(start + at);
            self.made.push(&read, start + at..start + at + end);
            self.starts_line &= read.trim().is_empty();
            at += end;
        }
    }

    /// Text as it stands in the source; its line breaks are blanks where tags make the lines.
    fn verbatim(&mut self, span: Range<usize>) {
        let Some(source) = self.text.get(span.clone()) else { return };
        let folds = self.folds_lines && self.pre == 0;
        let mut at = span.start;
        for line in source.split_inclusive('\n') {
            let words = if folds { line.trim_end_matches(['\n', '\r']) } else { line };
            let blank = self.starts_line && folds && words.trim().is_empty();
            if !blank && !words.is_empty() {
                self.mark_quote(at);
                self.made.push_even(words, at);
                self.starts_line = !folds && words.ends_with('\n');
            }
            if words.len() < line.len() && !self.starts_line {
                self.made.push(" ", at + words.len()..at + line.len());
            }
            at += line.len();
        }
    }

    /// Begins a line of a block quote as mail in plain text does.
    fn mark_quote(&mut self, at: usize) {
        if self.quotes > 0 && self.starts_line {
            self.made.push("> ", at..at);
        }
    }
}

/// The character that a reference stands for.
fn decoded(reference: &str) -> String {
    let mut made = String::new();
    for token in Tokenizer::new(reference) {
        if let Ok(html5gum::Token::String(text)) = token {
            made.push_str(&String::from_utf8_lossy(&text.value));
        }
    }
    made
}

/// Whether a style hides what it stands for.
fn hides(style: &str) -> bool {
    let style: String =
        style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    style.split(';').any(|rule| {
        let rule = rule.trim_end_matches("!important");
        matches!(
            rule,
            "display:none"
                | "visibility:hidden"
                | "mso-hide:all"
                | "opacity:0"
                | "font-size:0"
                | "font-size:0px"
                | "font-size:0pt"
                | "max-height:0"
                | "max-height:0px"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::text::OwnWords;

    fn read(text: &str) -> String {
        OwnWords::new(text).as_str().trim().to_owned()
    }

    #[test]
    fn tags_and_character_references_are_read_as_a_browser_shows_them() {
        for (html, text) in [
            ("<p>Please don&rsquo;t email me.</p>", "Please don\u{2019}t email me."),
            ("Please don&#39;t email me.", "Please don't email me."),
            ("I don&#x27;t &amp; won&apos;t", "I don't & won't"),
            ("<div>One<br>two</div><div>three</div>", "One\ntwo\nthree"),
            ("<b>No</b>t here, <i>th</i>ere", "Not here, there"),
            ("<p>folded\nline</p>", "folded line"),
            ("<html><head><title>x</title><style>p{}</style></head><body>a</body></html>", "a"),
            ("a<script>call me</script>b", "ab"),
            ("<div style='display: none'>call <div>me</div> now</div><p>b</p>", "b"),
            ("<span hidden>call me</span><p>b", "b"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
            ("<!-- call me --><p>b</p>", "b"),
        ] {
            assert_eq!(read(html), text, "{html}");
        }
    }

    #[test]
    fn text_that_is_no_html_is_left_as_it_is() {
        for text in [
            "a < b and c > d",
            "I <3 it & more",
            "AT&T; mail <bob@example.com>",
            "if a <b and c>d",
            "press <Enter>",
        ] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read("Tom &amp; <bob@example.com>"), "Tom & <bob@example.com>");
    }

    #[test]
    fn block_quotes_are_quotations() {
        assert_eq!(read("<blockquote>Please call me.</blockquote>"), "");
        assert_eq!(
            read("<p>Thanks!</p><blockquote><p>Call me.</p><p>Now</p></blockquote>"),
            "Thanks!"
        );
        assert_eq!(
            read("<blockquote>a?</blockquote><div>yes</div><blockquote>b?</blockquote>no"),
            "yes\nno"
        );
    }

    #[test]
    fn a_place_in_the_text_leads_back_to_the_source() {
        let html = "<p>Please don&rsquo;t\u{e4}  email</p>";
        let own = OwnWords::new(html);
        for (part, source) in [("don\u{2019}t", "don&rsquo;t"), ("email", "email")] {
            let at = own.as_str().find(part).expect("is there");
            assert_eq!(html.get(own.original(at..at + part.len())), Some(source));
        }
    }
}
