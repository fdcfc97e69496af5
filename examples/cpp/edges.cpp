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

static confidant_status status_of(void (*call)(const confide::memory &), const confide::memory &with)
{
    try {
        call(with);
    } catch (const confide::error &failed) {
        return failed.status();
    }
    return CONFIDANT_OK;
}

static void polite(const confide::llm_request &, confide::llm_reply &reply)
{
    reply.append("Good ");
    reply.append("day.");
}

// Recall, knowledge, signals and figures.
static void later(const confide::store &store)
{
    confide::memory carol = store.memory("acme", "carol");
    confide::new_turn turn;
    turn.said = "My order number is 10-2231, and I cannot log in. Please email me, don't call.";
    turn.answer = "I have sent you a new password.";
    turn.metadata = R"({"ticket":"A-7"})";
    carol.save_turn(turn);
    confide::recall_query query{"did we ever mail the credentials?"};
    query.metadata = {{"ticket", "\"A-7\""}};
    query.resolved = false;
    confide::recalled recalled = carol.recall(query);
    check(recalled.size() == 1 && recalled[0].turn().said() == turn.said && recalled.basis() != confide::basis::none, "recall");
    check(carol.recall("order number")[0].matches()[0].asked == "order", "words that earned a place");
    query.channel = confide::channel::email;
    check(carol.recall(query).empty(), "a condition");
    confide::given given = carol.given();
    check(given.newest(confide::entity_kind::order_id)->value() == "10-2231", "a given fact");
    check(given.asked_again("What is your order number?")[0].fact.value() == "10-2231", "asked again");
    check(confide::given(carol.turns()).size() == given.size(), "given by turns");
    confide::preferences preferences = carol.preferences();
    check(preferences.statements().at(0).kind == CONFIDANT_WISH_EMAIL, "wishes");

    confide::collection base = store.knowledge("acme"), notes = store.collection("acme", "notes");
    confide::new_document article{"kb-1", "Money comes back in five days."};
    article.title = "Refunds";
    article.category = "billing";
    article.tags = {"money", "refund"};
    base.put(article);
    using confide::condition;
    condition billing = condition::is("category", "\"billing\"");
    check(base.search("refund", 3, billing && !condition::is("tags", "\"old\""))[0].tags().size() == 2, "a condition of articles");
    check(base.search("refund", 3, !billing || condition::is("tags", "\"old\"")).empty(), "another condition");
    check(base.count_use("kb-1", true) && base.find("kb-1")[0].helped() == 1 && base.find("none").empty(), "use");
    notes.put({{"a", "a walrus"}, {"b", "a penguin"}});
    confide::collection own = notes.with(confide::embedder("lengths", 1, [](const std::vector<confide::text> &texts) {
        return std::vector<std::vector<float>>(texts.size(), {1.0F});
    }));
    check(own.embed(10).left == 0 && own.search("walrus").model() == confide::optional_text("lengths"), "an embedder");
    check(throws<confide::error>([&] {
              notes.with(confide::embedder("broken", 1, [](const std::vector<confide::text> &) -> std::vector<std::vector<float>> {
                       throw std::length_error("too long");
                   })).embed(1);
          }),
          "an embedder throws");
    notes.snapshot();
    check(notes.remove("a") && !notes.remove("a") && notes.size() == 1 && notes.name() == "notes", "a collection");

    confide::context_request request{"Where is my refund?", 200};
    confide::documents refunds = base.search("refund");
    request.passages = {{refunds[0].title(), refunds[0].passage()}};
    confide::assembled shown = carol.assemble(request);
    check(shown.tokens() <= 200 && shown.text().find("five days") != std::string::npos && shown.recent().size() == 1, "a context");
    check(carol.assemble(request, [](std::string_view text) { return text.size(); }).tokens() <= 200, "a counter");
    check(throws<std::length_error>([&] {
              carol.assemble(request, [](std::string_view) -> std::size_t { throw std::length_error("too long"); });
          }),
          "a counter throws");
    check(confide::estimate_tokens("where is it") >= 3, "a guess");

    confide::signal_rules::additions ours;
    ours.order_ids = {"AB-#####"};
    confide::signal_rules rules(ours);
    confide::signals signals("I can't access order AB-12345, this is urgent!", {&rules});
    check(signals.urgency() == confide::urgency::high && signals.entities()[0].kind == CONFIDANT_ENTITY_ORDER_ID, "signals");
    check(signals.find(confide::signal_kind::topic)->begin() != signals.find(confide::signal_kind::topic)->end(), "cues");
    check(confide::redacted("mail al@example.com").text() == "mail [email]", "a redacted text");
    check(confide::normalized("sooooo bad").original(0, 3).second == 6, "a normalised text");
    check(confide::language_of("Ich kann mich seit gestern nicht anmelden.") == confide::optional_text("de"), "a language");

    confide::analytics_report report = store.figures("acme"), own_figures = carol.figures(0, INT64_MAX);
    check(own_figures.totals().turns == 1 && own_figures.days().size() == 1 && report.totals().customers >= 2, "figures");
    check(!report.counted(CONFIDANT_COUNTS_SENTIMENT).empty() && report.json().front() == '{', "counts");
    for (const confidant_resolver &by : report.resolvers()) {
        check(by.count > 0, "resolvers");
    }
    confide::health_limits strict = CONFIDANT_HEALTH_LIMITS_INIT;
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
    static_assert(!std::is_copy_constructible_v<confide::store> && std::is_nothrow_move_constructible_v<confide::store>);
    static_assert(!std::is_copy_constructible_v<confide::context> && std::is_move_assignable_v<confide::preferences>);

    std::string file = argv[1];
    {
        confide::store store(file, confide::config().hot_turns(3).busy_timeout_ms(1000));
        confide::memory alice = store.memory("acme", "alice");

        // An empty text is not a missing one, and texts come back exactly.
        confide::new_turn turn;
        turn.said = "";
        alice.save_turn(turn);
        turn.said = std::string_view("NUL \0 inside", 12);
        turn.answer = "Gr\xc3\xbc\xc3\x9f Gott";
        std::uint64_t id = alice.save_turn(turn);
        std::vector<std::uint64_t> ids = alice.save_turns({turn, turn});
        confide::context context = alice.load_context();
        check(context.size() == 3 && context.total() == 4 && context[0].id() == id && context[2].id() == ids[1], "a context");
        check(context[0].said() == turn.said && context[0].answer() == turn.answer, "exact texts");
        std::vector<std::uint64_t> stepped, paged;
        context.for_each([&stepped](const confide::turn &one) { stepped.push_back(one.id()); });
        alice.turns().for_each([&paged](const confide::turn &one) { paged.push_back(one.id()); });
        check(stepped.size() == context.size() && stepped.front() == context[0].id() && paged.size() == alice.turns().size(), "steps");
        check(alice.turns()[0].said() == confide::optional_text("") && !alice.turns()[0].answer(), "an empty text");
        check(throws<std::out_of_range>([&] { context[3]; }), "past the end");
        check(confide::parse_turn_id(confide::format_turn_id(id)) == id, "an identifier as text");

        // What was moved from throws; nothing is freed twice.
        confide::memory moved = std::move(alice);
        check(status_of([](const confide::memory &from) { from.load_context(); }, alice) == CONFIDANT_ERR_INVALID_ARGUMENT,
              "moved from");
        check(status_of([](const confide::memory &from) { from.turn(7); }, moved) == CONFIDANT_ERR_NOT_FOUND, "a status");
        alice = std::move(moved);
        confide::preferences preferences = alice.preferences(), taken = std::move(preferences);
        check(preferences.empty() && taken.customer_turns() == 3, "moved preferences");
        check(!taken.find(confide::preference_kind::topic) &&
                  taken.find(confide::preference_kind::length).value().kind() == confide::preference_kind::length,
              "a conclusion of a kind");

        // What callbacks throw.
        confide::session session = alice.open_session(confide::channel::chat);
        confide::agent agent(store, confide::llm("polite", polite));
        check(agent.respond(session, "Hello?").text() == "Good day." && agent.model() == "polite", "a model");
        check(throws<std::length_error>([&] {
                  agent.respond(session, {"Hello?"}, [](std::string_view) { throw std::length_error("too long"); });
              }),
              "on_text throws");
        check(throws<confide::error>([&] { agent.respond(session, {"Hello?"}, [](std::string_view) { return false; }); }),
              "on_text stops");
        confide::llm tired("tired", [](const confide::llm_request &, confide::llm_reply &) {
            throw confide::model_failure(CONFIDANT_LLM_RATE_LIMITED, "come back later");
        });
        confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
        options.llm = tired.get();
        options.fallback = confidant_text("One moment, please.");
        confide::reply reply = confide::agent(store, options).respond(session, "Hello?");
        check(reply.text() == "One moment, please." && reply.failure()->llm_failure() == CONFIDANT_LLM_RATE_LIMITED,
              "a fallback");
        check(reply.preferences().customer_turns() == 7 && !reply.turn().answer(), "a reply's views");
        confide::agent offline(store);
        check(!offline.respond(session, "I forgot my password").text().empty() && offline.spending().calls == 1, "offline");

        // The extractor, and what is left of the store.
        confide::extractor learner;
        learner.learn(alice.load_context());
        confide::extractor other;
        other.restore(learner.state());
        check(other.covered() == learner.covered() && other.conclude().text() == learner.conclude().text(), "an extractor");
        check(session.close().turns == 5 && alice.sessions().size() == 2, "sessions");
        check(store.check().is_sound() && !store.check().finding(0) && store.stats().hot_customers == 1, "a check");

        later(store);

        // Ends in any order.
        confide::store *early = new confide::store(file);
        confide::memory late = early->memory("acme", "alice");
        delete early;
        check(late.load_context().total() == 9 && late.clear() == 9, "a memory outlives its store");
    }
    std::cout << failures << " failures\n";
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
