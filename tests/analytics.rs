//! What the figures promise: summed up from what is stored, exact, and the same after years.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    AnalyticsReport, Channel, Confidant, Customer, Day, EscalationReason, HealthLimits, Metrics,
    NewArticle, NewTurn, Outcome, Summary, Timestamp, Topic, Trend,
};
use serde_json::Value;
use support::*;

fn reference() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/reference_conversation.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Saves the reference conversation, each session by a handle of its own.
fn save_reference(place: &Place, tenant: &str, customer: &str) {
    for session in reference()["sessions"].as_array().unwrap() {
        let customer = place.open().tenant(tenant).unwrap().customer(customer).unwrap();
        let day = START + DAY * (session["day"].as_i64().unwrap() - 4);
        let channel: Channel = session["channel"].as_str().unwrap().parse().unwrap();
        let opened = customer.open_session_at(channel, Timestamp::from_millis(day)).unwrap();
        for (minute, turn) in (0..).zip(session["turns"].as_array().unwrap()) {
            let new = NewTurn::said(turn["said"].as_str().unwrap())
                .answered(turn["answer"].as_str().unwrap())
                .confidence(turn["confidence"].as_f64().unwrap())
                .resolved(turn["resolved"].as_bool().unwrap())
                .at(Timestamp::from_millis(day + minute * MINUTE));
            opened.save_turn(new).unwrap();
        }
    }
}

fn assert_reference(summary: &Summary, times: u64) {
    let expected = &reference()["expected"];
    assert_eq!(summary.turns, times * expected["turns"].as_u64().unwrap());
    assert_eq!(summary.answered_turns, times * 7);
    assert_eq!((summary.customers, summary.sessions), (times, times * 3));
    assert_eq!(summary.resolved_turns, times * expected["resolved_turns"].as_u64().unwrap());
    assert_eq!(summary.resolved_sessions, times * expected["resolved_sessions"].as_u64().unwrap());
    assert_eq!(format!("{:.3}", summary.turn_resolution_rate().unwrap()), "0.571");
    assert_eq!(format!("{:.2}", summary.mean_confidence.unwrap()), "0.86");
    assert_eq!(summary.session_resolution_rate(), Some(1.0));
    assert_eq!(format!("{:.1}", summary.turns_per_session().unwrap()), "2.3");
    assert_eq!(summary.mean_rating, None);
}

fn of_tenant(memory: &Confidant, tenant: &str) -> Summary {
    memory.tenant(tenant).unwrap().analytics().summary().unwrap()
}

// X-18, K-61, K-62
#[test]
fn the_reference_conversation_has_the_published_figures() {
    on_every_store(|place| {
        save_reference(place, "default", "alice");
        let memory = place.open();
        assert_reference(&of_tenant(&memory, "default"), 1);
        assert_reference(&memory.customer("alice").unwrap().analytics().summary().unwrap(), 1);
        let shown = of_tenant(&memory, "default").to_string();
        for figure in ["7 turns", "3 sessions", "57.1 %", "4 turns", "0.86"] {
            assert!(shown.contains(figure), "{figure} is not in: {shown}");
        }
    });
}

// X-19
#[test]
fn the_figures_are_the_same_after_reopening() {
    on_every_store(|place| {
        save_reference(place, "default", "alice");
        let before = of_tenant(&place.open(), "default");
        for _ in 0..3 {
            assert_eq!(of_tenant(&place.open(), "default"), before);
        }
        assert_reference(&before, 1);
    });
}

// K-64
#[test]
fn figures_are_of_one_customer_or_of_all_of_a_tenant() {
    on_every_store(|place| {
        for (tenant, customer) in [("acme", "alice"), ("acme", "bob"), ("globex", "alice")] {
            save_reference(place, tenant, customer);
        }
        let memory = place.open();
        assert_reference(&of_tenant(&memory, "acme"), 2);
        assert_reference(&of_tenant(&memory, "globex"), 1);
        let bob = memory.tenant("acme").unwrap().customer("bob").unwrap();
        assert_reference(&bob.analytics().summary().unwrap(), 1);
        assert_eq!(of_tenant(&memory, "nobody").turns, 0);
    });
}

// X-19
#[test]
fn the_figures_are_exact_after_a_clear() {
    on_every_store(|place| {
        save_reference(place, "acme", "alice");
        save_reference(place, "acme", "bob");
        let memory = place.open();
        let bob = memory.tenant("acme").unwrap().customer("bob").unwrap();
        bob.memory().clear().unwrap();
        assert_reference(&of_tenant(&memory, "acme"), 1);
        assert_eq!(bob.analytics().summary().unwrap().turns, 0);
        save_reference(place, "acme", "bob");
        assert_reference(&of_tenant(&place.open(), "acme"), 2);
    });
}

#[test]
fn without_turns_no_figure_is_made_up() {
    on_every_store(|place| {
        let memory = place.open();
        memory
            .customer("alice")
            .unwrap()
            .open_session(Channel::Chat)
            .unwrap()
            .close(Outcome::resolved().rated(5))
            .unwrap();
        let summary = of_tenant(&memory, "default");
        assert_eq!(
            (summary.customers, summary.sessions, summary.resolved_sessions, summary.turns),
            (0, 0, 0, 0)
        );
        assert_eq!((summary.mean_confidence, summary.mean_rating), (None, None));
        assert_eq!((summary.turn_resolution_rate(), summary.turns_per_session()), (None, None));
        assert_eq!(summary.session_resolution_rate(), None);
    });
}

// X-30
#[test]
fn the_mean_rating_is_over_the_rated_sessions_only() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for outcome in
            [Outcome::unknown(), Outcome::resolved().rated(5), Outcome::unresolved().rated(2)]
        {
            let session = alice.open_session(Channel::Chat).unwrap();
            session.save_turn(NewTurn::said("x").answered("y").resolved(true)).unwrap();
            session.close(outcome).unwrap();
        }
        let summary = alice.analytics().summary().unwrap();
        assert_eq!(
            (summary.sessions, summary.resolved_sessions, summary.mean_rating),
            (3, 2, Some(3.5))
        );
    });
}

#[test]
fn unanswered_turns_and_missing_confidences_do_not_lower_the_mean() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        alice.memory().save_turn(NewTurn::said("x")).unwrap();
        alice.memory().save_turn(NewTurn::said("x").answered("y")).unwrap();
        alice.memory().save_turn(NewTurn::said("x").answered("y").confidence(0.4)).unwrap();
        let summary = alice.analytics().summary().unwrap();
        assert_eq!(
            (summary.turns, summary.answered_turns, summary.mean_confidence),
            (3, 2, Some(0.4))
        );
    });
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A session of one turn at a time, closed with an outcome.
fn contact(customer: &Customer, said: &str, millis: i64, resolved: bool, rating: Option<u8>) {
    let session = customer.open_session_at(Channel::Chat, at(millis)).unwrap();
    let metadata = r#"{"tier":"gold","cost_nano":1500}"#;
    let turn = NewTurn::said(said).answered("See below.").answered_at(at(millis + MINUTE));
    session.save_turn(turn.resolved(resolved).metadata(metadata).at(at(millis))).unwrap();
    let outcome = if resolved { Outcome::resolved() } else { Outcome::unresolved() };
    session.close(rating.map_or(outcome, |rating| outcome.rated(rating))).unwrap();
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn report_of(memory: &Confidant) -> AnalyticsReport {
    memory.tenant("acme").unwrap().analytics().report().unwrap()
}

// A-34, L-28, L-42, M-25
#[test]
fn a_report_tells_first_contacts_repetitions_time_and_days() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
        let bob = memory.tenant("acme").unwrap().customer("bob").unwrap();
        contact(&alice, "My invoice is wrong.", START - 2 * DAY, false, Some(2));
        contact(
            &alice,
            "The invoice is still wrong, I want to speak to a human!",
            START - DAY,
            true,
            Some(4),
        );
        contact(&bob, "I forgot my password.", START - DAY, true, None);
        let report = report_of(&memory);
        let totals = &report.totals;
        assert_eq!(
            (totals.customers, totals.sessions, totals.turns, report.active_sessions),
            (2, 3, 3, 0)
        );
        assert_eq!((totals.first_contacts, totals.first_contact_resolved), (2, 1));
        assert_eq!(format!("{:.3}", totals.repeat_rate().unwrap()), "0.333");
        assert_eq!(totals.mean_resolution_ms(), Some(MINUTE as f64));
        assert_eq!((totals.closed_sessions, totals.closed_session_rate()), (3, Some(1.0)));
        assert_eq!(totals.mean_session_cost_nano(), Some(1_500.0));
        assert_eq!((totals.mean_rating(), totals.rated_sessions), (Some(3.0), 2));
        assert_eq!((totals.cost_nano, totals.costed_turns, report.tiers["gold"]), (4_500, 3, 2));
        assert_eq!((totals.topics[&Topic::Billing], totals.topics[&Topic::Login]), (2, 1));
        assert_eq!(totals.escalations[&EscalationReason::Person], 1);
        assert_eq!(
            report.days.keys().copied().collect::<Vec<_>>(),
            [day("2026-11-19"), day("2026-11-20")]
        );
        assert_eq!(
            (report.days[&day("2026-11-20")].turns, report.days[&day("2026-11-20")].customers),
            (2, 2)
        );
        let json: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["days"]["2026-11-19"]["turns"], 1);
        assert_eq!(json["totals"]["topics"]["billing"], 2);
        assert!(report.to_prometheus().contains("confidant_escalations{reason=\"person\"} 1"));
    });
}

#[test]
fn a_report_covers_its_range_its_tenant_or_its_customer() {
    on_every_store(|place| {
        let memory = place.open();
        for (tenant, customer, day) in
            [("acme", "alice", 3), ("acme", "alice", 1), ("acme", "bob", 1), ("globex", "alice", 1)]
        {
            let customer = memory.tenant(tenant).unwrap().customer(customer).unwrap();
            contact(&customer, "The app crashes.", START - day * DAY, true, None);
        }
        let acme = memory.tenant("acme").unwrap();
        assert_eq!(report_of(&memory).totals.turns, 3);
        let newest = acme.analytics().between(at(START - 2 * DAY), at(START)).report().unwrap();
        assert_eq!((newest.totals.turns, newest.totals.sessions, newest.days.len()), (2, 2, 1));
        assert_eq!(acme.customer("alice").unwrap().analytics().report().unwrap().totals.turns, 2);
        assert_eq!(memory.tenant("nobody").unwrap().analytics().report().unwrap().totals.turns, 0);
    });
}

// M-25
#[test]
fn a_report_tells_new_customers_from_known_ones_and_what_articles_were_used_for() {
    on_every_store(|place| {
        let memory = place.open();
        let acme = memory.tenant("acme").unwrap();
        let settle = |name: &str, begins: i64, minutes: i64| {
            let customer = acme.customer(name).unwrap();
            let session = customer.open_session_at(Channel::Chat, at(begins)).unwrap();
            let answered = NewTurn::said("The app crashes.")
                .answered("Done.")
                .answered_at(at(begins + minutes * MINUTE));
            session.save_turn(answered.at(at(begins)).resolved(true)).unwrap();
        };
        settle("alice", START - 3 * DAY, 9);
        settle("bob", START - 3 * DAY, 11);
        settle("alice", START - 2 * DAY, 4);
        settle("alice", START - DAY, 2);
        let base = acme.knowledge().unwrap();
        for id in ["kb-1", "kb-2", "kb-3"] {
            base.put(&NewArticle::new(id, "Crashes", "Install it anew.")).unwrap();
        }
        assert!(base.count_use("kb-1", true).unwrap() && base.count_use("kb-1", false).unwrap());
        assert!(base.count_use("kb-3", true).unwrap() && base.remove("kb-3").unwrap());
        let report = report_of(&memory);
        let minutes = |ms: Option<f64>| ms.map(|ms| ms / MINUTE as f64);
        let totals = &report.totals;
        assert_eq!(minutes(totals.mean_first_resolution_ms()), Some(10.0));
        assert_eq!(minutes(totals.mean_later_resolution_ms()), Some(3.0));
        assert_eq!(minutes(totals.mean_resolution_ms()), Some(6.5));
        assert_eq!(
            (totals.closed_session_rate(), totals.mean_session_cost_nano()),
            (Some(0.0), None)
        );
        let knowledge = report.knowledge.unwrap();
        assert_eq!(
            (knowledge.articles, knowledge.used_articles, knowledge.uses, knowledge.helped),
            (2, 1, 2, 1)
        );
        assert_eq!(knowledge, base.usage().unwrap());
        let json: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["knowledge"]["used_articles"], 1);
        assert!(report.to_prometheus().contains("confidant_knowledge_uses 2"));
        let alice = acme.customer("alice").unwrap().analytics().report().unwrap();
        assert_eq!(
            (alice.knowledge, minutes(alice.totals.mean_later_resolution_ms())),
            (None, Some(3.0))
        );
        let newest = acme.analytics().between(at(START - 2 * DAY), at(START)).report().unwrap();
        assert_eq!(
            minutes(newest.totals.mean_first_resolution_ms()),
            None,
            "alice was known before"
        );
        let empty = memory.tenant("nobody").unwrap().analytics().report().unwrap();
        assert_eq!(empty.knowledge.unwrap().articles, 0);
    });
}

// P-26
#[test]
fn a_report_tells_who_settled_how_much_of_what() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
        let turn = |said: &'static str, by: &'static str, hours: i64| {
            let time = at(START - DAY + hours * 60 * MINUTE);
            NewTurn::said(said).answered("Done.").answered_by(by).at(time).answered_at(time)
        };
        let session = alice.open_session_at(Channel::Chat, at(START - DAY)).unwrap();
        session.save_turn(turn("My invoice is wrong.", "ann", 0)).unwrap();
        session.save_turn(turn("It is the one of May.", "ann", 1).resolved(true)).unwrap();
        session.save_turn(turn("I forgot my password.", "bot \"b\"", 2).resolved(true)).unwrap();
        session.save_turn(turn("Is the invoice paid now?", "ann", 3).resolved(true)).unwrap();
        session.close(Outcome::resolved()).unwrap();
        let session = alice.open_session_at(Channel::Chat, at(START)).unwrap();
        session
            .save_turn(NewTurn::said("Ah.").answered("Yes.").at(at(START)).resolved(true))
            .unwrap();
        let report = report_of(&memory);
        let by = |figures: &Metrics| -> Vec<(Option<String>, Option<Topic>, u64)> {
            figures
                .resolved_by
                .iter()
                .map(|(by, turns)| (by.agent.clone(), by.topic, *turns))
                .collect()
        };
        let ann = (Some("ann".to_owned()), Some(Topic::Billing), 2);
        let bot = (Some("bot \"b\"".to_owned()), Some(Topic::Login), 1);
        assert_eq!(by(&report.totals), [(None, None, 1), ann.clone(), bot.clone()]);
        assert_eq!(by(&report.days[&day("2026-11-20")]), [ann, bot]);
        let text = report.to_prometheus();
        assert!(
            text.contains("confidant_resolved_turns_by{agent=\"ann\",topic=\"billing\"} 2"),
            "{text}"
        );
        assert!(
            text.contains("confidant_resolved_turns_by{agent=\"bot \\\"b\\\"\",topic=\"login\"} 1"),
            "{text}"
        );
        let json: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(
            json["totals"]["resolved_by"][1],
            serde_json::json!({"agent": "ann", "topic": "billing", "turns": 2})
        );
        assert_eq!(json["totals"]["resolved_by"][0]["agent"], Value::Null);
    });
}

// X-19, X-34
#[test]
fn a_report_is_exact_after_a_customer_is_gone() {
    on_every_store(|place| {
        let memory = place.open();
        let (alice, bob) = (
            memory.tenant("acme").unwrap().customer("alice").unwrap(),
            memory.tenant("acme").unwrap().customer("bob").unwrap(),
        );
        contact(&alice, "The app crashes.", START - DAY, true, Some(5));
        let before = report_of(&memory);
        contact(&bob, "This is fucking ridiculous!!", START - DAY, false, Some(1));
        assert_ne!(report_of(&memory), before);
        bob.memory().clear().unwrap();
        assert_eq!(report_of(&memory), before);
    });
}

// A-29
#[test]
fn the_mood_of_a_customer_has_a_direction() {
    on_every_store(|place| {
        let alice = place.open().tenant("acme").unwrap().customer("alice").unwrap();
        for said in [
            "I hate this terrible, awful app.",
            "Horrible, it fails again.",
            "Great, it works now, I love it!",
        ] {
            for _ in 0..3 {
                alice.memory().save_turn(NewTurn::said(said)).unwrap();
            }
        }
        let report = alice.analytics().report().unwrap();
        assert_eq!(report.trends.keys().copied().collect::<Vec<_>>(), [Trend::Improving]);
        assert_eq!(report.moods.len(), 9);
    });
}

#[test]
fn health_judges_metrics_over_many_cases_only() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
        contact(&alice, "The app crashes.", START - DAY, false, Some(1));
        let health = report_of(&memory).health(&HealthLimits::default());
        assert!(health.is_healthy() && health.unknown.contains(&"mean_rating"));
        for number in 0..20 {
            contact(&alice, "The app crashes.", START - DAY + number * MINUTE, false, Some(1));
        }
        let health = report_of(&memory).health(&HealthLimits::default());
        let metrics: Vec<_> = health.breaches.iter().map(|breach| breach.metric).collect();
        assert!(
            metrics.contains(&"mean_rating") && metrics.contains(&"session_resolution_rate"),
            "{metrics:?}"
        );
        assert!(health.breaches[0].to_string().contains("below"));
    });
}

#[test]
fn every_metric_of_a_report_is_told_by_its_name_and_no_other() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
        contact(&alice, "My invoice is wrong.", START - DAY, true, Some(4));
        let report = report_of(&memory);
        let json: Value = serde_json::from_str(&report.to_json()).unwrap();
        let text = report.to_prometheus();
        for name in AnalyticsReport::metric_names() {
            let value = report.metric(name).unwrap();
            let shown = json["totals"].get(name).or_else(|| json.get(name)).unwrap();
            assert_eq!(shown.as_f64(), value, "{name}");
            let line = value.map(|value| format!("\nconfidant_{name} {value}\n"));
            assert!(line.is_none_or(|line| text.contains(&line)), "{name}: {text}");
        }
        assert_eq!(report.metric("turn_resolution_rate").unwrap(), Some(1.0));
        assert_eq!(report.totals.metric("mean_confidence").unwrap(), None, "none was given");
        for name in ["", "Turns", "resolution_rate_percent"] {
            let refused = report.metric(name).unwrap_err();
            assert_eq!(refused.kind(), confidant::ErrorKind::InvalidArgument, "{name:?}");
        }
    });
}
