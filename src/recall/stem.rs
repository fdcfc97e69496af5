//! The stem of an English word.
//!
//! Knows M. F. Porter's algorithm of 1980 ("An algorithm for suffix stripping"). Words with
//! anything but small ASCII letters and digits are their own stem.

/// A word that is being cut, without memory of its own.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    bytes: [u8; Word::MAX],
    len: usize,
}

impl Word {
    /// The longest word that is cut, in bytes; of others no more is kept. A stem may have one more
    /// on its way.
    pub(crate) const MAX: usize = 72;

    pub(crate) fn new(text: &[u8]) -> Word {
        let mut word = Word { bytes: [0; Word::MAX], len: 0 };
        word.extend(text);
        word
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        let len = more.len().min(Word::MAX - self.len);
        if let (Some(to), Some(from)) =
            (self.bytes.get_mut(self.len..self.len + len), more.get(..len))
        {
            to.copy_from_slice(from);
            self.len += len;
        }
    }

    /// Exchanges so many of the last bytes.
    fn exchange(&mut self, last: usize, by: &[u8]) {
        self.len = self.len.saturating_sub(last);
        self.extend(by);
    }
}

impl std::ops::Deref for Word {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Cuts a folded word down to its stem.
pub(crate) fn stem(word: &mut Word) {
    if word.len() <= 2 || !word.iter().all(u8::is_ascii_alphanumeric) {
        return;
    }
    plurals(word);
    past(word);
    if word.last() == Some(&b'y') && has_vowel(word, word.len() - 1) {
        word.exchange(1, b"i");
    }
    replace_first(word, LONG_ENDINGS, |word, stem| measure(word, stem) > 0);
    replace_first(word, MIDDLE_ENDINGS, |word, stem| measure(word, stem) > 0);
    drop_ending(word);
    final_e(word);
    if ends(word, b"ll") && measure(word, word.len() - 1) > 1 {
        word.exchange(1, b"");
    }
}

const LONG_ENDINGS: &[(&[u8], &[u8])] = &[
    (b"ational", b"ate"),
    (b"tional", b"tion"),
    (b"enci", b"ence"),
    (b"anci", b"ance"),
    (b"izer", b"ize"),
    (b"abli", b"able"),
    (b"alli", b"al"),
    (b"entli", b"ent"),
    (b"eli", b"e"),
    (b"ousli", b"ous"),
    (b"ization", b"ize"),
    (b"ation", b"ate"),
    (b"ator", b"ate"),
    (b"alism", b"al"),
    (b"iveness", b"ive"),
    (b"fulness", b"ful"),
    (b"ousness", b"ous"),
    (b"aliti", b"al"),
    (b"iviti", b"ive"),
    (b"biliti", b"ble"),
];

const MIDDLE_ENDINGS: &[(&[u8], &[u8])] = &[
    (b"icate", b"ic"),
    (b"ative", b""),
    (b"alize", b"al"),
    (b"iciti", b"ic"),
    (b"ical", b"ic"),
    (b"ful", b""),
    (b"ness", b""),
];

const LAST_ENDINGS: [&[u8]; 19] = [
    b"al", b"ance", b"ence", b"er", b"ic", b"able", b"ible", b"ant", b"ement", b"ment", b"ent",
    b"ion", b"ou", b"ism", b"ate", b"iti", b"ous", b"ive", b"ize",
];

fn plurals(word: &mut Word) {
    if ends(word, b"sses") || ends(word, b"ies") {
        word.exchange(2, b"");
    } else if ends(word, b"s") && !ends(word, b"ss") {
        word.exchange(1, b"");
    }
}

fn past(word: &mut Word) {
    if ends(word, b"eed") {
        if measure(word, word.len() - 3) > 0 {
            word.exchange(1, b"");
        }
        return;
    }
    let cut = if ends(word, b"ed") && has_vowel(word, word.len() - 2) {
        2
    } else if ends(word, b"ing") && has_vowel(word, word.len() - 3) {
        3
    } else {
        return;
    };
    word.exchange(cut, b"");
    if ends(word, b"at") || ends(word, b"bl") || ends(word, b"iz") {
        word.exchange(0, b"e");
    } else if ends_double(word) && !matches!(word.last(), Some(b'l' | b's' | b'z')) {
        word.exchange(1, b"");
    } else if measure(word, word.len()) == 1 && ends_short(word, word.len()) {
        word.exchange(0, b"e");
    }
}

/// Exchanges the longest ending that fits, if its stem allows.
fn replace_first(
    word: &mut Word,
    endings: &[(&[u8], &[u8])],
    allows: impl Fn(&[u8], usize) -> bool,
) {
    let fitting = endings.iter().filter(|(ending, _)| ends(word, ending));
    let Some((ending, by)) = fitting.max_by_key(|(ending, _)| ending.len()) else { return };
    let stem = word.len() - ending.len();
    if allows(word, stem) {
        word.exchange(ending.len(), by);
    }
}

fn drop_ending(word: &mut Word) {
    let fitting = LAST_ENDINGS.iter().filter(|ending| ends(word, ending));
    let Some(ending) = fitting.max_by_key(|ending| ending.len()) else { return };
    let stem = word.len() - ending.len();
    let before = stem.checked_sub(1).and_then(|at| word.get(at));
    let is_allowed = *ending != b"ion" || matches!(before, Some(b's' | b't'));
    if is_allowed && measure(word, stem) > 1 {
        word.exchange(ending.len(), b"");
    }
}

fn final_e(word: &mut Word) {
    if word.last() != Some(&b'e') {
        return;
    }
    let stem = word.len() - 1;
    let measure = measure(word, stem);
    if measure > 1 || (measure == 1 && !ends_short(word, stem)) {
        word.exchange(1, b"");
    }
}

fn ends(word: &[u8], ending: &[u8]) -> bool {
    // Nearly all are told apart by the last letter.
    word.last() == ending.last() && word.ends_with(ending) && word.len() > ending.len()
}

/// A `y` is a vowel after a consonant.
fn is_consonant(word: &[u8], at: usize) -> bool {
    match word.get(at) {
        Some(b'a' | b'e' | b'i' | b'o' | b'u') => false,
        Some(b'y') => at == 0 || !is_consonant(word, at - 1),
        _ => true,
    }
}

/// For each of the first `len` letters whether it is a consonant.
fn consonants(word: &[u8], len: usize) -> impl Iterator<Item = bool> {
    word.iter().take(len).scan(false, |before, letter| {
        *before = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => !*before,
            _ => true,
        };
        Some(*before)
    })
}

/// How often a vowel is followed by a consonant in the first `len` letters.
fn measure(word: &[u8], len: usize) -> usize {
    let (mut times, mut before) = (0, true);
    for is_consonant in consonants(word, len) {
        times += usize::from(is_consonant && !before);
        before = is_consonant;
    }
    times
}

fn has_vowel(word: &[u8], len: usize) -> bool {
    consonants(word, len).any(|is_consonant| !is_consonant)
}

fn ends_double(word: &[u8]) -> bool {
    matches!(word, [.., a, b] if a == b) && is_consonant(word, word.len() - 1)
}

/// Consonant, vowel, consonant that is not w, x or y.
fn ends_short(word: &[u8], len: usize) -> bool {
    len >= 3
        && is_consonant(word, len - 3)
        && !is_consonant(word, len - 2)
        && is_consonant(word, len - 1)
        && !matches!(word.get(len - 1), Some(b'w' | b'x' | b'y'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stemmed(word: &str) -> String {
        let mut word = Word::new(word.as_bytes());
        stem(&mut word);
        String::from_utf8(word.to_vec()).expect("stays text")
    }

    #[test]
    fn the_examples_of_the_paper_come_out() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("ties", "ti"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubled", "troubl"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("failing", "fail"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("rational", "ration"),
            ("digitizer", "digit"),
            ("vietnamization", "vietnam"),
            ("operator", "oper"),
            ("hopefulness", "hope"),
            ("sensibiliti", "sensibl"),
            ("triplicate", "triplic"),
            ("formalize", "formal"),
            ("electrical", "electr"),
            ("goodness", "good"),
            ("revival", "reviv"),
            ("adjustment", "adjust"),
            ("adoption", "adopt"),
            ("effective", "effect"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controll", "control"),
            ("roll", "roll"),
            ("deliveries", "deliveri"),
            ("is", "is"),
            ("a1b2s", "a1b2"),
        ] {
            assert_eq!(stemmed(word), expected, "{word}");
        }
    }

    #[test]
    fn words_of_other_scripts_are_their_own_stem() {
        assert_eq!(
            stemmed("\u{437}\u{430}\u{43a}\u{430}\u{437}"),
            "\u{437}\u{430}\u{43a}\u{430}\u{437}"
        );
    }
}
