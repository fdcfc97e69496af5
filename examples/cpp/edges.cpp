// What confidant.hpp promises beyond the C library: moves, exceptions through callbacks, lists, any order of ends.

#include "confidant.hpp"

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <type_traits>

static int failures = 0;

static void check(bool holds, const char *what)
{
    if (!holds) {
        std::cerr << "failed: " << what << "\n";
        failures++;
    }
}

template <typename Thrown, typename Call> static bool throws(Call call)
{
    try {
        call();
    } catch (const Thrown &) {
        return true;
    }
    return false;
}

static confidant_status status_of(void (*call)(const confidant::memory &), const confidant::memory &with)
{
    try {
        call(with);
    } catch (const confidant::error &failed) {
        return failed.status();
    }
    return CONFIDANT_OK;
}

static void polite(const confidant::llm_request &, confidant::llm_reply &reply)
{
    reply.append("Good ");
    reply.append("day.");
}

// Recall, knowledge, signals and figures.
static void later(const confidant::store &store)
{
    confidant::memory carol = store.memory("acme", "carol");
    confidant::new_turn turn;
    turn.said = "My order number is 10-2231, and I cannot log in. Please email me, don't call.";
    turn.answer = "I have sent you a new password.";
    turn.metadata = R"({"ticket":"A-7"})";
    carol.save_turn(turn);
    confidant::recall_query query{"did we ever mail the credentials?"};
    query.metadata = {{"ticket", "\"A-7\""}};
    query.resolved = false;
    confidant::recalled recalled = carol.recall(query);
    check(recalled.size() == 1 && recalled[0].turn().said() == turn.said && recalled.basis() != confidant::basis::none, "recall");
    check(carol.recall("order number")[0].matches()[0].asked == "order", "words that earned a place");
    query.channel = confidant::channel::email;
    check(carol.recall(query).empty(), "a condition");
    confidant::given given = carol.given();
    check(given.newest(confidant::entity_kind::order_id)->value() == "10-2231", "a given fact");
    check(given.asked_again("What is your order number?")[0].fact.value() == "10-2231", "asked again");
    check(confidant::given(carol.turns()).size() == given.size(), "given by turns");
    confidant::preferences preferences = carol.preferences();
    check(preferences.statements().at(0).kind == CONFIDANT_WISH_EMAIL, "wishes");

    confidant::collection base = store.knowledge("acme"), notes = store.collection("acme", "notes");
    confidant::new_document article{"kb-1", "Money comes back in five days."};
    article.title = "Refunds";
    article.category = "billing";
    article.tags = {"money", "refund"};
    base.put(article);
    using confidant::condition;
    condition billing = condition::is("category", "\"billing\"");
    check(base.search("refund", 3, billing && !condition::is("tags", "\"old\""))[0].tags().size() == 2, "a condition of articles");
    check(base.search("refund", 3, !billing || condition::is("tags", "\"old\"")).empty(), "another condition");
    check(base.count_use("kb-1", true) && base.find("kb-1")[0].helped() == 1 && base.find("none").empty(), "use");
    notes.put({{"a", "a walrus"}, {"b", "a penguin"}});
    confidant::collection own = notes.with(confidant::embedder("lengths", 1, [](const std::vector<confidant::text> &texts) {
        return std::vector<std::vector<float>>(texts.size(), {1.0F});
    }));
    check(own.embed(10).left == 0 && own.search("walrus").model() == confidant::optional_text("lengths"), "an embedder");
    check(throws<confidant::error>([&] {
              notes.with(confidant::embedder("broken", 1, [](const std::vector<confidant::text> &) -> std::vector<std::vector<float>> {
                       throw std::length_error("too long");
                   })).embed(1);
          }),
          "an embedder throws");
    notes.snapshot();
    check(notes.remove("a") && !notes.remove("a") && notes.size() == 1 && notes.name() == "notes", "a collection");

    confidant::context_request request{"Where is my refund?", 200};
    confidant::documents refunds = base.search("refund");
    request.passages = {{refunds[0].title(), refunds[0].passage()}};
    confidant::assembled shown = carol.assemble(request);
    check(shown.tokens() <= 200 && shown.text().find("five days") != std::string::npos && shown.recent().size() == 1, "a context");
    check(carol.assemble(request, [](std::string_view text) { return text.size(); }).tokens() <= 200, "a counter");
    check(throws<std::length_error>([&] {
              carol.assemble(request, [](std::string_view) -> std::size_t { throw std::length_error("too long"); });
          }),
          "a counter throws");
    check(confidant::estimate_tokens("where is it") >= 3, "a guess");

    confidant::signal_rules::additions ours;
    ours.order_ids = {"AB-#####"};
    confidant::signal_rules rules(ours);
    confidant::signals signals("I can't access order AB-12345, this is urgent!", {&rules});
    check(signals.urgency() == confidant::urgency::high && signals.entities()[0].kind == CONFIDANT_ENTITY_ORDER_ID, "signals");
    check(signals.find(confidant::signal_kind::topic)->begin() != signals.find(confidant::signal_kind::topic)->end(), "cues");
    check(confidant::redacted("mail al@example.com").text() == "mail [email]", "a redacted text");
    check(confidant::normalized("sooooo bad").original(0, 3).second == 6, "a normalised text");
    check(confidant::language_of("Ich kann mich seit gestern nicht anmelden.") == confidant::optional_text("de"), "a language");

    confidant::analytics_report report = store.figures("acme"), own_figures = carol.figures(0, INT64_MAX);
    check(own_figures.totals().turns == 1 && own_figures.days().size() == 1 && report.totals().customers >= 2, "figures");
    check(!report.counted(CONFIDANT_COUNTS_SENTIMENT).empty() && report.json().front() == '{', "counts");
    for (const confidant_resolver &by : report.resolvers()) {
        check(by.count > 0, "resolvers");
    }
    confidant::health_limits strict = CONFIDANT_HEALTH_LIMITS_INIT;
    strict.has_min_cases = 1;
    check(report.health().is_healthy() && !report.health(strict).is_healthy(), "health");
    carol.clear();
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: edges NEW-FILE\n";
        return EXIT_FAILURE;
    }
    static_assert(!std::is_copy_constructible_v<confidant::store> && std::is_nothrow_move_constructible_v<confidant::store>);
    static_assert(!std::is_copy_constructible_v<confidant::context> && std::is_move_assignable_v<confidant::preferences>);

    std::string file = argv[1];
    {
        confidant::store store(file, confidant::config().hot_turns(3).busy_timeout_ms(1000));
        confidant::memory alice = store.memory("acme", "alice");

        // An empty text is not a missing one, and texts come back exactly.
        confidant::new_turn turn;
        turn.said = "";
        alice.save_turn(turn);
        turn.said = std::string_view("NUL \0 inside", 12);
        turn.answer = "Gr\xc3\xbc\xc3\x9f Gott";
        std::uint64_t id = alice.save_turn(turn);
        std::vector<std::uint64_t> ids = alice.save_turns({turn, turn});
        confidant::context context = alice.load_context();
        check(context.size() == 3 && context.total() == 4 && context[0].id() == id && context[2].id() == ids[1], "a context");
        check(context[0].said() == turn.said && context[0].answer() == turn.answer, "exact texts");
        std::vector<std::uint64_t> stepped, paged;
        context.for_each([&stepped](const confidant::turn &one) { stepped.push_back(one.id()); });
        alice.turns().for_each([&paged](const confidant::turn &one) { paged.push_back(one.id()); });
        check(stepped.size() == context.size() && stepped.front() == context[0].id() && paged.size() == alice.turns().size(), "steps");
        check(alice.turns()[0].said() == confidant::optional_text("") && !alice.turns()[0].answer(), "an empty text");
        check(throws<std::out_of_range>([&] { context[3]; }), "past the end");
        check(confidant::parse_turn_id(confidant::format_turn_id(id)) == id, "an identifier as text");

        // What was moved from throws; nothing is freed twice.
        confidant::memory moved = std::move(alice);
        check(status_of([](const confidant::memory &from) { from.load_context(); }, alice) == CONFIDANT_ERR_INVALID_ARGUMENT,
              "moved from");
        check(status_of([](const confidant::memory &from) { from.turn(7); }, moved) == CONFIDANT_ERR_NOT_FOUND, "a status");
        alice = std::move(moved);
        confidant::preferences preferences = alice.preferences(), taken = std::move(preferences);
        check(preferences.empty() && taken.customer_turns() == 3, "moved preferences");
        check(!taken.find(confidant::preference_kind::topic) &&
                  taken.find(confidant::preference_kind::length).value().kind() == confidant::preference_kind::length,
              "a conclusion of a kind");

        // What callbacks throw.
        confidant::session session = alice.open_session(confidant::channel::chat);
        confidant::agent agent(store, confidant::llm("polite", polite));
        check(agent.respond(session, "Hello?").text() == "Good day." && agent.model() == "polite", "a model");
        check(throws<std::length_error>([&] {
                  agent.respond(session, {"Hello?"}, [](std::string_view) { throw std::length_error("too long"); });
              }),
              "on_text throws");
        check(throws<confidant::error>([&] { agent.respond(session, {"Hello?"}, [](std::string_view) { return false; }); }),
              "on_text stops");
        confidant::llm tired("tired", [](const confidant::llm_request &, confidant::llm_reply &) {
            throw confidant::model_failure(CONFIDANT_LLM_RATE_LIMITED, "come back later");
        });
        confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
        options.llm = tired.get();
        options.fallback = confidant_str_from("One moment, please.");
        confidant::reply reply = confidant::agent(store, options).respond(session, "Hello?");
        check(reply.text() == "One moment, please." && reply.failure()->llm_failure() == CONFIDANT_LLM_RATE_LIMITED,
              "a fallback");
        check(reply.preferences().customer_turns() == 7 && !reply.turn().answer(), "a reply's views");
        confidant::agent offline(store);
        check(!offline.respond(session, "I forgot my password").text().empty() && offline.spending().calls == 1, "offline");

        // The extractor, and what is left of the store.
        confidant::extractor learner;
        learner.learn(alice.load_context());
        confidant::extractor other;
        other.restore(learner.state());
        check(other.covered() == learner.covered() && other.conclude().text() == learner.conclude().text(), "an extractor");
        check(session.close().turns == 5 && alice.sessions().size() == 2, "sessions");
        check(store.check().is_sound() && !store.check().finding(0) && store.stats().hot_customers == 1, "a check");

        later(store);

        // Ends in any order.
        confidant::store *early = new confidant::store(file);
        confidant::memory late = early->memory("acme", "alice");
        delete early;
        check(late.load_context().total() == 9 && late.clear() == 9, "a memory outlives its store");
    }
    std::cout << failures << " failures\n";
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
