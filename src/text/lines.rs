//! Which lines of a text its writer wrote, and which are repeated from somebody else.
//!
//! Knows the mark of a quoted line in mail: `>` before anything but blanks.

/// The runs of lines that are not quoted, each with its first byte in `text`.
pub(crate) fn own_parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let quotes = text.contains('>');
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = at;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            if !quotes {
                at = text.len();
                break;
            }
            let quoted = rest.trim_start_matches([' ', '\t']).starts_with('>');
            if quoted && start < at {
                break;
            }
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            if quoted {
                start = at;
            }
        }
        text.get(start..at).filter(|part| !part.is_empty()).map(|part| (start, part))
    })
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
}
