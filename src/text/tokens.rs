//! How many tokens a text takes.
//!
//! Knows a careful guess for any text and how a model's own reports make it closer. A host
//! that has the model's tokenizer gives that instead.

use std::sync::LazyLock;

/// Counts the tokens of a text for one model. A closure will do.
///
/// ```
/// use confidant::{EstimatedTokens, TokenCounter};
/// let exact = |text: &str| text.split_whitespace().count();
/// assert_eq!(exact.tokens("where is it"), 3);
/// assert!(EstimatedTokens::default().tokens("where is it") >= 3);
/// ```
pub trait TokenCounter {
    /// The tokens that the text takes. The same text always takes the same number.
    fn tokens(&self, text: &str) -> usize;
}

impl<F: Fn(&str) -> usize> TokenCounter for F {
    fn tokens(&self, text: &str) -> usize {
        self(text)
    }
}

/// A guess at the tokens of a text that is rather too high than too low.
///
/// Fitted to the tokenizers of GPT-4 and GPT-4o, Llama 3 and Claude, so that none of them needs
/// more for any text of 500 tokens that it was tried on, in a hundred languages, in code and
/// in noise; docs/ARCHITECTURE.md has the table. English is guessed about a third too high, which
/// [`calibrated`](Self::calibrated) takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimatedTokens {
    /// Tokens of the model for a thousand of ours.
    per_thousand: u64,
}

impl Default for EstimatedTokens {
    fn default() -> EstimatedTokens {
        EstimatedTokens::uncalibrated()
    }
}

impl EstimatedTokens {
    pub(crate) const fn uncalibrated() -> EstimatedTokens {
        EstimatedTokens { per_thousand: 1_000 }
    }

    /// The guess made fit for one model: `text` took `reported` tokens, as the
    /// [`Usage`](crate::Usage) of a reply says. The longer the text, the better; a tenth is
    /// added for safety, and it never falls below half of the first guess or rises above
    /// four times it.
    #[must_use]
    pub fn calibrated(self, text: &str, reported: u64) -> EstimatedTokens {
        let guessed = u64::try_from(EstimatedTokens::default().tokens(text)).unwrap_or(u64::MAX);
        if guessed == 0 || reported == 0 {
            return self;
        }
        EstimatedTokens {
            per_thousand: (reported.saturating_mul(1_100) / guessed).clamp(500, 4_000),
        }
    }
}

impl TokenCounter for EstimatedTokens {
    fn tokens(&self, text: &str) -> usize {
        let costs = &**COSTS;
        let mut before = b' ';
        let mut parts = 0_u64;
        for byte in text.bytes() {
            let cost = costs.get(usize::from(u16::from_le_bytes([byte, before])));
            parts += u64::from(cost.copied().unwrap_or(u8::MAX));
            before = byte;
        }
        let tokens = parts.div_ceil(PARTS);
        usize::try_from(tokens.saturating_mul(self.per_thousand).div_ceil(1_000))
            .unwrap_or(usize::MAX)
    }
}

/// A token is so many parts.
const PARTS: u64 = 50;

// The classes of bytes. Letters count up from `LOWER` and `UPPER`.
const BLANK: u8 = 0;
const LINE: u8 = 1;
const CONTROL: u8 = 2;
const DIGIT: u8 = 3;
const MARK: u8 = 4;
const SIGN: u8 = 5;
const LOWER: u8 = 6;
const UPPER: u8 = LOWER + 26;
/// The first byte of a character of two bytes: Latin signs, Latin letters, rarer Latin and marks
/// that combine, Greek, Cyrillic, Armenian, Hebrew, Arabic, Syriac and others.
const TWO: u8 = UPPER + 26;
/// The first byte of a character of three: India and Thailand, other scripts of Asia and Africa,
/// punctuation and symbols, Kana, Han, Hangul, forms and private ones.
const THREE: u8 = TWO + 9;
const FOUR: u8 = THREE + 7;
/// Any other byte of a character, by what it tells behind some first bytes.
const INNER: u8 = FOUR + 1;
const INNER_INDIA: u8 = INNER + 1;
const INNER_THAI: u8 = INNER + 2;
const INNER_PUNCTUATION: u8 = INNER + 3;
const INNER_EMOJI: u8 = INNER + 4;

fn class(byte: u8) -> u8 {
    match byte {
        b' ' => BLANK,
        b'\n' => LINE,
        0..=31 | 127 => CONTROL,
        b'0'..=b'9' => DIGIT,
        b'a'..=b'z' => LOWER + (byte - b'a'),
        b'A'..=b'Z' => UPPER + (byte - b'A'),
        b'.' | b',' | b'!' | b'?' | b'\'' => MARK,
        33..=126 => SIGN,
        0x80 => INNER_PUNCTUATION,
        0x9f => INNER_EMOJI,
        0xa4..=0xa7 => INNER_INDIA,
        0xb8 | 0xb9 => INNER_THAI,
        0x81..=0xbf => INNER,
        0xc0..=0xc2 => TWO,
        0xc3..=0xc5 => TWO + 1,
        0xc6..=0xcd => TWO + 2,
        0xce | 0xcf => TWO + 3,
        0xd0 | 0xd1 => TWO + 4,
        0xd2..=0xd5 => TWO + 5,
        0xd6 | 0xd7 => TWO + 6,
        0xd8..=0xdb => TWO + 7,
        0xdc..=0xdf => TWO + 8,
        0xe0 => THREE,
        0xe1 => THREE + 1,
        0xe2 => THREE + 2,
        0xe3 => THREE + 3,
        0xe4..=0xe9 => THREE + 4,
        0xea..=0xed => THREE + 5,
        0xee | 0xef => THREE + 6,
        0xf0..=0xff => FOUR,
    }
}

/// What first bytes cost, in parts, inside a word and behind a blank, from `TWO` on. Where it is
/// the second byte that tells, the first costs nothing.
const FIRST: [(u8, u8); 17] = [
    (100, 100),
    (78, 78),
    (105, 150),
    (67, 67),
    (42, 42),
    (105, 150),
    (68, 68),
    (64, 64),
    (101, 129),
    (0, 50),
    (152, 179),
    (0, 11),
    (53, 53),
    (134, 134),
    (155, 155),
    (152, 179),
    (0, 25),
];

/// How English letters follow each other, from `aa` on: often, seldom, hardly; else never. Whatever
/// is not like English is cut into more tokens.
const OFTEN: [&[u8]; 26] = [
    b"bcdgilmnrstvy",
    b"elo",
    b"aehkot",
    b"aeio",
    b"acdelmnrst",
    b"eio",
    b"eho",
    b"aeiot",
    b"cdefglmnorstv",
    b"",
    b"e",
    b"adeiloy",
    b"aeioy",
    b"acdegiosty",
    b"dflmnoprtuw",
    b"aelopr",
    b"",
    b"adeiosty",
    b"aehiostu",
    b"aehiorst",
    b"lnprst",
    b"ei",
    b"aehio",
    b"",
    b"o",
    b"",
];
const SELDOM: [&[u8]; 26] = [
    b"fhkpuw",
    b"airuy",
    b"cilru",
    b"drsu",
    b"bfghiopqvwxy",
    b"aflrtu",
    b"ailrsu",
    b"ruwy",
    b"abkpz",
    b"ou",
    b"ins",
    b"pstu",
    b"bmpsu",
    b"fklnuv",
    b"abcegiksv",
    b"histu",
    b"u",
    b"cgklmnruv",
    b"cklpy",
    b"clpuwy",
    b"abcdegim",
    b"ao",
    b"n",
    b"p",
    b"eimpst",
    b"ei",
];
const HARDLY: [&[u8]; 26] = [
    b"axz",
    b"bmst",
    b"dsy",
    b"bglmnpvwy",
    b"kuz",
    b"y",
    b"bgnty",
    b"cdlmns",
    b"ux",
    b"ae",
    b"alotuy",
    b"bcfgkmrvw",
    b"flnr",
    b"bhjmpqr",
    b"hjxy",
    b"cdgmy",
    b"",
    b"bfhpwz",
    b"bdfmnrw",
    b"bfmnvz",
    b"fky",
    b"",
    b"rsuw",
    b"aceitx",
    b"abclnw",
    b"aou",
];

/// What a letter behind a letter costs, by how they follow each other.
const SMALL: [u8; 4] = [2, 27, 68, 130];
const LARGE: [u8; 4] = [30, 50, 110, 130];
/// What a large letter behind a small one costs.
const HUMP: u8 = 43;

fn is_letter(class: u8) -> bool {
    (LOWER..TWO).contains(&class)
}

/// What a letter behind a letter costs, of costs by how they follow each other.
fn by_rarity(first: u8, second: u8, [often, seldom, hardly, never]: [u8; 4]) -> u8 {
    let (first, second) = (usize::from((first - LOWER) % 26), b'a' + (second - LOWER) % 26);
    let known = [(&OFTEN, often), (&SELDOM, seldom), (&HARDLY, hardly)];
    let known = known
        .into_iter()
        .find(|(known, _)| known.get(first).is_some_and(|letters| letters.contains(&second)));
    known.map_or(never, |(_, cost)| cost)
}

/// What a byte costs behind another one, in parts.
fn cost(before: u8, class: u8) -> u8 {
    let is_open = before == BLANK || before == LINE || before == CONTROL;
    match class {
        BLANK => {
            if is_open {
                15
            } else {
                23
            }
        }
        LINE => 50,
        CONTROL => 60,
        DIGIT => {
            if before == DIGIT {
                23
            } else if is_letter(before) {
                30
            } else {
                52
            }
        }
        MARK => {
            if before == MARK || before == SIGN {
                25
            } else {
                10
            }
        }
        SIGN => {
            if before == MARK || before == SIGN {
                39
            } else {
                17
            }
        }
        LOWER..TWO if is_letter(before) => {
            if class < UPPER {
                by_rarity(before, class, SMALL)
            } else if before < UPPER {
                HUMP
            } else {
                by_rarity(before, class, LARGE)
            }
        }
        LOWER..TWO => match before {
            DIGIT => 72,
            MARK | SIGN => 80,
            TWO.. => 33,
            _ => 28,
        },
        TWO..INNER => {
            let (inside, behind_blank) =
                FIRST.get(usize::from(class - TWO)).copied().unwrap_or_default();
            if before == BLANK { behind_blank } else { inside }
        }
        _ => match (before, class) {
            (THREE, INNER_INDIA) => 107,
            (THREE, INNER_THAI) => 101,
            (THREE, _) => 175,
            (PUNCTUATION, INNER_PUNCTUATION) => 57,
            (PUNCTUATION, _) => 150,
            (FOUR, INNER_EMOJI) => 152,
            (FOUR, _) => 205,
            _ => 0,
        },
    }
}

/// The first byte of punctuation and symbols.
const PUNCTUATION: u8 = THREE + 2;

/// What a byte costs behind another one, by the two as one number: one look-up for each byte. Made
/// when it is first needed, since a program that holds it would be 64 KiB larger.
static COSTS: LazyLock<Box<[u8; 1 << 16]>> = LazyLock::new(|| {
    let mut costs = Box::new([0; 1 << 16]);
    for (pair, cost) in (0..=u16::MAX).zip(costs.iter_mut()) {
        let [byte, before] = pair.to_le_bytes().map(class);
        *cost = self::cost(before, byte);
    }
    costs
});

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> usize {
        EstimatedTokens::default().tokens(text)
    }

    #[test]
    fn nothing_takes_nothing_and_more_takes_more() {
        assert_eq!(tokens(""), 0);
        let text = "My parcel has not arrived, order 12345678. \u{8a02}\u{5355}\u{1f600}\n";
        let mut last = 0;
        for (end, _) in text.char_indices() {
            let now = tokens(text.get(..end).unwrap_or_default());
            assert!(now >= last);
            last = now;
        }
        assert!(tokens(&text.repeat(2)) <= 2 * tokens(text));
    }

    /// Counted by o200k_base, cl100k_base, Llama 3 and Claude; the most of the four.
    #[test]
    fn no_tokenizer_needs_more() {
        let counted = [
            ("My parcel has not arrived, and nobody answers the phone since Monday!", 14),
            (
                "Wo bleibt meine Rechnung? Ich habe die Nachnahmegeb\u{fc}hr schon zweimal \u{fc}berwiesen.",
                25,
            ),
            (
                "O\u{f9} en est mon remboursement ? J'attends depuis trois semaines d\u{e9}j\u{e0}.",
                21,
            ),
            (
                "Gdzie jest moja przesy\u{142}ka? Zam\u{f3}wienie z\u{142}o\u{17c}y\u{142}em w zesz\u{142}y czwartek.",
                35,
            ),
            (
                "\u{413}\u{434}\u{435} \u{43c}\u{43e}\u{44f} \u{43f}\u{43e}\u{441}\u{44b}\u{43b}\u{43a}\u{430}? \u{42f} \u{436}\u{434}\u{443} \u{435}\u{451} \u{443}\u{436}\u{435} \u{434}\u{432}\u{435} \u{43d}\u{435}\u{434}\u{435}\u{43b}\u{438}.",
                29,
            ),
            (
                "\u{3a0}\u{3bf}\u{3cd} \u{3b5}\u{3af}\u{3bd}\u{3b1}\u{3b9} \u{3c4}\u{3bf} \u{3b4}\u{3ad}\u{3bc}\u{3b1} \u{3bc}\u{3bf}\u{3c5}; \u{3a0}\u{3b5}\u{3c1}\u{3b9}\u{3bc}\u{3ad}\u{3bd}\u{3c9} \u{3b4}\u{3cd}\u{3bf} \u{3b5}\u{3b2}\u{3b4}\u{3bf}\u{3bc}\u{3ac}\u{3b4}\u{3b5}\u{3c2}.",
                53,
            ),
            (
                "\u{623}\u{64a}\u{646} \u{637}\u{644}\u{628}\u{64a}\u{61f} \u{644}\u{642}\u{62f} \u{627}\u{646}\u{62a}\u{638}\u{631}\u{62a} \u{623}\u{633}\u{628}\u{648}\u{639}\u{64a}\u{646}.",
                31,
            ),
            (
                "\u{e04}\u{e33}\u{e2a}\u{e31}\u{e48}\u{e07}\u{e0b}\u{e37}\u{e49}\u{e2d}\u{e02}\u{e2d}\u{e07}\u{e09}\u{e31}\u{e19}\u{e2d}\u{e22}\u{e39}\u{e48}\u{e17}\u{e35}\u{e48}\u{e44}\u{e2b}\u{e19} \u{e09}\u{e31}\u{e19}\u{e23}\u{e2d}\u{e21}\u{e32}\u{e2a}\u{e2d}\u{e07}\u{e2a}\u{e31}\u{e1b}\u{e14}\u{e32}\u{e2b}\u{e4c}\u{e41}\u{e25}\u{e49}\u{e27}",
                83,
            ),
            (
                "\u{c28}\u{c3e} \u{c06}\u{c30}\u{c4d}\u{c21}\u{c30}\u{c4d} \u{c0e}\u{c15}\u{c4d}\u{c15}\u{c21} \u{c09}\u{c02}\u{c26}\u{c3f}? \u{c28}\u{c47}\u{c28}\u{c41} \u{c30}\u{c46}\u{c02}\u{c21}\u{c41} \u{c35}\u{c3e}\u{c30}\u{c3e}\u{c32}\u{c41}\u{c17}\u{c3e} \u{c35}\u{c47}\u{c1a}\u{c3f} \u{c09}\u{c28}\u{c4d}\u{c28}\u{c3e}\u{c28}\u{c41}.",
                111,
            ),
            (
                "\u{92e}\u{947}\u{930}\u{93e} \u{911}\u{930}\u{94d}\u{921}\u{930} \u{915}\u{939}\u{93e}\u{901} \u{939}\u{948}? \u{92e}\u{948}\u{902} \u{926}\u{94b} \u{939}\u{92b}\u{93c}\u{94d}\u{924}\u{947} \u{938}\u{947} \u{907}\u{902}\u{924}\u{91c}\u{93c}\u{93e}\u{930} \u{915}\u{930} \u{930}\u{939}\u{93e} \u{939}\u{942}\u{901}\u{964}",
                59,
            ),
            (
                "\u{6211}\u{7684}\u{8ba2}\u{5355}\u{5728}\u{54ea}\u{91cc}\u{ff1f}\u{6211}\u{5df2}\u{7ecf}\u{7b49}\u{4e86}\u{4e24}\u{4e2a}\u{661f}\u{671f}\u{4e86}\u{3002}",
                18,
            ),
            (
                "\u{79c1}\u{306e}\u{6ce8}\u{6587}\u{306f}\u{3069}\u{3053}\u{3067}\u{3059}\u{304b}\u{ff1f}\u{3082}\u{3046}\u{4e8c}\u{9031}\u{9593}\u{5f85}\u{3063}\u{3066}\u{3044}\u{307e}\u{3059}\u{3002}",
                22,
            ),
            (
                "\u{c81c} \u{c8fc}\u{bb38}\u{c740} \u{c5b4}\u{b514}\u{c5d0} \u{c788}\u{b098}\u{c694}? \u{bc8c}\u{c368} 2\u{c8fc}\u{c9f8} \u{ae30}\u{b2e4}\u{b9ac}\u{ace0} \u{c788}\u{c5b4}\u{c694}.",
                30,
            ),
            (
                "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{2764}\u{fe0f}\u{200d}\u{1f525}\u{1f1e9}\u{1f1ea}1\u{fe0f}\u{20e3}",
                58,
            ),
            ("xqzvkjwpfhgtrbncmlsdqxwzvkjhq", 19),
            ("aGVsbG8gd29ybGQ/K3pXcVJ0eVVpT3BBc0RmR2hKa0x6WGN2Qm5N", 42),
            ("https://shop.example.com/o/8f3Kq-Zx91/track?id=A-7781%2F22&ref=mail", 36),
            ("{\"order\":\"406-1234567-8901234\",\"items\":[{\"sku\":\"XK-12\",\"qty\":2}]}", 28),
            ("fn main() { let x: Vec<u32> = (0..10).map(|n| n * 7).collect(); }", 30),
            ("550e8400-e29b-41d4-a716-446655440000", 21),
        ];
        for (text, most) in counted {
            let guessed = tokens(text);
            assert!(guessed >= most, "{guessed} for {most}: {text}");
        }
    }

    #[test]
    fn english_is_guessed_by_at_most_a_half_too_high() {
        let text = "Thank you for waiting. I have looked into your order and the parcel left our warehouse on Monday, \
                    so it should arrive tomorrow. If it does not, please write to us again and we will send a new one.";
        assert!((44..=44 * 3 / 2).contains(&tokens(text)), "{}", tokens(text));
    }

    #[test]
    fn a_models_report_makes_the_guess_closer() {
        let text = "My parcel has not arrived and I want to know why. ".repeat(20);
        let first = EstimatedTokens::default().tokens(&text);
        let low = EstimatedTokens::default().calibrated(&text, 240).tokens(&text);
        assert!((263..=266).contains(&low) && low < first, "{low} of {first}");
        assert_eq!(EstimatedTokens::default().calibrated("", 7), EstimatedTokens::default());
        assert_eq!(
            EstimatedTokens::default().calibrated(&text, 1).tokens(&text),
            first.div_ceil(2)
        );
    }
}
