//! A report for other programs: JSON, and the text that Prometheus reads.

use super::figures::{Figures, Resolver};
use super::report::AnalyticsReport;
use crate::knowledge::KnowledgeUsage;
use crate::signals::Topic;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::{Display, Write};

impl AnalyticsReport {
    /// The report as a JSON object; unknown figures are `null`.
    pub fn to_json(&self) -> String {
        let days: Map<String, Value> =
            self.days.iter().map(|(day, figures)| (day.clone(), object(figures))).collect();
        json!({
            "from": self.from.map(|time| time.to_string()),
            "to": self.to.map(|time| time.to_string()),
            "totals": object(&self.totals),
            "days": days,
            "active_sessions": self.active_sessions,
            "tiers": counts(&self.tiers),
            "trends": counts(&self.trends),
            "knowledge": self.knowledge.map(|usage| Value::from_iter(usage.named())),
            "moods": self.moods,
        })
        .to_string()
    }

    /// The totals in the text format of Prometheus; unknown figures are left out.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        let totals = &self.totals;
        for (name, value) in
            plain(totals).into_iter().chain([("active_sessions", self.active_sessions)])
        {
            gauge(&mut text, name, &[("", value.to_string())]);
        }
        for (name, value) in rates(totals) {
            if let Some(value) = value {
                gauge(&mut text, name, &[("", value.to_string())]);
            }
        }
        for (name, value) in self.knowledge.iter().flat_map(KnowledgeUsage::named) {
            gauge(&mut text, &format!("knowledge_{name}"), &[("", value.to_string())]);
        }
        labelled(&mut text, "turns_by_sentiment", "sentiment", &totals.sentiments);
        labelled(&mut text, "turns_by_topic", "topic", &totals.topics);
        labelled(&mut text, "escalations", "reason", &totals.escalations);
        resolvers(&mut text, totals);
        labelled(&mut text, "customers_by_tier", "tier", &self.tiers);
        labelled(&mut text, "customers_by_trend", "trend", &self.trends);
        text
    }
}

fn plain(figures: &Figures) -> [(&'static str, u64); 14] {
    [
        ("customers", figures.customers),
        ("turns", figures.turns),
        ("answered_turns", figures.answered_turns),
        ("resolved_turns", figures.resolved_turns),
        ("sessions", figures.sessions),
        ("resolved_sessions", figures.resolved_sessions),
        ("closed_sessions", figures.closed_sessions),
        ("first_contacts", figures.first_contacts),
        ("first_contact_resolved", figures.first_contact_resolved),
        ("rated_sessions", figures.rated_sessions),
        ("upset_turns", figures.upset_turns),
        ("escalated_turns", figures.escalated_turns),
        ("cost_nano", figures.cost_nano),
        ("costed_turns", figures.costed_turns),
    ]
}

fn rates(figures: &Figures) -> [(&'static str, Option<f64>); 13] {
    [
        ("turn_resolution_rate", figures.turn_resolution_rate()),
        ("session_resolution_rate", figures.session_resolution_rate()),
        ("first_contact_resolution_rate", figures.first_contact_resolution_rate()),
        ("repeat_rate", figures.repeat_rate()),
        ("mean_resolution_ms", figures.mean_resolution_ms()),
        ("mean_first_resolution_ms", figures.mean_first_resolution_ms()),
        ("mean_later_resolution_ms", figures.mean_later_resolution_ms()),
        ("closed_session_rate", figures.closed_session_rate()),
        ("mean_session_cost_nano", figures.mean_session_cost_nano()),
        ("mean_confidence", figures.mean_confidence()),
        ("mean_rating", figures.mean_rating()),
        ("mean_polarity", figures.mean_polarity()),
        ("escalation_rate", figures.escalation_rate()),
    ]
}

fn object(figures: &Figures) -> Value {
    let mut object: Map<String, Value> =
        plain(figures).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    object.extend(rates(figures).into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    object.insert("sentiments".to_owned(), counts(&figures.sentiments));
    object.insert("topics".to_owned(), counts(&figures.topics));
    object.insert("escalations".to_owned(), counts(&figures.escalations));
    object.insert("resolved_by".to_owned(), figures.resolved_by.iter().map(resolver).collect());
    Value::Object(object)
}

fn counts<K: Display>(map: &BTreeMap<K, u64>) -> Value {
    Value::Object(map.iter().map(|(key, count)| (key.to_string(), (*count).into())).collect())
}

fn resolver((by, turns): (&Resolver, &u64)) -> Value {
    json!({ "agent": by.agent, "topic": by.topic.map(Topic::name), "turns": turns })
}

/// Prometheus takes an empty label for one that is not there.
fn resolvers(text: &mut String, totals: &Figures) {
    let labels = |by: &Resolver| {
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
    fn labels_are_escaped_and_unknown_figures_left_out() {
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
