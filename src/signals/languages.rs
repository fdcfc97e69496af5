//! The names of languages and their two-letter codes.
//!
//! Knows which languages a customer may ask for by their English name.

const LANGUAGES: [(&str, &str); 43] = [
    ("English", "en"),
    ("German", "de"),
    ("French", "fr"),
    ("Spanish", "es"),
    ("Italian", "it"),
    ("Portuguese", "pt"),
    ("Dutch", "nl"),
    ("Hindi", "hi"),
    ("Turkish", "tr"),
    ("Russian", "ru"),
    ("Arabic", "ar"),
    ("Chinese", "zh"),
    ("Mandarin", "zh"),
    ("Japanese", "ja"),
    ("Korean", "ko"),
    ("Swedish", "sv"),
    ("Vietnamese", "vi"),
    ("Polish", "pl"),
    ("Greek", "el"),
    ("Danish", "da"),
    ("Norwegian", "no"),
    ("Finnish", "fi"),
    ("Czech", "cs"),
    ("Hungarian", "hu"),
    ("Romanian", "ro"),
    ("Ukrainian", "uk"),
    ("Hebrew", "he"),
    ("Thai", "th"),
    ("Indonesian", "id"),
    ("Bulgarian", "bg"),
    ("Croatian", "hr"),
    ("Serbian", "sr"),
    ("Slovak", "sk"),
    ("Catalan", "ca"),
    ("Persian", "fa"),
    ("Farsi", "fa"),
    ("Urdu", "ur"),
    ("Bengali", "bn"),
    ("Tamil", "ta"),
    ("Malay", "ms"),
    ("Slovenian", "sl"),
    ("Estonian", "et"),
    ("Lithuanian", "lt"),
];

/// The code of a language by its English name.
pub(super) fn language_code(name: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, code)| *code)
}

/// The English name of a language by its code.
pub(crate) fn language_name(code: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|(_, known)| *known == code).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_rules_name_has_a_code_and_codes_give_a_name_back() {
        let rules = include_str!("rules/wishes-1.rules");
        let set = rules.lines().find_map(|line| line.strip_prefix("set tongue: "));
        for name in set.expect("is there").split(' ') {
            let code = language_code(name).unwrap_or_else(|| panic!("{name} has no code"));
            assert!(language_name(code).is_some());
        }
        assert_eq!(language_name("zh"), Some("Chinese"));
        assert_eq!(language_name("tlh"), None);
    }
}
