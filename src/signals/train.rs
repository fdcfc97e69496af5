//! Learning a table of weights from labelled messages.
//!
//! Logistic regression by averaged gradient steps over all messages in an order that depends on
//! nothing but their number, so that the same messages give the same table. Large weights cost
//! (L. Bottou, "Large-Scale Machine Learning with Stochastic Gradient Descent", 2010).

use super::kinds::Sentiment;
use super::linear::{BUCKETS, CLASSES, DENSE, Features, LinearTable, ORDER, softmax};
use super::reading::Reading;
use super::rules::SignalRules;
use super::sentiment;
use crate::error::{Result, invalid};
use crate::text::Normalized;

const EPOCHS: u32 = 12;
/// Only later ones are averaged.
const EARLY: u32 = 4;
const STEP: f32 = 0.2;
/// What the square of a weight costs, twice, against the loss of one message.
const PENALTY: f32 = 1e-4;
/// Weights are made smaller each time so many messages were seen.
const BATCH: usize = 256;
/// The largest weight of a bucket; more would be one message learned by heart.
const MAX_WEIGHT: f32 = 8.0;

impl LinearTable {
    /// Learns from labelled messages; the rules' findings are features too, so use the table
    /// with the rules that it was learned with.
    ///
    /// A few hundred messages of each kind are a beginning, a
    /// few thousand are good.
    ///
    /// # Errors
    /// `InvalidArgument` if fewer than two kinds of messages are there.
    pub fn train(
        rules: &SignalRules,
        labelled: &[(impl AsRef<str>, Sentiment)],
    ) -> Result<LinearTable> {
        let mut counts = [0_u32; CLASSES];
        let mut samples = Vec::with_capacity(labelled.len());
        for (text, label) in labelled {
            let normal = Normalized::of(text.as_ref());
            let reading = Reading::of(&rules.set, normal.as_str());
            let hits = rules.set.hits(&reading);
            let tone = sentiment::tone(&rules.set, &reading, &hits);
            let class = ORDER.iter().position(|known| known == label).unwrap_or(1);
            if let Some(count) = counts.get_mut(class) {
                *count += 1;
            }
            samples.push((Features::of(normal.as_str(), &reading, &tone), class));
        }
        if counts.iter().filter(|count| **count > 0).count() < 2 {
            return Err(invalid("cannot learn a table: messages of two kinds at least are needed"));
        }
        Ok(Weights::new(counts).learn(&samples).quantised())
    }
}

struct Weights {
    buckets: Vec<f32>,
    sums: Vec<f32>,
    dense: [[f32; DENSE]; CLASSES],
    dense_sums: [[f32; DENSE]; CLASSES],
    /// How many weights the sums are of.
    summed: f32,
    /// What a message of each class counts: rare ones more.
    importance: [f32; CLASSES],
}

impl Weights {
    fn new(counts: [u32; CLASSES]) -> Weights {
        let total = float(counts.iter().sum());
        let classes =
            float(u32::try_from(counts.iter().filter(|count| **count > 0).count()).unwrap_or(1));
        // The fourth root of how much rarer it is.
        let rarity = |count: u32| if count == 0 { 0.0 } else { total / (classes * float(count)) };
        let importance = counts.map(|count| rarity(count).sqrt().sqrt());
        Weights {
            buckets: vec![0.0; BUCKETS * CLASSES],
            sums: vec![0.0; BUCKETS * CLASSES],
            dense: [[0.0; DENSE]; CLASSES],
            dense_sums: [[0.0; DENSE]; CLASSES],
            summed: 0.0,
            importance,
        }
    }

    fn learn(mut self, samples: &[(Features, usize)]) -> Weights {
        let mut order: Vec<usize> = (0..samples.len()).collect();
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut seen = 0.0;
        for epoch in 0..EPOCHS {
            for at in (1..order.len()).rev() {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let bound = u64::try_from(at + 1).unwrap_or(1);
                order.swap(at, usize::try_from((seed >> 33) % bound).unwrap_or(0));
            }
            for batch in order.chunks(BATCH) {
                let step = STEP / (1.0 + STEP * PENALTY * seen);
                for (features, class) in batch.iter().filter_map(|at| samples.get(*at)) {
                    self.step(features, *class, step);
                }
                let count = float(u32::try_from(batch.len()).unwrap_or(0));
                seen += count;
                self.shrink(1.0 - step * PENALTY * count);
                if epoch >= EARLY {
                    self.sum(count);
                }
            }
        }
        self
    }

    fn shrink(&mut self, by: f32) {
        self.buckets.iter_mut().for_each(|weight| *weight *= by);
        // The first feature is always there: its weight is how frequent the class is.
        self.dense
            .iter_mut()
            .flat_map(|class| class.iter_mut().skip(1))
            .for_each(|weight| *weight *= by);
    }

    /// Adds the weights as they are now, so many times.
    fn sum(&mut self, times: f32) {
        self.summed += times;
        self.sums.iter_mut().zip(&self.buckets).for_each(|(sum, weight)| *sum += weight * times);
        let dense = self.dense_sums.iter_mut().flatten().zip(self.dense.iter().flatten());
        dense.for_each(|(sum, weight)| *sum += weight * times);
    }

    fn step(&mut self, features: &Features, class: usize, step: f32) {
        let share = features.share();
        let mut logits = [0.0; CLASSES];
        for bucket in &features.buckets {
            let at = usize::from(*bucket) * CLASSES;
            for (logit, weight) in
                logits.iter_mut().zip(self.buckets.get(at..at + CLASSES).unwrap_or_default())
            {
                *logit += weight * share;
            }
        }
        for (logit, dense) in logits.iter_mut().zip(&self.dense) {
            *logit += dense
                .iter()
                .zip(&features.dense)
                .map(|(weight, value)| weight * value)
                .sum::<f32>();
        }
        let importance = self.importance.get(class).copied().unwrap_or(1.0);
        let mut errors = softmax(logits);
        for (place, error) in errors.iter_mut().enumerate() {
            *error = (if place == class { 1.0 } else { 0.0 } - *error) * importance * step;
        }
        for bucket in &features.buckets {
            let at = usize::from(*bucket) * CLASSES;
            for (weight, error) in
                self.buckets.get_mut(at..at + CLASSES).unwrap_or_default().iter_mut().zip(errors)
            {
                *weight = (*weight + error * share).clamp(-MAX_WEIGHT, MAX_WEIGHT);
            }
        }
        for (dense, error) in self.dense.iter_mut().zip(errors) {
            for (weight, value) in dense.iter_mut().zip(&features.dense) {
                *weight += error * value;
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::as_conversions,
        reason = "clamped to the range of an i8"
    )]
    fn quantised(self) -> LinearTable {
        let count = self.summed.max(1.0);
        let top = self.sums.iter().fold(0.0_f32, |top, sum| top.max((sum / count).abs())).max(1e-6);
        let scale = top / 127.0;
        let buckets = self
            .sums
            .iter()
            .map(|sum| (sum / count / scale).round().clamp(-127.0, 127.0) as i8)
            .collect();
        LinearTable {
            buckets,
            scale,
            dense: self.dense_sums.map(|class| class.map(|sum| sum / count)),
        }
    }
}

/// A count as a float; exact below 2^24, which is far more than there are messages.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "counts stay below 2^24")]
fn float(count: u32) -> f32 {
    count as f32
}
