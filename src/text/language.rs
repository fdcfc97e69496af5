//! The language that a text is written in, as far as it can be told.
//!
//! Knows how much text is needed to tell and which answers are not to be trusted. Small words,
//! which nobody can do without, tell the languages that customers mostly write in; the crate
//! `whatlang` tells scripts, and all others by their letters.

use super::small_words::SMALL_WORDS;
use super::words::{ShortWord, WordMap, words};
use std::borrow::Cow;
use std::sync::OnceLock;
use whatlang::{Lang, Script};

/// Below so many characters of the Latin script even people guess.
pub(crate) const MIN_CHARACTERS: usize = 20;
/// As above, of scripts that few languages share.
const MIN_LETTERS: usize = 6;
/// Of a long text so much is looked at.
const MAX_CHARACTERS: usize = 1_000;
/// So many small words of a language, and one in so many words, tell it.
const MIN_SMALL: u32 = 2;
const SMALL_OF: u32 = 6;
/// Below this `whatlang` guesses; chosen on sentences of customers in 35 languages.
const SURE: f64 = 0.5;

/// The language of a text as its two-letter code (`"en"`, `"de"`), or `None` if the text is too
/// short to tell, holds hardly any letters, or could be of several languages.
///
/// Knows 69 languages in 24 scripts. Links and addresses are not looked at.
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
    let counts = Counts::of(text);
    let text = counts.without_addresses(text);
    let (mut characters, mut letters) = (0, 0);
    for c in text.trim().chars() {
        characters += 1;
        letters += usize::from(c.is_alphabetic() || is_mark(c));
    }
    if letters < MIN_LETTERS || letters * 2 < characters {
        return None;
    }
    let script = if text.is_ascii() { Script::Latin } else { whatlang::detect_script(&text)? };
    if script == Script::Latin && characters < MIN_CHARACTERS {
        return None;
    }
    if matches!(script, Script::Latin | Script::Cyrillic)
        && let Some(code) = counts.surest()
    {
        return Some(code);
    }
    let told = whatlang::detect(&text)?;
    let is_sure = match script {
        // Yiddish has letters of its own, and so have Persian and Urdu.
        Script::Hebrew | Script::Arabic => true,
        _ => told.confidence() >= SURE,
    };
    let code = code(told.lang());
    (is_sure && counts.allows(code)).then_some(code)
}

/// Marks that letters of some scripts are written with.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{064b}'..='\u{065f}')
        || matches!(c, '\u{0900}'..='\u{0dff}' | '\u{0e31}'..='\u{0e4e}' | '\u{1000}'..='\u{109f}')
        || matches!(c, '\u{1780}'..='\u{17d3}')
}

/// How many small words of each language a text holds.
struct Counts {
    all: [u32; SMALL_WORDS.len()],
    words: u32,
}

impl Counts {
    fn of(text: &str) -> Counts {
        let mut counts = Counts { all: [0; SMALL_WORDS.len()], words: 0 };
        let languages = languages_by_word();
        for word in words(text) {
            counts.words += 1;
            let Some(mut bits) = word.short.and_then(|short| languages.get(&short)).copied() else {
                continue;
            };
            while bits != 0 {
                let language = bits.trailing_zeros();
                if let Some(count) =
                    usize::try_from(language).ok().and_then(|place| counts.all.get_mut(place))
                {
                    *count += 1;
                }
                bits &= bits - 1;
            }
        }
        counts
    }

    /// The words alone if the text holds links or addresses.
    fn without_addresses<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !text.contains('@') && !text.contains("://") && !text.contains("www.") {
            return Cow::Borrowed(text);
        }
        let mut made = String::with_capacity(text.len());
        for word in words(text) {
            made.push_str(text.get(word.span).unwrap_or_default());
            made.push(' ');
        }
        Cow::Owned(made)
    }

    /// The language of which there are clearly more small words than of any other.
    fn surest(&self) -> Option<&'static str> {
        let (place, best) = self.all.iter().enumerate().max_by_key(|(_, count)| **count)?;
        let is_alone = self.all.iter().filter(|count| *count == best).count() == 1;
        let is_sure = *best >= MIN_SMALL && best * SMALL_OF >= self.words && is_alone;
        SMALL_WORDS.get(place).filter(|_| is_sure).map(|(code, _)| *code)
    }

    /// Whether the small words do not speak for another language.
    fn allows(&self, code: &str) -> bool {
        let known = SMALL_WORDS.iter().position(|(known, _)| *known == code);
        let own = known.and_then(|place| self.all.get(place)).copied().unwrap_or(0);
        self.all.iter().all(|count| *count <= own + 1)
    }
}

/// For each small word a bit for each language that has it.
fn languages_by_word() -> &'static WordMap<u32> {
    static WORDS: OnceLock<WordMap<u32>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut all = WordMap::default();
        for (place, (_, words)) in SMALL_WORDS.iter().enumerate() {
            for short in words.split(' ').filter_map(ShortWord::of) {
                *all.entry(short).or_insert(0) |= 1 << place;
            }
        }
        all
    })
}

/// The two-letter code of a language.
fn code(language: Lang) -> &'static str {
    match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "no",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_and_texts_without_letters_have_no_known_language() {
        for text in [
            "",
            "hola",
            "guten Tag",
            "1234 5678 9012 3456 7890 1234",
            "!!!!!!!!!!!!!!!!!!!!!!!!!!!",
        ] {
            assert_eq!(language_of(text), None, "{text}");
        }
    }

    #[test]
    fn texts_that_could_be_of_any_language_have_none() {
        for text in [
            "https://www.example.com/path/to/page?x=1",
            "see https://www.beispiel.de/der/die/das",
            "asdf qwer zxcv uiop hjkl",
            "qwertyuiopasdfghjklzxcvbnm",
            "ORD-4711 ORD-4712 ORD-4713 ABC-99",
            "Bob Billing, Account Manager, Acme",
            "lol lol lol lol lol lol lol",
            "iPhone 15 Pro Max 256 GB Blue",
            "Maria Fernanda Gonzalez Rodriguez",
        ] {
            assert_eq!(language_of(text), None, "{text}");
        }
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, language) in [
            ("My parcel has not arrived yet, can you look where it is?", "en"),
            ("Hello, my name is Miguel Fernandez Garcia", "en"),
            ("i want to cancel my order pls its taking forever", "en"),
            ("Mein Paket ist noch nicht angekommen, k\u{f6}nnen Sie nachsehen?", "de"),
            ("Rechnung f\u{fc}r Bestellung 4711 bitte", "de"),
            (
                "Mi paquete todav\u{ed}a no ha llegado, \u{bf}puede mirar d\u{f3}nde est\u{e1}?",
                "es",
            ),
            ("Quiero hablar con una persona, por favor", "es"),
            ("Mon colis n'est pas encore arriv\u{e9}, pouvez-vous regarder ?", "fr"),
            ("Je veux parler \u{e0} un conseiller", "fr"),
            ("Quero falar com um atendente, por favor", "pt"),
            ("O meu pedido ainda n\u{e3}o chegou, podem verificar?", "pt"),
            ("Il mio pacco non \u{e8} ancora arrivato", "it"),
            ("Mijn pakket is nog niet aangekomen", "nl"),
            ("Mitt paket har inte kommit \u{e4}n", "sv"),
            ("Moja paczka jeszcze nie dotar\u{142}a, prosz\u{119} sprawdzi\u{107}", "pl"),
            ("M\u{16f}j bal\u{ed}k je\u{161}t\u{11b} nedorazil", "cs"),
            ("Coletul meu nu a ajuns \u{ee}nc\u{103}", "ro"),
            ("A csomagom m\u{e9}g nem \u{e9}rkezett meg", "hu"),
            ("Paketim hen\u{fc}z gelmedi, bakabilir misiniz l\u{fc}tfen, benim i\u{e7}in", "tr"),
            ("Paket saya belum sampai, tolong dicek", "id"),
            (
                "T\u{f4}i kh\u{f4}ng th\u{1ec3} \u{111}\u{103}ng nh\u{1ead}p t\u{1eeb} h\u{f4}m qua",
                "vi",
            ),
            (
                "\u{42f} \u{43d}\u{435} \u{43c}\u{43e}\u{433}\u{443} \u{432}\u{43e}\u{439}\u{442}\u{438}, \u{43f}\u{43e}\u{447}\u{435}\u{43c}\u{443}?",
                "ru",
            ),
            (
                "\u{41c}\u{43e}\u{454} \u{437}\u{430}\u{43c}\u{43e}\u{432}\u{43b}\u{435}\u{43d}\u{43d}\u{44f} \u{449}\u{435} \u{43d}\u{435} \u{43f}\u{440}\u{438}\u{439}\u{448}\u{43b}\u{43e}, \u{434}\u{435} \u{432}\u{43e}\u{43d}\u{43e}?",
                "uk",
            ),
            (
                "\u{398}\u{3ad}\u{3bb}\u{3c9} \u{3bd}\u{3b1} \u{3bc}\u{3b9}\u{3bb}\u{3ae}\u{3c3}\u{3c9}",
                "el",
            ),
            (
                "\u{5d0}\u{5e0}\u{5d9} \u{5e8}\u{5d5}\u{5e6}\u{5d4} \u{5dc}\u{5d3}\u{5d1}\u{5e8} \u{5e2}\u{5dd} \u{5e0}\u{5e6}\u{5d9}\u{5d2}",
                "he",
            ),
            (
                "\u{e09}\u{e31}\u{e19}\u{e15}\u{e49}\u{e2d}\u{e07}\u{e01}\u{e32}\u{e23}\u{e1e}\u{e39}\u{e14}\u{e04}\u{e38}\u{e22}",
                "th",
            ),
            (
                "\u{10db}\u{10d8}\u{10dc}\u{10d3}\u{10d0} \u{10d0}\u{10d3}\u{10d0}\u{10db}\u{10d8}\u{10d0}\u{10dc}\u{10d7}\u{10d0}\u{10dc}",
                "ka",
            ),
            ("\u{535}\u{57d} \u{578}\u{582}\u{566}\u{578}\u{582}\u{574} \u{565}\u{574}", "hy"),
            (
                "\u{ba8}\u{bbe}\u{ba9}\u{bcd} \u{baa}\u{bc7}\u{b9a} \u{bb5}\u{bbf}\u{bb0}\u{bc1}\u{bae}\u{bcd}\u{baa}\u{bc1}\u{b95}\u{bbf}\u{bb1}\u{bc7}\u{ba9}\u{bcd}",
                "ta",
            ),
            (
                "\u{12a8}\u{1230}\u{12cd} \u{130b}\u{122d} \u{1218}\u{1290}\u{130b}\u{1308}\u{122d}",
                "am",
            ),
            (
                "\u{986}\u{9ae}\u{9bf} \u{995}\u{9a5}\u{9be} \u{9ac}\u{9b2}\u{9a4}\u{9c7} \u{99a}\u{9be}\u{987}",
                "bn",
            ),
            (
                "\u{645}\u{6cc}\u{6ba} \u{6a9}\u{633}\u{6cc} \u{627}\u{646}\u{633}\u{627}\u{646} \u{633}\u{6d2} \u{628}\u{627}\u{62a} \u{6a9}\u{631}\u{646}\u{627} \u{686}\u{627}\u{6c1}\u{62a}\u{627} \u{6c1}\u{648}\u{6ba}",
                "ur",
            ),
            (
                "\u{637}\u{631}\u{62f}\u{64a} \u{644}\u{645} \u{64a}\u{635}\u{644} \u{628}\u{639}\u{62f}\u{60c} \u{623}\u{64a}\u{646} \u{647}\u{648}\u{61f}",
                "ar",
            ),
            (
                "\u{8377}\u{7269}\u{304c}\u{307e}\u{3060}\u{5c4a}\u{304d}\u{307e}\u{305b}\u{3093}\u{3002}",
                "ja",
            ),
            ("\u{6211}\u{7684}\u{5305}\u{88f9}\u{8fd8}\u{6ca1}\u{6709}\u{5230}", "zh"),
            ("\u{c548}\u{b155}\u{d558}\u{c138}\u{c694} \u{d589}\u{bcf5}\u{d55c}", "ko"),
        ] {
            assert_eq!(language_of(text), Some(language), "{text}");
        }
    }

    #[test]
    fn languages_that_are_like_another_are_told_as_themselves_or_not_at_all() {
        for (text, language) in [
            ("Pakken min har ikke kommet enn\u{e5}, kan dere sjekke?", "no"),
            ("Min pakke er ikke kommet endnu, kan I se hvor den er?", "da"),
            ("Pakettini ei ole viel\u{e4} saapunut", "fi"),
            ("My pakkie het nog nie aangekom nie", "af"),
            ("El meu paquet encara no ha arribat", "ca"),
            ("M\u{f4}j bal\u{ed}k e\u{161}te nepri\u{161}iel", "sk"),
            ("Moj paket jo\u{161} nije stigao", "hr"),
        ] {
            assert!(
                [Some(language), None].contains(&language_of(text)),
                "{text} {:?}",
                language_of(text)
            );
        }
    }
}
