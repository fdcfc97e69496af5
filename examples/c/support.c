// A small support program: three sessions of one customer on one file, answered by a model of the host's own.
//
// It shows what a C host needs: opening, a model as a callback, a reply as it is written, turns saved by hand,
// preferences with the words that show them, recall, a knowledge base, figures, and what to do with an error.
//
//   make run            builds and runs it on a fresh file
//   ./support FILE      runs it on a file of yours

#include "confidant.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A text literal as the library takes it.
#define TEXT(literal) ((confidant_str){ literal, sizeof(literal) - 1 })
#define SHOW(str) (int)(str).len, (str).ptr ? (str).ptr : ""

// Stops the program if a call failed; a server would log and go on.
static void must(confidant_status status, confidant_error *err, const char *what)
{
    if (status == CONFIDANT_OK) {
        return;
    }
    confidant_str name = confidant_status_name(status), message = confidant_error_message(err);
    fprintf(stderr, "%s: %.*s: %.*s\n", what, SHOW(name), SHOW(message));
    confidant_error_free(err);
    exit(EXIT_FAILURE);
}

// The host's own model: here a table of answers, in your program a call to whatever you run.
struct model {
    int calls;
};

static confidant_status complete(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    struct model *model = user_data;
    model->calls++;
    size_t count = confidant_llm_request_message_count(request);
    const confidant_llm_message *last = confidant_llm_request_message(request, count - 1);
    if (last == NULL || last->text.len == 0) {
        return confidant_llm_reply_fail(reply, CONFIDANT_LLM_REFUSED, TEXT("there is nothing to answer"), NULL);
    }
    static const char *const pieces[] = { "Thank you for writing. ", "Please open Settings, ", "then choose Sign in again." };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (confidant_llm_reply_append(reply, confidant_str_from(pieces[i]), NULL) != CONFIDANT_OK) {
            return CONFIDANT_ERR_CANCELLED;
        }
    }
    confidant_status status = confidant_llm_reply_set_confidence(reply, 0.85, NULL);
    return status != CONFIDANT_OK ? status : confidant_llm_reply_set_resolved(reply, 1, NULL);
}

static void forget_model(void *user_data)
{
    free(user_data);
}

// Shows the reply as it is written.
static int32_t on_text(void *user_data, confidant_str piece)
{
    (void)user_data;
    printf("%.*s", SHOW(piece));
    fflush(stdout);
    return 0;
}

static confidant_agent *make_agent(const confidant_store *memory)
{
    confidant_error *err = NULL;
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.user_data = calloc(1, sizeof(struct model));
    callbacks.complete = complete;
    callbacks.destroy = forget_model;
    callbacks.name = TEXT("table-of-answers");
    callbacks.is_free = true;
    confidant_llm *llm = NULL;
    must(confidant_llm_new(&callbacks, &llm, &err), err, "making the model");

    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    options.llm = llm;
    options.persona = CONFIDANT_PERSONA_PROFESSIONAL;
    confidant_agent *agent = NULL;
    must(confidant_agent_new(memory, &options, &agent, &err), err, "making the agent");
    confidant_llm_free(llm); // The agent keeps it.
    return agent;
}

// One session: the customer writes, the agent answers.
static void converse(const confidant_memory *alice, const confidant_agent *agent, int32_t channel,
                     const confidant_str *messages, size_t count)
{
    confidant_error *err = NULL;
    confidant_session *session = NULL;
    must(confidant_session_open(alice, channel, &session, &err), err, "opening a session");
    for (size_t i = 0; i < count; i++) {
        confidant_message message = CONFIDANT_MESSAGE_INIT;
        message.text = messages[i];
        confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
        sink.on_text = on_text;
        printf("Customer: %.*s\nAgent: ", SHOW(messages[i]));
        confidant_reply *reply = NULL;
        must(confidant_agent_respond(agent, session, &message, &sink, &reply, &err), err, "answering");
        const confidant_reply_content *said = confidant_reply_read(reply);
        printf(" (confidence %.2f, turn %u)\n", said->confidence, said->turn->number);
        confidant_reply_free(reply);
    }
    confidant_outcome outcome = CONFIDANT_OUTCOME_INIT;
    outcome.outcome = CONFIDANT_OUTCOME_RESOLVED;
    outcome.rating = 5;
    confidant_session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
    must(confidant_session_close(session, &outcome, &figures, &err), err, "closing a session");
    printf("-- session of %llu turns closed\n\n", (unsigned long long)figures.turns);
    confidant_session_free(session);
}

// A session whose answers come from people: each half is saved by hand.
static void by_hand(const confidant_memory *alice)
{
    confidant_error *err = NULL;
    confidant_session *session = NULL;
    must(confidant_session_open(alice, CONFIDANT_CHANNEL_EMAIL, &session, &err), err, "opening a session");
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    turn.said = TEXT("Dear team, could you please send me the invoice for my subscription? Thank you very much.");
    turn.key = TEXT("mail-4711");
    uint64_t turn_id = 0;
    must(confidant_session_save_turn(session, &turn, &turn_id, &err), err, "saving a turn");
    confidant_new_answer answer = CONFIDANT_NEW_ANSWER_INIT;
    answer.text = TEXT("The invoice is attached.");
    answer.by = TEXT("Maria");
    answer.resolved = true;
    must(confidant_session_answer(session, turn_id, &answer, &err), err, "answering a turn");
    must(confidant_session_close(session, NULL, NULL, &err), err, "closing a session");
    confidant_session_free(session);
}

static void show_preferences(const confidant_memory *alice)
{
    confidant_error *err = NULL;
    confidant_preferences *preferences = NULL;
    must(confidant_memory_preferences(alice, &preferences, &err), err, "learning preferences");
    printf("Preferences: %.*s\n", SHOW(confidant_preferences_text(preferences)));
    for (size_t i = 0; i < confidant_preferences_count(preferences); i++) {
        const confidant_preference *one = confidant_preferences_at(preferences, i);
        printf("  %.*s, confidence %.2f, %llu turns show it", SHOW(one->name), one->confidence,
               (unsigned long long)one->evidence_turns);
        const confidant_evidence *shown = confidant_preferences_evidence(preferences, i, 0);
        confidant_turns *turns = NULL;
        if (shown != NULL && shown->has_span) {
            must(confidant_memory_turn(alice, shown->turn_id, &turns, &err), err, "reading a turn");
            const confidant_turn *turn = confidant_turns_at(turns, 0);
            printf(", such as \"%.*s\"", (int)(shown->end - shown->start), turn->said.ptr + shown->start);
            confidant_turns_free(turns);
        }
        printf("\n");
    }
    confidant_preferences_free(preferences);
}

// What was said before, and what the company knows; by meaning, with no network and no model.
static void look_up(const confidant_store *memory, const confidant_memory *alice)
{
    confidant_error *err = NULL;
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = TEXT("Was the bill ever sent?");
    query.limit = 1;
    confidant_recalled *recalled = NULL;
    must(confidant_memory_recall(alice, &query, &recalled, &err), err, "recalling");
    printf("Recall: turn %u\n", confidant_recalled_at(recalled, 0)->turn->number);
    confidant_recalled_free(recalled);

    confidant_collection *base = NULL;
    must(confidant_knowledge_open(memory, TEXT("acme"), &base, &err), err, "reaching the knowledge base");
    confidant_new_document articles[] = { CONFIDANT_NEW_DOCUMENT_INIT, CONFIDANT_NEW_DOCUMENT_INIT };
    articles[0].key = TEXT("kb-1");
    articles[0].title = TEXT("Signing in");
    articles[0].text = TEXT("Open Settings and choose Sign in again.");
    articles[0].category = TEXT("login");
    articles[1].key = TEXT("kb-2");
    articles[1].title = TEXT("Invoices");
    articles[1].text = TEXT("Invoices are in your account.");
    articles[1].category = TEXT("billing");
    must(confidant_collection_put(base, articles, 2, &err), err, "putting articles");
    confidant_documents *found = NULL;
    must(confidant_collection_search(base, TEXT("Where do I find my bill?"), 1, NULL, 0, &found, &err), err, "searching");
    printf("Knowledge: %.*s\n", SHOW(confidant_documents_at(found, 0)->title));
    confidant_documents_free(found);
    confidant_collection_free(base);
}

int main(int argc, char **argv)
{
    if (confidant_abi_version() != CONFIDANT_ABI_VERSION) {
        fprintf(stderr, "the library and its header do not fit\n");
        return EXIT_FAILURE;
    }
    confidant_error *err = NULL;
    confidant_store *memory = NULL;
    must(confidant_store_open(confidant_str_from(argc > 1 ? argv[1] : "support.db"), NULL, &memory, &err), err, "opening");
    confidant_memory *alice = NULL;
    must(confidant_memory_open(memory, TEXT("acme"), TEXT("alice"), &alice, &err), err, "reaching a customer");
    confidant_agent *agent = make_agent(memory);

    const confidant_str first[] = { TEXT("Good morning, could you please help me? I forgot my password."),
                                    TEXT("Would you kindly tell me where to find that page?") };
    const confidant_str second[] = { TEXT("Dear team, I am afraid that my login fails again. Thank you for your help."),
                                     TEXT("Thank you very much, I would appreciate an explanation of the error.") };
    converse(alice, agent, CONFIDANT_CHANNEL_CHAT, first, 2);
    converse(alice, agent, CONFIDANT_CHANNEL_APP, second, 2);
    by_hand(alice);

    confidant_context *context = NULL;
    must(confidant_memory_load_context(alice, &context, &err), err, "loading the context");
    printf("The newest %zu of %llu turns:\n", confidant_context_count(context),
           (unsigned long long)confidant_context_total(context));
    for (size_t i = 0; i < confidant_context_count(context); i++) {
        const confidant_turn *turn = confidant_context_turn(context, i);
        int shown = turn->said.len < 40 ? (int)turn->said.len : 40;
        printf("  %u. %.*s...\n", turn->number, shown, turn->said.ptr);
    }
    confidant_context_free(context);
    show_preferences(alice);
    look_up(memory, alice);

    confidant_summary summary = CONFIDANT_SUMMARY_INIT;
    must(confidant_store_summarize(memory, TEXT("acme"), &summary, &err), err, "summing up");
    printf("Analytics: %llu turns in %llu sessions, %.1f %% of turns resolved, mean rating %.1f\n",
           (unsigned long long)summary.turns, (unsigned long long)summary.sessions, summary.resolution_rate_percent,
           summary.mean_rating);

    // What goes wrong is a status with words; here a turn without any half.
    confidant_new_turn empty = CONFIDANT_NEW_TURN_INIT;
    confidant_status status = confidant_memory_save_turn(alice, &empty, NULL, &err);
    printf("An empty turn is refused: status %d, %.*s\n", status, SHOW(confidant_error_message(err)));
    confidant_error_free(err);

    confidant_agent_free(agent);
    confidant_memory_free(alice);
    confidant_store_close(memory);
    return status == CONFIDANT_ERR_INVALID_ARGUMENT ? EXIT_SUCCESS : EXIT_FAILURE;
}
