//! Which lines of a text its writer wrote now, and which are repeated or boilerplate.
//!
//! Knows the marks of mail: `>` before a quoted line, the line above a quoted message, `-- `
//! above a signature; and the fences around code.

/// The runs of lines that are the writer's own words, each with its first byte in `text`.
///
/// Left out are quoted lines, code between fences, and everything from a signature or from
/// the heading of a repeated message on.
pub(crate) fn own_parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_plain = !may_hold_marks(text)
        || (!text.contains('>')
            && !text.contains("```")
            && !text.contains("--")
            && !text.contains("wrote:"));
    let mut at = 0;
    let mut in_code = false;
    std::iter::from_fn(move || {
        let mut start = at;
        if is_plain {
            at = text.len();
        }
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let end = at + rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = text.get(at..end).unwrap_or_default().trim();
            if ends_message(rest, line) {
                let own = text.get(start..at);
                at = text.len();
                return own.filter(|part| !part.is_empty()).map(|part| (start, part));
            }
            let is_fence = line.starts_with("```");
            let is_own = !in_code && !is_fence && !line.starts_with('>');
            if !is_own && start < at {
                break;
            }
            in_code ^= is_fence && !(line.len() > 3 && line.ends_with("```"));
            at = end;
            if !is_own {
                start = at;
            }
        }
        text.get(start..at).filter(|part| !part.is_empty()).map(|part| (start, part))
    })
}

/// Whether a text has one of the signs that every mark has; looks at many bytes at once.
fn may_hold_marks(text: &str) -> bool {
    let is = |byte: u8, other: u8| u8::from(byte == other);
    text.bytes().fold(0, |found, byte| {
        found | is(byte, b'>') | is(byte, b'`') | is(byte, b'-') | is(byte, b':')
    }) != 0
}

/// Whether what begins with this line is a signature or a repeated message.
fn ends_message(rest: &str, line: &str) -> bool {
    let is_signature = line == "--"
        && (rest.starts_with("-- ") || rest.starts_with("--\r") || rest.starts_with("--\n"));
    let is_heading = line.starts_with("-----Original Message-----")
        || line.starts_with("---------- Forwarded message");
    is_signature || is_heading || (line.starts_with("On ") && line.ends_with(" wrote:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(usize, &str)> {
        own_parts(text).collect()
    }

    #[test]
    fn a_text_without_quoted_lines_is_one_part() {
        assert_eq!(parts("one\ntwo"), [(0, "one\ntwo")]);
        assert_eq!(parts("5 > 4\nis true"), [(0, "5 > 4\nis true")]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn quoted_lines_are_left_out_and_offsets_stay_those_of_the_whole_text() {
        assert_eq!(parts("> a\nb\nc\n  > d\n>e\nf"), [(4, "b\nc\n"), (17, "f")]);
        assert_eq!(parts("a\n> b"), [(0, "a\n")]);
        assert_eq!(parts("> a\r\n> b\r\n"), []);
    }

    #[test]
    fn code_signatures_and_repeated_messages_are_left_out() {
        assert_eq!(parts("a\n```\nerror\n```\nb"), [(0, "a\n"), (16, "b")]);
        assert_eq!(parts("a\n```error```\nb"), [(0, "a\n"), (14, "b")]);
        assert_eq!(parts("a\n-- \nBill Billing, Account Manager"), [(0, "a\n")]);
        assert_eq!(parts("a\nOn Monday, Al wrote:\n> b\nc"), [(0, "a\n")]);
        assert_eq!(parts("a\n-----Original Message-----\nc"), [(0, "a\n")]);
        assert_eq!(parts("a -- b\n--c\nwho wrote: me"), [(0, "a -- b\n--c\nwho wrote: me")]);
        assert_eq!(parts("```\nall of it"), []);
    }
}
