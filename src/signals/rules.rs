//! The rule sets that ship, and what a tenant adds to them.
//!
//! Knows where the data files are and how a tenant's own words, products, order numbers and
//! table come on top without a change to any file.

use super::linear::LinearTable;
use super::order_id::OrderShape;
use super::pattern;
use super::rule::{Rule, Shows};
use super::rule_set::RuleSet;
use super::shipped::{REFERENCE, SUPPORT, VADER, WISHES, WORDS};
use crate::error::{Result, invalid};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The most words and products that a tenant may add.
const MAX_ADDED: usize = 10_000;
/// What praise counts in messages that begin with the name of an account, as those to a company
/// do: 48 % of the texts that the shipped table was learned from are praise, and 16 % of 10,026
/// tweets to airlines, on which this was chosen, on the cautious side.
const PRAISE: f32 = 0.5;

/// Which rules read a message; cheap to clone.
///
/// ```
/// use confidant::{SignalContext, SignalRules, Signals, Sentiment};
/// // "Super" is this company's name, and no praise.
/// let rules = SignalRules::support().with_word("super", 0.0)?.with_product("Turbo Mop")?.with_order_id("SM-#####")?;
/// let signals = Signals::of("Super sent me the Turbo Mop, SM-10234", &SignalContext::new().rules(&rules));
/// assert_eq!(signals.sentiment.value, Sentiment::Neutral);
/// assert_eq!(signals.entities.len(), 2);
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Clone)]
pub struct SignalRules {
    pub(super) set: Arc<RuleSet>,
    pub(super) table: Option<Arc<LinearTable>>,
    /// What the table's share for praise counts in messages to an account.
    pub(super) praise: f32,
    pub(super) order_shapes: Arc<Vec<OrderShape>>,
    added: usize,
}

impl fmt::Debug for SignalRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalRules").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Default for SignalRules {
    fn default() -> SignalRules {
        SignalRules::support()
    }
}

impl SignalRules {
    /// The preset `support`: what this crate ships for customer support in English.
    pub fn support() -> SignalRules {
        SignalRules::shared().clone()
    }

    /// The preset `support`, made at the first call.
    pub(super) fn shared() -> &'static SignalRules {
        static RULES: OnceLock<SignalRules> = OnceLock::new();
        RULES.get_or_init(|| SignalRules::made(support().expect(SOUND), Some(general_table())))
    }

    /// The preset `reference`: the word lists that support agents commonly start from, by whole
    /// words with their endings, and their bars: a polarity counts from 0.1 on either side, two
    /// cues of haste are high, one is medium and none is low, and a polarity below -0.7 is a
    /// reason to escalate. A word that two topics list shows both, tied.
    pub fn reference() -> SignalRules {
        static RULES: OnceLock<SignalRules> = OnceLock::new();
        RULES.get_or_init(|| SignalRules::made(reference().expect(SOUND), None)).clone()
    }

    fn made(set: RuleSet, table: Option<Arc<LinearTable>>) -> SignalRules {
        SignalRules {
            set: Arc::new(set),
            table,
            praise: PRAISE,
            order_shapes: Arc::default(),
            added: 0,
        }
    }

    /// The name of the rules, which changes whenever a shipped rule does.
    pub fn version(&self) -> &str {
        &self.set.version
    }

    /// Gives a word a value of the tenant's own, -4 to 4; 0 for a name that is no praise and no
    /// blame.
    ///
    /// # Errors
    /// `InvalidArgument` if it is not one word of at most 16 bytes or the value is out of range;
    /// `Limit` after 10,000 additions.
    pub fn with_word(mut self, word: &str, value: f32) -> Result<SignalRules> {
        self.count()?;
        if !(-4.0..=4.0).contains(&value) {
            return Err(invalid("the value of a word must lie between -4 and 4"));
        }
        let set = Arc::make_mut(&mut self.set);
        let id = set
            .vocabulary
            .add(word)
            .ok_or_else(|| invalid("a tenant's word must be one word of at most 16 bytes"))?;
        if let Some(known) = set.vocabulary.known_mut(id) {
            known.valence = value;
        }
        Ok(self)
    }

    /// Adds the name of a product.
    ///
    /// # Errors
    /// `InvalidArgument` if it holds no word, or one longer than 16 bytes; `Limit` as above.
    pub fn with_product(mut self, name: &str) -> Result<SignalRules> {
        self.count()?;
        let set = Arc::make_mut(&mut self.set);
        let bad = || invalid("a product's name must hold words of at most 16 bytes each");
        let steps: Vec<_> = crate::text::words(name)
            .map(|word| {
                name.get(word.span)
                    .and_then(|word| set.vocabulary.add(word))
                    .map(pattern::Step::Word)
            })
            .collect::<Option<_>>()
            .ok_or_else(bad)?;
        if steps.is_empty() {
            return Err(bad());
        }
        let is_product = |rule: &Rule| rule.shows == Shows::Product;
        let rule = set.rules.iter().position(is_product).unwrap_or_else(|| {
            set.rules.push(Rule {
                name: Cow::Borrowed("product"),
                shows: Shows::Product,
                weight: 0.95,
                is_negatable: false,
            });
            set.rules.len() - 1
        });
        set.add_pattern(rule, steps.into()).ok_or_else(bad)?;
        Ok(self)
    }

    /// Adds the shape of the tenant's order numbers: `#` is a digit, `@` a letter, anything
    /// else stands for itself. Letters may be large or small.
    ///
    /// # Errors
    /// `InvalidArgument` if the shape is longer than 40 bytes or has no digit or letter place;
    /// `Limit` as above.
    pub fn with_order_id(mut self, shape: &str) -> Result<SignalRules> {
        self.count()?;
        let shape = OrderShape::parse(shape).ok_or_else(|| {
            invalid("an order number's shape needs places for digits or letters, as in AB-#####")
        })?;
        Arc::make_mut(&mut self.order_shapes).push(shape);
        Ok(self)
    }

    /// Uses a table of weights, learned by [`LinearTable::train`] from the tenant's own labels.
    pub fn with_table(mut self, table: LinearTable) -> SignalRules {
        (self.table, self.praise) = (Some(Arc::new(table)), 1.0);
        self
    }

    /// Uses no table of weights: rules alone decide.
    pub fn without_table(mut self) -> SignalRules {
        self.table = None;
        self
    }

    /// Whether the table of weights is the one that ships.
    pub(super) fn has_shipped_table(&self) -> bool {
        self.praise < 1.0
    }

    fn count(&mut self) -> Result<()> {
        self.added += 1;
        if self.added > MAX_ADDED {
            let message = format!(
                "cannot add more than {MAX_ADDED} words, products and order numbers to a rule set"
            );
            return Err(crate::error::Error::new(crate::error::ErrorKind::Limit, message));
        }
        Ok(())
    }
}

/// Why the files that ship can be read: a test of this file reads each of them.
const SOUND: &str = "the shipped rules are sound: the_shipped_rule_files_are_sound";

/// The table that ships; see NOTICE for what it was learned from.
#[cfg(feature = "embedding")]
const GENERAL: &[u8] = include_bytes!("rules/general-2.table");
/// One that was learned where texts have no direction.
#[cfg(not(feature = "embedding"))]
const GENERAL: &[u8] = include_bytes!("rules/general-1.table");

fn general_table() -> Arc<LinearTable> {
    Arc::new(LinearTable::from_bytes(GENERAL).expect(SOUND))
}

pub(super) fn support() -> std::result::Result<RuleSet, (usize, super::rule_set::BadLine)> {
    let mut set = RuleSet::empty();
    set.add_lexicon(VADER).map_err(|bad| (0, bad))?;
    set.add_rules(WORDS).map_err(|bad| (1, bad))?;
    for (place, name) in (2..).zip(SUPPORT) {
        set.add_rules(name).map_err(|bad| (place, bad))?;
    }
    Ok(set)
}

/// The rules for wishes alone, which read every turn of a customer.
pub(super) fn wish_rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(|| wish_set().expect(SOUND))
}

fn wish_set() -> std::result::Result<RuleSet, super::rule_set::BadLine> {
    let mut set = RuleSet::empty();
    set.add_rules(WORDS)?;
    set.add_rules(WISHES)?;
    Ok(set)
}

pub(super) fn reference() -> std::result::Result<RuleSet, (usize, super::rule_set::BadLine)> {
    let mut set = RuleSet::empty();
    set.add_lexicon(VADER).map_err(|bad| (0, bad))?;
    set.add_rules(WORDS).map_err(|bad| (1, bad))?;
    set.add_rules(REFERENCE).map_err(|bad| (2, bad))?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rule_files_are_sound() {
        assert_eq!(
            support().map(|set| set.version).map_err(|bad| format!("{bad:?}")),
            Ok(Cow::Borrowed("support-3"))
        );
        assert_eq!(
            reference().map(|set| set.version).map_err(|bad| format!("{bad:?}")),
            Ok(Cow::Borrowed("reference-2"))
        );
    }

    /// Words that stand in messages of every kind.
    const EVERYDAY: &str = "a about after all also am an and another any anyone anything are around as ask at \
        be because been before but by can come could data day did different do does else even ever every few \
        find first for from get give go had has have he her here his how i if in into is it just keep know \
        last let like look made make many may me might mine more most much must my name need new next no not \
        now of on one only or other our out over own people person put really right same say see send she \
        should show so some someone somebody something still such take tell than that the their them then \
        there these they thing think this those time to today too try under until up us use very want was way \
        we week well were what when where which while who why will with work working would year yet you your";

    #[test]
    fn no_line_of_a_rule_file_fires_on_one_everyday_word() {
        let mut found = Vec::new();
        for mut set in [support().expect(SOUND), wish_set().expect(SOUND)] {
            let everyday: Vec<_> = EVERYDAY
                .split_whitespace()
                .filter_map(|word| Some((set.vocabulary.add(word)?, word)))
                .collect();
            for (rule, words) in set.lone_words() {
                // Style is counted, a name is read only where one follows.
                if matches!(rule.shows, Shows::Formal | Shows::Casual | Shows::Name)
                    || rule.weight == 0.0
                {
                    continue;
                }
                let names =
                    everyday.iter().filter(|(id, _)| words.contains(id)).map(|(_, word)| word);
                found.extend(names.map(|word| format!("{} ({:?}): {word}", rule.name, rule.shows)));
            }
        }
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn what_a_tenant_adds_is_checked_and_leaves_the_presets_alone() {
        let rules = SignalRules::support();
        assert!(rules.clone().with_word("two words", 0.0).is_err());
        assert!(rules.clone().with_word("great", 5.0).is_err());
        assert!(rules.clone().with_product("!").is_err());
        assert!(rules.clone().with_order_id("ABC").is_err());
        let own = rules.with_word("great", 0.0).expect("is a word");
        let id =
            |rules: &SignalRules| rules.set.vocabulary.clone().add("great").expect("is a word");
        let value =
            |rules: &SignalRules| rules.set.vocabulary.known(id(rules)).map(|known| known.valence);
        assert_eq!(value(&own), Some(0.0));
        assert!(value(&SignalRules::support()).is_some_and(|value| value > 2.0));
    }
}
