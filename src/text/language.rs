//! The language that a text is written in, as far as it can be told.
//!
//! Knows how much text is needed to tell, and which answers are not to be trusted.

use whichlang::Lang;

/// Below so many characters even people guess.
pub(crate) const MIN_CHARACTERS: usize = 20;

/// The language of a text as its two-letter code (`"en"`, `"de"`), or `None` if the text is
/// shorter than 20 characters or holds hardly any letters.
///
/// Knows Arabic, Chinese, Dutch, English, French, German, Hindi, Italian, Japanese, Korean,
/// Portuguese, Russian, Spanish, Swedish, Turkish and Vietnamese.
///
/// ```
/// use confidant::language_of;
/// assert_eq!(language_of("Ich kann mich seit gestern nicht anmelden."), Some("de"));
/// assert_eq!(language_of("I cannot log in since yesterday."), Some("en"));
/// assert_eq!(language_of("ok"), None);
/// ```
pub fn language_of(text: &str) -> Option<&'static str> {
    // Of a long text the beginning tells enough.
    let end = text.char_indices().nth(MAX_CHARACTERS).map_or(text.len(), |(at, _)| at);
    let text = text.get(..end)?;
    let (mut characters, mut letters) = (0, 0);
    for c in text.trim().chars() {
        characters += 1;
        letters += usize::from(c.is_alphabetic());
    }
    if characters < MIN_CHARACTERS || letters * 2 < characters {
        return None;
    }
    Some(match whichlang::detect_language(text) {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    })
}

/// Of a long text so much is looked at.
const MAX_CHARACTERS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_and_texts_without_letters_have_no_known_language() {
        for text in ["", "hola", "guten Tag", "1234 5678 9012 3456 7890 1234", "!!!!!!!!!!!!!!!!!!!!!!!!!!!"] {
            assert_eq!(language_of(text), None, "{text}");
        }
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, language) in [
            ("My parcel has not arrived yet, can you look where it is?", "en"),
            ("Mein Paket ist noch nicht angekommen, k\u{f6}nnen Sie nachsehen?", "de"),
            ("Mi paquete todav\u{ed}a no ha llegado, \u{bf}puede mirar d\u{f3}nde est\u{e1}?", "es"),
            ("Mon colis n'est pas encore arriv\u{e9}, pouvez-vous regarder ?", "fr"),
            (
                "\u{8377}\u{7269}\u{304c}\u{307e}\u{3060}\u{5c4a}\u{304d}\u{307e}\u{305b}\u{3093}\u{3002}\u{3069}\u{3053}\u{306b}\u{3042}\u{308b}\u{304b}\u{8abf}\u{3079}\u{3066}\u{304f}\u{3060}\u{3055}\u{3044}",
                "ja",
            ),
        ] {
            assert_eq!(language_of(text), Some(language), "{text}");
        }
    }
}
