//! What right and wrong answers add up to.

use std::collections::{BTreeMap, BTreeSet};

/// Accuracy and the mean of the classes' F1.
#[derive(Default)]
pub struct Classes {
    pairs: BTreeMap<(String, String), u32>,
    n: u32,
}

impl Classes {
    pub fn add(&mut self, truth: &str, said: &str) {
        *self.pairs.entry((truth.to_owned(), said.to_owned())).or_default() += 1;
        self.n += 1;
    }

    pub fn accuracy(&self) -> f64 {
        let right: u32 = self
            .pairs
            .iter()
            .filter(|((truth, said), _)| truth == said)
            .map(|(_, count)| count)
            .sum();
        share(right, self.n)
    }

    pub fn macro_f1(&self) -> f64 {
        let classes: BTreeSet<&String> = self.pairs.keys().map(|(truth, _)| truth).collect();
        let sum: f64 = classes.iter().map(|class| self.of(class).f1()).sum();
        sum / f64::from(u32::try_from(classes.len().max(1)).unwrap_or(1))
    }

    fn of(&self, class: &str) -> Hits {
        let mut hits = Hits::default();
        for ((truth, said), count) in &self.pairs {
            match (truth == class, said == class) {
                (true, true) => hits.right += count,
                (true, false) => hits.missed += count,
                (false, true) => hits.wrong += count,
                (false, false) => {}
            }
        }
        hits
    }
}

/// Precision, recall and F1.
#[derive(Default, Clone, Copy)]
pub struct Hits {
    pub right: u32,
    pub wrong: u32,
    pub missed: u32,
}

impl Hits {
    pub fn add(&mut self, truth: bool, said: bool) {
        match (truth, said) {
            (true, true) => self.right += 1,
            (true, false) => self.missed += 1,
            (false, true) => self.wrong += 1,
            (false, false) => {}
        }
    }

    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub fn f1(&self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

/// How often what is said with some confidence is right.
#[derive(Default)]
pub struct Calibration {
    /// For each tenth of confidence: how many, the sum of confidences, and how many were right.
    tenths: BTreeMap<u32, (u32, f64, u32)>,
}

impl Calibration {
    pub fn add(&mut self, confidence: f64, is_right: bool) {
        let tenth =
            (1..10).filter(|tenth| confidence >= f64::from(*tenth) / 10.0).max().unwrap_or(0);
        let (n, sum, right) = self.tenths.entry(tenth).or_default();
        *n += 1;
        *sum += confidence;
        *right += u32::from(is_right);
    }

    pub fn n(&self) -> u32 {
        self.tenths.values().map(|(n, ..)| n).sum()
    }

    pub fn error(&self) -> f64 {
        share(self.tenths.values().map(|(n, _, right)| n - right).sum(), self.n())
    }

    /// The expected calibration error.
    pub fn ece(&self) -> f64 {
        let off: f64 =
            self.tenths.values().map(|(_, sum, right)| (sum - f64::from(*right)).abs()).sum();
        off / f64::from(self.n().max(1))
    }
}

/// How likely a positive is ranked above a negative; ties count half.
pub fn auc(positives: &[f64], negatives: &[f64]) -> f64 {
    let mut sum = 0.0;
    for one in positives {
        for other in negatives {
            sum += if one > other {
                1.0
            } else if one == other {
                0.5
            } else {
                0.0
            };
        }
    }
    sum / (float(positives.len()) * float(negatives.len()).max(1.0)).max(1.0)
}

/// Pearson's correlation.
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = float(pairs.len()).max(1.0);
    let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / n;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let product = pairs.iter().map(|pair| (pair.0 - x) * (pair.1 - y)).sum::<f64>();
    let spread = |side: fn(&(f64, f64)) -> f64, mean: f64| {
        pairs.iter().map(|pair| (side(pair) - mean).powi(2)).sum::<f64>()
    };
    product / (spread(|pair| pair.0, x) * spread(|pair| pair.1, y)).sqrt().max(1e-12)
}

pub fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

pub fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Three decimals are enough.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
