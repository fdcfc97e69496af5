// A small support program in C++: three sessions of one customer on one file, answered by a model of the host's own.
//
//   make run            builds and runs it on a fresh file
//   ./support FILE      runs it on a file of yours

#include "confidant.hpp"

#include <cstdio>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string_view>
#include <vector>

using confidant::channel;
using confidant::outcome;

// The host's own model: here a table of answers, in your program a call to whatever you run.
static void complete(const confidant::llm_request &request, confidant::llm_reply &reply)
{
    if (request[request.size() - 1].text.empty()) {
        throw confidant::model_failure(CONFIDANT_LLM_REFUSED, "there is nothing to answer");
    }
    for (std::string_view piece : {"Thank you for writing. ", "Please open Settings, ", "then choose Sign in again."}) {
        reply.append(piece);
    }
    reply.confidence(0.85);
    reply.resolved(true);
}

// One session: the customer writes, the agent answers, piece by piece.
static void converse(const confidant::memory &alice, const confidant::agent &agent, channel on,
                     const std::vector<std::string_view> &messages)
{
    confidant::session session = alice.open_session(on);
    for (std::string_view said : messages) {
        std::cout << "Customer: " << said << "\nAgent: ";
        confidant::reply reply = agent.respond(session, {said}, [](std::string_view piece) { std::cout << piece << std::flush; });
        std::cout << " (confidence " << reply.confidence() << ", turn " << reply.turn().number() << ")\n";
    }
    std::cout << "-- session of " << session.close(outcome::resolved, 5).turns << " turns closed\n\n";
}

// A session whose answers come from people: each half is saved by hand.
static void by_hand(const confidant::memory &alice)
{
    confidant::session session = alice.open_session(channel::email);
    confidant::new_turn turn;
    turn.said = "Dear team, could you please send me the invoice for my subscription? Thank you very much.";
    turn.key = "mail-4711";
    confidant::new_answer answer;
    answer.text = "The invoice is attached.";
    answer.by = "Maria";
    answer.resolved = true;
    session.answer(session.save_turn(turn), answer);
    session.close();
}

static void show_preferences(const confidant::memory &alice)
{
    confidant::preferences preferences = alice.preferences();
    std::cout << "Preferences: " << preferences.text() << "\n";
    for (confidant::preference one : preferences) {
        std::cout << "  " << one.name() << ", confidence " << one.confidence() << ", " << one.evidence_turns()
                  << " turns show it";
        for (confidant::evidence shown : one.evidence()) {
            if (shown.has_span()) {
                confidant::turns turns = alice.turn(shown.turn_id());
                std::cout << ", such as \"" << shown.within(*turns[0].said()) << "\"";
                break;
            }
        }
        std::cout << "\n";
    }
}

// What was said before, and what the company knows; by meaning, with no network and no model.
static void look_up(const confidant::store &store, const confidant::memory &alice)
{
    std::cout << "Recall: turn " << alice.recall("Was the bill ever sent?", 1)[0].turn().number() << "\n";
    confidant::collection base = store.knowledge("acme");
    confidant::new_document signing_in{"kb-1", "Open Settings and choose Sign in again."};
    signing_in.title = "Signing in";
    signing_in.category = "login";
    confidant::new_document invoices{"kb-2", "Invoices are in your account."};
    invoices.title = "Invoices";
    invoices.category = "billing";
    base.put({signing_in, invoices});
    std::cout << "Knowledge: " << base.search("Where do I find my bill?", 1)[0].title() << "\n";
}

static int run(std::string_view file)
{
    confidant::store store(file);
    confidant::memory alice = store.memory("acme", "alice");
    confidant::agent agent(store, confidant::llm("table-of-answers", complete, true), confidant::persona::professional);

    converse(alice, agent, channel::chat,
             {"Good morning, could you please help me? I forgot my password.",
              "Would you kindly tell me where to find that page?"});
    converse(alice, agent, channel::app,
             {"Dear team, I am afraid that my login fails again. Thank you for your help.",
              "Thank you very much, I would appreciate an explanation of the error."});
    by_hand(alice);

    confidant::context context = alice.load_context();
    std::cout << "The newest " << context.size() << " of " << context.total() << " turns:\n";
    for (confidant::turn turn : context) {
        std::cout << "  " << turn.number() << ". " << turn.said().value_or("-").substr(0, 40) << "...\n";
    }
    show_preferences(alice);
    look_up(store, alice);

    confidant::summary summary = store.analytics("acme");
    std::cout << "Analytics: " << summary.turns << " turns in " << summary.sessions << " sessions, " << std::fixed
              << std::setprecision(1) << summary.resolution_rate_percent << " % of turns resolved, mean rating "
              << summary.mean_rating << "\n";

    // What goes wrong is an exception with a status and words; here a turn without any half.
    try {
        alice.save_turn({});
    } catch (const confidant::error &refused) {
        std::cout << "An empty turn is refused: status " << refused.status() << ", " << refused.what() << "\n";
        return refused.status() == CONFIDANT_ERR_INVALID_ARGUMENT ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (!confidant::fits()) {
        std::cerr << "the library and its header do not fit\n";
        return EXIT_FAILURE;
    }
    try {
        return run(argc > 1 ? argv[1] : "support.db");
    } catch (const confidant::error &failed) {
        std::cerr << "status " << failed.status() << ": " << failed.what() << "\n";
        return EXIT_FAILURE;
    }
}
