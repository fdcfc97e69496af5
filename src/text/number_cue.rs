//! What the word before a number says of it: a telephone's, or an order's.
//!
//! Knows such words in several languages, and how far before the number one may stand.

/// What a word before a number says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberCue {
    Phone,
    Order,
}

/// How far before a number such a word may stand, in bytes.
const CUE_NEAR: usize = 32;
const PHONE_WORDS: [&str; 46] = [
    "phone",
    "mobile",
    "cell",
    "call me",
    "text me",
    "whatsapp",
    "tel:",
    "tel.",
    "tel ",
    "reach me",
    "number is",
    "telefon",
    "handy",
    "mobil",
    "rufnummer",
    "nummer ist",
    "ruf mich",
    "rufen sie",
    "tel\u{e9}fono",
    "telefono",
    "m\u{f3}vil",
    "movil",
    "celular",
    "ll\u{e1}mame",
    "n\u{fa}mero es",
    "numero es",
    "t\u{e9}l\u{e9}phone",
    "telephone",
    "portable",
    "num\u{e9}ro est",
    "appelez",
    "appelle",
    "telefone",
    "telem\u{f3}vel",
    "ligue",
    "n\u{fa}mero \u{e9}",
    "cellulare",
    "numero \u{e8}",
    "telefoon",
    "bel me",
    "nummer is",
    "gsm",
    "telefonn",
    "fax",
    "hotline",
    "sms",
];
const ORDER_WORDS: [&str; 24] = [
    "order",
    "ticket",
    "booking",
    "reservation",
    "invoice",
    "tracking",
    "reference",
    "case ",
    "case#",
    "bestell",
    "auftrag",
    "sendung",
    "rechnung",
    "vorgang",
    "buchung",
    "pedido",
    "factura",
    "commande",
    "facture",
    "encomenda",
    "fatura",
    "ordine",
    "fattura",
    "zam\u{f3}w",
];

/// The nearest word before a number that says what it is one of.
pub(super) fn cue_before(bytes: &[u8], at: usize) -> Option<NumberCue> {
    let before = bytes.get(at.saturating_sub(CUE_NEAR)..at)?.to_ascii_lowercase();
    let before = before.rsplit(|byte| matches!(byte, b'\n' | b';')).next()?;
    let last = |words: &[&str]| {
        let place =
            |word: &&str| before.windows(word.len()).rposition(|part| part == word.as_bytes());
        words.iter().filter_map(place).max()
    };
    match (last(&PHONE_WORDS), last(&ORDER_WORDS)) {
        (None, None) => None,
        (phone, order) => Some(if phone >= order { NumberCue::Phone } else { NumberCue::Order }),
    }
}
