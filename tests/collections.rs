//! Collections and the knowledge base: put, found, removed, kept in step, seen by nobody else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Collection, Condition, Embedder, Error, ErrorKind, LlmFailure, NewArticle, NewDocument,
    RecallBasis, Result, Tenant,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::on_every_store;

fn keys(collection: &Collection, question: &str, condition: Option<&Condition>) -> Vec<String> {
    let found = collection.search(question, 10, condition).unwrap();
    found.documents.into_iter().map(|found| found.document.key).collect()
}

fn acme(place: &support::Place) -> Tenant {
    place.open().tenant("acme").unwrap()
}

#[test]
fn a_document_is_found_exchanged_and_removed_by_whichever_process() {
    on_every_store(|place| {
        let (ours, theirs) =
            (acme(place).collection("notes").unwrap(), acme(place).collection("notes").unwrap());
        assert!(
            ours.search("anything", 3, None).unwrap().documents.is_empty()
                && ours.is_empty().unwrap()
        );
        ours.put(&NewDocument::new("a", "The walrus eats fish").title("Animals")).unwrap();
        ours.put(&NewDocument::new("b", "Invoices are sent monthly")).unwrap();
        assert_eq!(keys(&ours, "walrus", None)[0], "a");
        assert_eq!((keys(&theirs, "animals", None)[0].as_str(), theirs.len().unwrap()), ("a", 2));
        theirs.put(&NewDocument::new("a", "The flamingo is pink").title("Birds")).unwrap();
        let found = ours.search("flamingo", 1, None).unwrap();
        assert_eq!(found.documents[0].document.title, "Birds");
        assert_eq!(found.documents[0].passage, "The flamingo is pink");
        assert!(
            ours.search("walrus", 1, None).unwrap().documents.iter().all(|found| found.words < 0.5)
        );
        assert!(theirs.remove("a").unwrap() && !theirs.remove("a").unwrap());
        assert_eq!(keys(&ours, "flamingo, invoices", None), ["b"]);
        assert_eq!((ours.document("a").unwrap(), ours.len().unwrap()), (None, 1));
        ours.put(&NewDocument::new("a", "Back again")).unwrap();
        assert_eq!(keys(&theirs, "again", None)[0], "a");
    });
}

#[test]
fn no_other_tenant_or_collection_sees_a_document() {
    on_every_store(|place| {
        let memory = place.open();
        memory
            .tenant("acme")
            .unwrap()
            .collection("notes")
            .unwrap()
            .put(&NewDocument::new("a", "walrus"))
            .unwrap();
        for (tenant, name) in [("globex", "notes"), ("acme", "other")] {
            let other = memory.tenant(tenant).unwrap().collection(name).unwrap();
            assert!(
                keys(&other, "walrus", None).is_empty() && other.document("a").unwrap().is_none()
            );
            other.put(&NewDocument::new("z", "penguin")).unwrap();
            assert_eq!(keys(&other, "walrus, penguin", None), ["z"]);
        }
    });
}

#[test]
fn conditions_are_joined_by_and_or_and_not() {
    on_every_store(|place| {
        let notes = acme(place).collection("notes").unwrap();
        for (key, metadata) in [
            ("a", r#"{"category":"billing","tags":["refund","card"],"level":1}"#),
            ("b", r#"{"category":"billing","tags":["card"],"level":2}"#),
            ("c", r#"{"category":"login","tags":[],"level":1}"#),
        ] {
            notes.put(&NewDocument::new(key, "a common text").metadata(metadata)).unwrap();
        }
        let found = |condition: Condition| {
            let mut keys = keys(&notes, "common text", Some(&condition));
            keys.sort();
            keys.concat()
        };
        let billing = || Condition::is("category", "\"billing\"");
        assert_eq!(found(billing()), "ab");
        assert_eq!(found(billing().and(Condition::is("tags", "\"refund\""))), "a");
        assert_eq!(
            found(Condition::is("tags", "\"refund\"").or(Condition::is("category", "\"login\""))),
            "ac"
        );
        assert_eq!(found(billing().not()), "c");
        assert_eq!(found(Condition::is("level", "1").and(billing().not())), "c");
        assert_eq!(found(Condition::is("level", "\"1\"")), "");
        let bad = notes.search("x", 1, Some(&Condition::is("a", "{}"))).unwrap_err();
        assert_eq!(bad.kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn a_long_article_is_found_by_its_passage_and_its_use_is_counted() {
    on_every_store(|place| {
        let base = acme(place).knowledge().unwrap();
        let filler = "Nothing of interest stands in this sentence. ".repeat(60);
        let long = format!("{filler}\n\nThe walrus needs a cold bath at noon.\n\n{filler}");
        base.put(&NewArticle::new("long", "Handbook", &long).category("care").tag("animals"))
            .unwrap();
        base.put(&NewArticle::new("short", "Hours", "We open at nine.").category("shop")).unwrap();
        let found = base.search("when does the walrus bathe?", 2).unwrap();
        assert_eq!(found.articles[0].article.id, "long");
        assert!(
            found.articles[0].passage.contains("walrus") && found.articles[0].passage.len() < 1_500
        );
        assert_eq!(found.articles.len(), 2, "each article once");
        assert!(base.count_use("long", true).unwrap() && base.count_use("long", false).unwrap());
        assert!(!base.count_use("none", true).unwrap());
        let article = base.article("long").unwrap().unwrap();
        assert_eq!((article.usage_count, article.effectiveness), (2, Some(0.5)));
        assert_eq!(
            (article.category.as_deref(), article.tags),
            (Some("care"), vec!["animals".to_owned()])
        );
        base.put(&NewArticle::new("long", "Handbook", "Shorter now")).unwrap();
        assert_eq!(base.article("long").unwrap().unwrap().usage_count, 2);
        let shop = Condition::is("category", "\"shop\"");
        assert_eq!(
            base.search_where("walrus hours", 5, &shop).unwrap().articles[0].article.id,
            "short"
        );
    });
}

fn fill(notes: &Collection, count: usize) {
    let texts: Vec<(String, String)> = (0..count)
        .map(|n| {
            (
                format!("key {n}"),
                format!("Thing {n} costs {} and is {}", n * 7, ["red", "blue"][n % 2]),
            )
        })
        .collect();
    for part in texts.chunks(1_000) {
        let new: Vec<NewDocument<'_>> =
            part.iter().map(|(key, text)| NewDocument::new(key, text)).collect();
        notes.put_all(&new).unwrap();
    }
}

#[test]
fn a_snapshot_answers_as_the_documents_do_also_when_it_is_behind() {
    on_every_store(|place| {
        let notes = acme(place).collection("notes").unwrap();
        fill(&notes, 1_500);
        let before = notes.search("blue thing 77", 20, None).unwrap();
        notes.snapshot().unwrap();
        let again = acme(place).collection("notes").unwrap();
        assert_eq!(again.search("blue thing 77", 20, None).unwrap(), before);
        again.put(&NewDocument::new("new", "A walrus")).unwrap();
        again.remove("key 77").unwrap();
        let after = acme(place).collection("notes").unwrap();
        assert_eq!(keys(&after, "walrus", None)[0], "new");
        assert!(!keys(&after, "blue thing 77", None).contains(&"key 77".to_owned()));
    });
}

#[test]
fn documents_and_questions_that_break_a_rule_are_refused() {
    on_every_store(|place| {
        let tenant = acme(place);
        assert_eq!(tenant.collection("").unwrap_err().kind(), ErrorKind::InvalidArgument);
        let notes = tenant.collection("notes").unwrap();
        let long = "x".repeat(128 * 1024 + 1);
        let kind = |document: NewDocument<'_>| notes.put(&document).unwrap_err().kind();
        assert_eq!(kind(NewDocument::new("", "x")), ErrorKind::InvalidArgument);
        assert_eq!(kind(NewDocument::new(&long[..513], "x")), ErrorKind::InvalidArgument);
        assert_eq!(kind(NewDocument::new("a", &long)), ErrorKind::Limit);
        assert_eq!(kind(NewDocument::new("a", "x").title(&long[..513])), ErrorKind::Limit);
        assert_eq!(kind(NewDocument::new("a", "x").metadata("[]")), ErrorKind::InvalidArgument);
        assert!(notes.is_empty().unwrap(), "nothing was put");
        notes.put(&NewDocument::new("a", &long[..128 * 1024])).unwrap();
        notes.put(&NewDocument::new("empty", "")).unwrap();
        assert_eq!(notes.search("x", 0, None).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(notes.search(&long[..65_537], 1, None).unwrap_err().kind(), ErrorKind::Limit);
        assert!(notes.search("", 3, None).unwrap().documents.is_empty());
    });
}

#[test]
fn odd_questions_to_a_collection_have_defined_answers() {
    on_every_store(|place| {
        let notes = acme(place).collection("notes").unwrap();
        notes.put(&NewDocument::new("de", "Der K\u{e4}se ist schlecht")).unwrap();
        notes.put(&NewDocument::new("zh", "\u{8a02}\u{5355}\u{5728}\u{54ea}\u{91cc}")).unwrap();
        notes
            .put(&NewDocument::new("ru", "\u{43f}\u{43e}\u{441}\u{44b}\u{43b}\u{43a}\u{430}"))
            .unwrap();
        notes.put(&NewDocument::new("what", "What is it to them?")).unwrap();
        for empty in ["", " \n\t", "\u{0}", "\u{1f600}\u{fe0f}"] {
            let found = notes.search(empty, 3, None).unwrap();
            assert_eq!(
                (found.documents.len(), found.basis),
                (0, RecallBasis::WordsOnly),
                "{empty:?}"
            );
        }
        assert_eq!(keys(&notes, "k\u{c4}SE", None)[0], "de");
        assert_eq!(keys(&notes, "\u{8a02}\u{5355}", None)[0], "zh");
        assert_eq!(
            keys(&notes, "\u{41f}\u{41e}\u{421}\u{42b}\u{41b}\u{41a}\u{410}", None)[0],
            "ru"
        );
        assert_eq!(
            keys(&notes, "what is it to them", None)[0],
            "what",
            "stop words count in phrases"
        );
        let long = "k\u{e4}se ".repeat(10_922);
        assert_eq!(keys(&notes, &long, None)[0], "de");
    });
}

/// Vectors that say whether a text has an `a` or a `b`; counts its calls.
struct Letters {
    name: &'static str,
    calls: AtomicUsize,
    answer: Answers,
}

type Answers = fn(&str) -> Result<Vec<f32>>;

impl Embedder for Letters {
    fn name(&self) -> &str {
        self.name
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        texts.iter().map(|text| (self.answer)(text)).collect()
    }
}

fn letters(name: &'static str, answer: Answers) -> Arc<Letters> {
    Arc::new(Letters { name, calls: AtomicUsize::new(0), answer })
}

fn honest(text: &str) -> Result<Vec<f32>> {
    let has = |letter: char| if text.contains(letter) { 1.0 } else { 0.1 };
    Ok(vec![has('q'), has('z')])
}

#[test]
fn a_hosts_own_vectors_serve_once_every_document_has_them_and_a_new_model_loses_nothing() {
    on_every_store(|place| {
        let notes = acme(place).collection("notes").unwrap();
        notes.put(&NewDocument::new("q", "question quiz")).unwrap();
        notes.put(&NewDocument::new("z", "zebra zoo")).unwrap();
        let first = notes.with_embedder(letters("letters-1", honest));
        assert_eq!(first.search("zz", 2, None).unwrap().model, None, "not yet");
        let done = first.embed(1).unwrap();
        assert_eq!((done.documents, done.left), (1, 1));
        assert_eq!(first.search("zz", 2, None).unwrap().model, None, "not for every document");
        assert_eq!(first.embed(10).unwrap().left, 0);
        let found = first.search("zz", 2, None).unwrap();
        assert_eq!(
            (found.model.as_deref(), found.documents[0].document.key.as_str()),
            (Some("letters-1"), "z")
        );
        let second = notes.with_embedder(letters("letters-2", honest));
        let found = second.search("zebra", 2, None).unwrap();
        assert_eq!(
            (found.model, found.documents[0].document.key.as_str()),
            (None, "z"),
            "the table serves meanwhile"
        );
        assert_eq!(second.embed(10).unwrap().documents, 2);
        assert_eq!(second.search("qq", 1, None).unwrap().documents[0].document.key, "q");
        notes.put(&NewDocument::new("z", "now with a q")).unwrap();
        assert_eq!(
            second.search("qq", 1, None).unwrap().model,
            None,
            "a new text has no vector yet"
        );
        assert_eq!(second.embed(10).unwrap().documents, 1);
        assert_eq!(second.search("qq", 2, None).unwrap().documents.len(), 2);
    });
}

#[test]
fn an_embedder_that_answers_wrongly_is_a_typed_error_and_words_still_find() {
    on_every_store(|place| {
        let notes = acme(place).collection("notes").unwrap();
        notes.put(&NewDocument::new("a", "a walrus")).unwrap();
        let wrong: [(Answers, ErrorKind); 4] = [
            (|_| Ok(vec![1.0]), ErrorKind::InvalidArgument),
            (|_| Ok(vec![f32::NAN, 1.0]), ErrorKind::InvalidArgument),
            (|_| Ok(vec![1.0, f32::INFINITY]), ErrorKind::InvalidArgument),
            (|_| Err(Error::llm(LlmFailure::Connect, "the model is away")), ErrorKind::Llm),
        ];
        for (answer, kind) in wrong {
            let asked = notes.with_embedder(letters("wrong", answer));
            assert_eq!(asked.embed(1).unwrap_err().kind(), kind);
            let found = asked.search("walrus", 1, None).unwrap();
            assert_eq!((found.documents[0].document.key.as_str(), found.model), ("a", None));
        }
        let zero = notes.with_embedder(letters("zero", |_| Ok(vec![0.0, 0.0])));
        zero.embed(1).unwrap();
        let found = zero.search("walrus", 1, None).unwrap();
        assert_eq!((found.documents.len(), found.basis), (1, RecallBasis::WordsOnly));
        assert_eq!(notes.embed(1).unwrap_err().kind(), ErrorKind::InvalidArgument);
    });
}
