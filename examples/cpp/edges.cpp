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

        // Ends in any order.
        confide::store *early = new confide::store(file);
        confide::memory late = early->memory("acme", "alice");
        delete early;
        check(late.load_context().total() == 9 && late.clear() == 9, "a memory outlives its store");
    }
    std::cout << failures << " failures\n";
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
