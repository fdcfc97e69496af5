//! The language that a text is written in, as far as it can be told.
//!
//! Knows how much text is needed to tell, which answers are not to be trusted, and what is counted:
//! pairs, triples and quadruples of ASCII letters, and for others the block and the class they are
//! in. Each count falls into one of 4,096 rows of a table, which says how much it speaks for each
//! language. The way of counting and the table are whichlang's (NOTICE); the table is rounded to
//! bytes.

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
    LANGUAGES.get(likeliest(text)).copied()
}

/// Of a long text so much is looked at.
const MAX_CHARACTERS: usize = 1_000;

/// In the order of the table's columns.
const LANGUAGES: [&str; COLUMNS] = [
    "ar", "zh", "de", "en", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "es", "sv", "tr", "vi",
];
const COLUMNS: usize = 16;
const ROWS: u32 = 4_096;
/// Written by tools/language_table.py: row by row, a byte a language.
static TABLE: &[u8; 65_536] = include_bytes!("languages-1.bin");
/// What one step of the table's bytes stands for.
const STEP: f32 = 0.2521545;
/// What speaks for each language beforehand.
const BEFORE: [f32; COLUMNS] = [
    -2.306742, -2.258932, 0.523372, 1.777966, 1.053884, -2.673501, 2.530283, -0.639573, -1.692796,
    2.483821, 1.158584, -2.405218, 0.882742, 1.775545, 1.994673, -2.204108,
];

/// The column of the language that a text is likeliest written in.
fn likeliest(text: &str) -> usize {
    let mut sums = Sums::default();
    let mut counts = 0_u16;
    count(text, |hash| {
        counts = counts.saturating_add(1);
        let row = usize::try_from(hash % ROWS).unwrap_or(0);
        if let Some(row) = TABLE.as_chunks().0.get(row) {
            sums.add(row);
        }
    });
    let scale = STEP / f32::from(counts.max(1)).sqrt();
    let mut best = (0, f32::MIN);
    for (column, (sum, before)) in sums.all().iter().zip(BEFORE).enumerate() {
        // At most 4,000 counts of a byte each: far below what a float holds exactly.
        #[allow(clippy::as_conversions, clippy::cast_precision_loss)]
        let score = *sum as f32 * scale + before;
        // Of equals the last.
        if score >= best.1 {
            best = (column, score);
        }
    }
    best.0
}

/// Sums of signed bytes, side by side: eight bytes are a word, of which every other one is added to
/// a word of four sums, raised by 128 so that none is negative.
#[derive(Default)]
struct Sums {
    words: [u64; COLUMNS / 4],
    pending: i32,
    whole: [i32; COLUMNS],
}

impl Sums {
    /// So many raised bytes fit into a sum of a word.
    const MOST: i32 = 256;
    const RAISE: u64 = 0x8080_8080_8080_8080;
    const EVERY_OTHER: u64 = 0x00ff_00ff_00ff_00ff;

    fn add(&mut self, row: &[u8; COLUMNS]) {
        if let ([low, high], [a, b, c, d]) = (row.as_chunks().0, &mut self.words) {
            // By hand: a compiler that makes a small program does not unroll it.
            let (low, high) =
                (u64::from_le_bytes(*low) ^ Sums::RAISE, u64::from_le_bytes(*high) ^ Sums::RAISE);
            *a += low & Sums::EVERY_OTHER;
            *b += (low >> 8) & Sums::EVERY_OTHER;
            *c += high & Sums::EVERY_OTHER;
            *d += (high >> 8) & Sums::EVERY_OTHER;
        }
        self.pending += 1;
        if self.pending == Sums::MOST {
            self.settle();
        }
    }

    fn all(mut self) -> [i32; COLUMNS] {
        self.settle();
        self.whole
    }

    fn settle(&mut self) {
        for (columns, [even, odd]) in
            self.whole.as_chunks_mut::<8>().0.iter_mut().zip(self.words.as_chunks().0)
        {
            let lanes = (0..64)
                .step_by(16)
                .flat_map(|place| [even >> place & 0xffff, odd >> place & 0xffff]);
            for (sum, lane) in columns.iter_mut().zip(lanes) {
                *sum += i32::try_from(lane).unwrap_or(0) - 128 * self.pending;
            }
        }
        (self.words, self.pending) = ([0; COLUMNS / 4], 0);
    }
}

/// Gives the hash of everything that is counted in a text.
fn count(text: &str, mut found: impl FnMut(u32)) {
    let (mut last, mut letters) = (u32::from(' '), 1);
    for c in text.chars() {
        if !c.is_ascii() {
            found(hash(u32::from(c) / 128, SEED ^ 2));
            found(hash(class(c), SEED ^ 4));
            letters = 0;
            continue;
        }
        last = last << 8 | u32::from(c.to_ascii_lowercase());
        if letters > 0 {
            found(hash(last & 0xffff, SEED));
        }
        if letters > 1 {
            found(hash(last & 0x00ff_ffff, SEED));
        }
        if letters > 2 {
            found(hash(last, SEED));
        }
        letters = 3.min(letters + 1);
        if !c.is_alphanumeric() {
            last = u32::from(' ');
        }
    }
}

const SEED: u32 = 3_242_157_231;

/// MurmurHash2 of one number.
fn hash(number: u32, seed: u32) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let number = number.wrapping_mul(M);
    let number = (number ^ (number >> 24)).wrapping_mul(M);
    let mixed = seed.wrapping_mul(M) ^ number;
    let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(M);
    mixed ^ (mixed >> 15)
}

/// Where a letter stands among those that tell languages apart.
fn class(c: char) -> u32 {
    const TELLING: [u32; 52] = [
        160, 161, 171, 172, 173, 174, 187, 192, 196, 199, 200, 201, 202, 205, 214, 220, 223, 224,
        225, 226, 227, 228, 231, 232, 233, 234, 235, 236, 237, 238, 239, 242, 243, 244, 245, 246,
        249, 250, 251, 252, 333, 339, 0x3000, 0x303f, 0x3040, 0x309f, 0x30a0, 0x30ff, 0x4e00,
        0x9faf, 0xff61, 0xff90,
    ];
    u32::try_from(TELLING.partition_point(|telling| *telling < u32::from(c))).unwrap_or(0)
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
    fn the_rounded_table_says_what_the_crate_says_that_it_comes_from() {
        use whichlang::Lang;
        for (text, language, column) in [
            ("Where is my parcel? It should have been here on Monday.", Lang::Eng, 3),
            ("Bonjour joyeux contribuable", Lang::Fra, 4),
            ("Hallo gl\u{fc}cklicher Steuerzahler", Lang::Deu, 2),
            ("Ciao, felice contribuente!", Lang::Ita, 6),
            ("Ol\u{e1} feliz contribuinte", Lang::Por, 10),
            ("Hola feliz contribuyente", Lang::Spa, 12),
            ("Hallo, blije belastingbetaler", Lang::Nld, 9),
            ("Jag kan inte logga in sedan i g\u{e5}r.", Lang::Swe, 13),
            ("Merhaba, mutlu vergi m\u{fc}kellefi", Lang::Tur, 14),
            ("T\u{f4}i kh\u{f4}ng th\u{1ec3} \u{111}\u{103}ng nh\u{1ead}p", Lang::Vie, 15),
            (
                "\u{42f} \u{43d}\u{435} \u{43c}\u{43e}\u{433}\u{443} \u{432}\u{43e}\u{439}\u{442}\u{438}",
                Lang::Rus,
                11,
            ),
            ("\u{644}\u{627} \u{623}\u{633}\u{62a}\u{637}\u{64a}\u{639}", Lang::Ara, 0),
            ("\u{92e}\u{948}\u{902} \u{932}\u{949}\u{917} \u{907}\u{928}", Lang::Hin, 5),
            ("\u{c548}\u{b155}\u{d558}\u{c138}\u{c694} \u{d589}\u{bcf5}\u{d55c}", Lang::Kor, 8),
            ("\u{4f60}\u{597d}\u{5e78}\u{798f}\u{7684}\u{7eb3}\u{7a0e}\u{4eba}", Lang::Cmn, 1),
            ("\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}\u{5e78}\u{305b}\u{306a}", Lang::Jpn, 7),
        ] {
            assert_eq!(
                (likeliest(text), whichlang::detect_language(text)),
                (column, language),
                "{text}"
            );
        }
    }

    #[test]
    fn sums_of_words_are_those_of_bytes() {
        let (mut sums, mut plain) = (Sums::default(), [0; COLUMNS]);
        for row in TABLE
            .as_chunks::<COLUMNS>()
            .0
            .iter()
            .chain(&[[0x80; COLUMNS]; 700])
            .chain(&[[0x7f; COLUMNS]; 700])
        {
            sums.add(row);
            plain.iter_mut().zip(row).for_each(|(sum, byte)| *sum += i32::from(byte.cast_signed()));
        }
        assert_eq!(sums.all(), plain);
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, language) in [
            ("My parcel has not arrived yet, can you look where it is?", "en"),
            ("Mein Paket ist noch nicht angekommen, k\u{f6}nnen Sie nachsehen?", "de"),
            (
                "Mi paquete todav\u{ed}a no ha llegado, \u{bf}puede mirar d\u{f3}nde est\u{e1}?",
                "es",
            ),
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
