//! A report for other programs: JSON, and the text that Prometheus reads.

use super::metrics::{METRICS, Metric, MetricValue, Metrics, ResolvedBy};
use super::report::AnalyticsReport;
use crate::knowledge::KnowledgeUsage;
use crate::signals::Topic;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::{Display, Write};

impl AnalyticsReport {
    /// The report as a JSON object; unknown metrics are `null`.
    pub fn to_json(&self) -> String {
        let days: Map<String, Value> =
            self.days.iter().map(|(day, metrics)| (day.to_string(), object(metrics))).collect();
        json!({
            "from": self.from.map(|time| time.to_string()),
            "to": self.to.map(|time| time.to_string()),
            "totals": object(&self.totals),
            "days": days,
            "active_sessions": self.active_sessions,
            "tiers": counts(&self.tiers),
            "trends": counts(&self.trends),
            "knowledge": self.knowledge.map(|usage| Value::from_iter(usage.named())),
            "moods": self.moods.iter().map(|mood| mood.level()).collect::<Vec<i8>>(),
        })
        .to_string()
    }

    /// The totals in the text format of Prometheus; unknown metrics are left out.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        let totals = &self.totals;
        for metric in &METRICS {
            let value = match metric.value {
                MetricValue::Count(count) => Some(count(totals).to_string()),
                MetricValue::Rate(rate) => rate(totals).map(|rate| rate.to_string()),
            };
            if let Some(value) = value {
                gauge(&mut text, metric.name, &[("", value)]);
            }
        }
        gauge(&mut text, "active_sessions", &[("", self.active_sessions.to_string())]);
        for (name, value) in self.knowledge.iter().flat_map(KnowledgeUsage::named) {
            gauge(&mut text, &format!("knowledge_{name}"), &[("", value.to_string())]);
        }
        labelled(&mut text, "turns_by_sentiment", "sentiment", &totals.sentiments);
        labelled(&mut text, "turns_by_topic", "topic", &totals.topics);
        labelled(&mut text, "escalations", "reason", &totals.escalations);
        resolved_by_lines(&mut text, totals);
        labelled(&mut text, "customers_by_tier", "tier", &self.tiers);
        labelled(&mut text, "customers_by_trend", "trend", &self.trends);
        text
    }
}

fn object(metrics: &Metrics) -> Value {
    let value = |metric: &Metric| match metric.value {
        MetricValue::Count(count) => count(metrics).into(),
        MetricValue::Rate(rate) => json!(rate(metrics)),
    };
    let mut object: Map<String, Value> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), value(metric))).collect();
    object.insert("sentiments".to_owned(), counts(&metrics.sentiments));
    object.insert("topics".to_owned(), counts(&metrics.topics));
    object.insert("escalations".to_owned(), counts(&metrics.escalations));
    object.insert("resolved_by".to_owned(), metrics.resolved_by.iter().map(resolved_by).collect());
    Value::Object(object)
}

fn counts<K: Display>(map: &BTreeMap<K, u64>) -> Value {
    Value::Object(map.iter().map(|(key, count)| (key.to_string(), (*count).into())).collect())
}

fn resolved_by((by, turns): (&ResolvedBy, &u64)) -> Value {
    json!({ "agent": by.agent, "topic": by.topic.map(Topic::name), "turns": turns })
}

/// Prometheus takes an empty label for one that is not there.
fn resolved_by_lines(text: &mut String, totals: &Metrics) {
    let labels = |by: &ResolvedBy| {
        let (agent, topic) =
            (by.agent.as_deref().unwrap_or_default(), by.topic.map_or("", Topic::name));
        format!("{{agent=\"{}\",topic=\"{topic}\"}}", escaped(agent))
    };
    lines(
        text,
        "resolved_turns_by",
        totals.resolved_by.iter().map(|(by, turns)| (labels(by), *turns)),
    );
}

fn labelled<K: Display>(text: &mut String, name: &str, label: &str, map: &BTreeMap<K, u64>) {
    let labels = |key: &K| format!("{{{label}=\"{}\"}}", escaped(&key.to_string()));
    lines(text, name, map.iter().map(|(key, count)| (labels(key), *count)));
}

fn lines(text: &mut String, name: &str, all: impl Iterator<Item = (String, u64)>) {
    let all: Vec<(String, String)> =
        all.map(|(labels, count)| (labels, count.to_string())).collect();
    let all: Vec<(&str, String)> =
        all.iter().map(|(labels, count)| (labels.as_str(), count.clone())).collect();
    gauge(text, name, &all);
}

fn gauge(text: &mut String, name: &str, lines: &[(&str, String)]) {
    if lines.is_empty() {
        return;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# TYPE confidant_{name} gauge");
    for (labels, value) in lines {
        let _ = writeln!(text, "confidant_{name}{labels} {value}");
    }
}

/// A label's value as Prometheus wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_unknown_metrics_left_out() {
        let mut report = AnalyticsReport::new(None, None);
        report.tiers.insert("a\"b\\\n".to_owned(), 2);
        let text = report.to_prometheus();
        assert!(text.contains("confidant_customers_by_tier{tier=\"a\\\"b\\\\\\n\"} 2"), "{text}");
        assert!(!text.contains("mean_rating") && text.contains("confidant_turns 0"), "{text}");
        assert!(
            text.lines().all(|line| line.starts_with("# TYPE ") || line.starts_with("confidant_"))
        );
        let json: Value = serde_json::from_str(&report.to_json()).expect("is JSON");
        assert_eq!(json.pointer("/totals/mean_rating"), Some(&Value::Null));
    }
}
