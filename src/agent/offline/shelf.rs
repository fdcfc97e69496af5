//! The articles, ready to be found.
//!
//! Knows how much each word tells about each article, and how sure a match is. Rare words
//! tell more than common ones; a word of the title tells more than one of the content.

use super::article::Article;
use super::words::Words;
use std::collections::BTreeMap;

/// A word of the title or the keywords counts in full, one of the content in part.
const IN_TITLE: f64 = 1.0;
const IN_CONTENT: f64 = 0.6;
/// A word that stands in no article: it lowers the coverage as much as a common word.
const UNKNOWN: f64 = 1.0;
/// How much weight of matched words makes a match half certain.
const HALF_SURE: f64 = 1.0;
/// Below this confidence there is no match.
const LEAST: f64 = 0.35;
/// The highest confidence that words alone can give.
const MOST: f64 = 0.95;

/// The articles and their words.
#[derive(Debug)]
pub(crate) struct Shelf {
    articles: Vec<Article>,
    /// For each article the weight of each of its stems.
    words: Vec<BTreeMap<String, f64>>,
    /// In how many articles a stem stands.
    spread: BTreeMap<String, u32>,
}

/// The article that fits best, and how sure that is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match<'s> {
    pub(crate) article: &'s Article,
    /// 0 to 0.95; see [`Shelf::best`].
    pub(crate) confidence: f64,
}

/// Stems to look for, each with the weight of the message it comes from.
pub(crate) type Query = BTreeMap<String, f64>;

/// The query of one message by itself.
pub(crate) fn query(words: &Words) -> Query {
    words.stems.iter().map(|stem| (stem.clone(), 1.0)).collect()
}

impl Shelf {
    /// Puts the articles on the shelf.
    pub(crate) fn new(articles: Vec<Article>) -> Shelf {
        let words: Vec<_> = articles.iter().map(weights).collect();
        let mut spread = BTreeMap::new();
        for stem in words.iter().flat_map(BTreeMap::keys) {
            *spread.entry(stem.clone()).or_insert(0) += 1;
        }
        Shelf { articles, words, spread }
    }

    /// These articles and more.
    pub(crate) fn with(&self, more: Vec<Article>) -> Shelf {
        Shelf::new(more.into_iter().chain(self.articles.iter().cloned()).collect())
    }

    /// The subjects of the articles, each once, in their order.
    pub(crate) fn categories(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for category in self.articles.iter().map(|article| article.category.as_str()) {
            if !category.is_empty() && !all.contains(&category) {
                all.push(category);
            }
        }
        all
    }

    /// How much a stem tells: ln(1 + articles / articles that have it).
    pub(crate) fn rarity(&self, stem: &str) -> Option<f64> {
        let spread = self.spread.get(stem)?;
        let articles = u32::try_from(self.articles.len()).unwrap_or(u32::MAX);
        Some((1.0 + f64::from(articles) / f64::from(*spread)).ln())
    }

    /// How much the words of a query tell about any article at all.
    pub(crate) fn substance(&self, query: &Query) -> f64 {
        query.iter().filter_map(|(stem, share)| Some(self.rarity(stem)? * share)).sum()
    }

    /// The article that fits the query best, if one fits at all.
    ///
    /// The confidence is 0.95 times the root of coverage times evidence. Coverage is the
    /// part of the query's words that the article has, by rarity, where a word of the title
    /// or keywords counts in full, one of the content 0.6 and a word that no article knows
    /// weighs 1. Evidence is m / (m + 1), where m is the weight of the words found: one
    /// common word is little evidence even if it is all that was said. A runner-up that fits
    /// nearly as well takes up to a tenth away. Nothing fits below 0.35, nor without a word of
    /// the title or the keywords.
    pub(crate) fn best(&self, query: &Query) -> Option<Match<'_>> {
        let total: f64 =
            query.iter().map(|(stem, share)| self.rarity(stem).unwrap_or(UNKNOWN) * share).sum();
        let mut best: Option<(f64, &Article)> = None;
        let mut second = 0.0_f64;
        for (article, words) in self.articles.iter().zip(&self.words) {
            if !query.keys().any(|stem| words.get(stem).is_some_and(|weight| *weight >= IN_TITLE)) {
                continue;
            }
            let found: f64 = query
                .iter()
                .filter_map(|(stem, share)| Some(words.get(stem)? * self.rarity(stem)? * share))
                .sum();
            match best {
                Some((most, _)) if found <= most => second = second.max(found),
                _ => {
                    second = best.map_or(0.0, |(most, _)| most);
                    best = Some((found, article));
                }
            }
        }
        let (found, article) = best.filter(|(found, _)| *found > 0.0)?;
        let certainty = (found / total * found / (found + HALF_SURE)).sqrt();
        let doubt = 0.1 * (second / found).powi(4);
        let confidence = MOST * certainty * (1.0 - doubt);
        Some(Match { article, confidence }).filter(|found| found.confidence >= LEAST)
    }
}

fn weights(article: &Article) -> BTreeMap<String, f64> {
    let mut weights = BTreeMap::new();
    let body = article
        .steps
        .iter()
        .chain([&article.content, &article.category])
        .map(|text| (text, IN_CONTENT));
    let head = [&article.title, &article.keywords].map(|text| (text, IN_TITLE));
    for (text, weight) in body.chain(head) {
        for stem in Words::of(text).stems {
            weights.insert(stem, weight);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> Shelf {
        Shelf::new(vec![
            Article::new("Recharge a card", "Choose the amount."),
            Article::new("A wrong charge", "Choose the invoice and report it.").category("billing"),
            Article::new("Delivery", "Choose the order.").category("delivery"),
        ])
    }

    fn find<'s>(shelf: &'s Shelf, text: &str) -> Option<Match<'s>> {
        shelf.best(&query(&Words::of(text)))
    }

    #[test]
    fn words_match_whole_and_in_any_form() {
        let shelf = shelf();
        assert_eq!(find(&shelf, "you charged me").expect("found").article.title, "A wrong charge");
        assert_eq!(find(&shelf, "recharging").expect("found").article.title, "Recharge a card");
        assert!(find(&shelf, "the charger discharges").is_none());
    }

    #[test]
    fn confidence_falls_with_every_word_that_is_not_covered() {
        let shelf = shelf();
        let sure = |text| find(&shelf, text).map_or(0.0, |found| found.confidence);
        assert!(sure("wrong charge") > sure("wrong charge elephant"));
        assert!(sure("wrong charge elephant") > sure("charge elephant giraffe"));
        assert_eq!(sure("elephant giraffe"), 0.0);
        assert!(sure("choose") < sure("charge"));
        assert!(sure("wrong charge invoice report") <= 0.95);
    }

    #[test]
    fn an_empty_shelf_and_an_empty_query_find_nothing() {
        assert!(find(&Shelf::new(Vec::new()), "charge").is_none());
        assert!(find(&shelf(), "").is_none());
    }
}
