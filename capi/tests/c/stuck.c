// Callbacks that never return: the store, its other handles and closing it do not wait for them.
//
//   stuck FOLDER

#include "fixture.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define MUST(call) REQUIRE((call) == CONFIDANT_OK)

// One call in a thread of its own, whose callback does not return while the program lives.
enum stuck { MODEL, SINK, EMBEDDER, COUNTER, ALL_STUCK };

static struct {
    confidant_store *store;
    confidant_memory *customer;
    confidant_session *sessions[2];
    confidant_agent *agents[2];
    confidant_collection *notes;
} given;

static int is_stuck[ALL_STUCK], destroyed;

static void never(enum stuck which)
{
    __atomic_store_n(&is_stuck[which], 1, __ATOMIC_SEQ_CST);
    for (;;) pause();
}

static confidant_status never_completes(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    (void)user_data, (void)request, (void)reply;
    never(MODEL);
    return CONFIDANT_OK;
}

static int32_t never_reads(void *user_data, confidant_str piece)
{
    (void)user_data, (void)piece;
    never(SINK);
    return 0;
}

static confidant_status never_embeds(void *user_data, const confidant_str *texts, size_t count, float *vectors)
{
    (void)user_data, (void)texts, (void)count, (void)vectors;
    never(EMBEDDER);
    return CONFIDANT_OK;
}

static size_t never_counts(void *user_data, confidant_str text)
{
    (void)user_data, (void)text;
    never(COUNTER);
    return 0;
}

static void destroy(void *user_data)
{
    (void)user_data;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *respond(void *with)
{
    int place = *(const int *)with;
    confidant_message message = CONFIDANT_MESSAGE_INIT;
    message.text = TEXT("Where is my parcel?");
    confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
    sink.on_text = never_reads;
    sink.destroy = destroy;
    confidant_reply *reply = NULL;
    REQUIRE(confidant_agent_respond(given.agents[place], given.sessions[place], &message, place == 1 ? &sink : NULL, &reply, NULL) == CONFIDANT_OK);
    REQUIRE(!"the callback returned");
    return NULL;
}

static void *embed(void *with)
{
    (void)with;
    confidant_embedded done = CONFIDANT_EMBEDDED_INIT;
    REQUIRE(confidant_collection_embed(given.notes, 10, &done, NULL) == CONFIDANT_OK);
    REQUIRE(!"the callback returned");
    return NULL;
}

static void *assemble(void *with)
{
    (void)with;
    confidant_context_request request = CONFIDANT_CONTEXT_REQUEST_INIT;
    request.question = TEXT("Hello?");
    request.max_tokens = 300;
    confidant_token_counter counter = CONFIDANT_TOKEN_COUNTER_INIT;
    counter.count_tokens = never_counts;
    counter.destroy = destroy;
    confidant_assembled *assembled = NULL;
    REQUIRE(confidant_memory_assemble(given.customer, &request, &counter, &assembled, NULL) == CONFIDANT_OK);
    REQUIRE(!"the callback returned");
    return NULL;
}

static void make(const char *path)
{
    MUST(confidant_store_open(confidant_str_from(path), NULL, &given.store, NULL));
    MUST(confidant_memory_open(given.store, TEXT("acme"), TEXT("alice"), &given.customer, NULL));
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.complete = never_completes;
    callbacks.destroy = destroy;
    callbacks.name = TEXT("stuck");
    confidant_llm *llm = NULL;
    MUST(confidant_llm_new(&callbacks, &llm, NULL));
    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    options.llm = llm;
    MUST(confidant_agent_new(given.store, &options, &given.agents[0], NULL));
    MUST(confidant_agent_new(given.store, NULL, &given.agents[1], NULL));
    confidant_llm_free(llm);
    for (int at = 0; at < 2; at++) {
        MUST(confidant_session_open(given.customer, CONFIDANT_CHANNEL_CHAT, &given.sessions[at], NULL));
    }
    confidant_embedder_callbacks embeds = CONFIDANT_EMBEDDER_CALLBACKS_INIT;
    embeds.embed = never_embeds;
    embeds.destroy = destroy;
    embeds.name = TEXT("stuck");
    embeds.dimensions = 2;
    confidant_embedder *embedder = NULL;
    MUST(confidant_embedder_new(&embeds, &embedder, NULL));
    confidant_collection *plain = NULL;
    MUST(confidant_collection_open(given.store, TEXT("acme"), TEXT("notes"), &plain, NULL));
    confidant_new_document note = CONFIDANT_NEW_DOCUMENT_INIT;
    note.key = note.text = TEXT("a walrus");
    MUST(confidant_collection_put(plain, &note, 1, NULL));
    MUST(confidant_collection_with_embedder(plain, embedder, &given.notes, NULL));
    confidant_embedder_free(embedder);
    confidant_collection_free(plain);
}

static void *work(void *store)
{
    confidant_memory *customer = NULL;
    confidant_session *session = NULL;
    confidant_agent *agent = NULL;
    MUST(confidant_memory_open(store, TEXT("acme"), TEXT("alice"), &customer, NULL));
    MUST(confidant_session_open(customer, CONFIDANT_CHANNEL_EMAIL, &session, NULL));
    MUST(confidant_agent_new(store, NULL, &agent, NULL));
    for (int round = 0; round < 20; round++) {
        confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
        turn.said = TEXT("saved beside");
        MUST(confidant_memory_save_turn(customer, &turn, NULL, NULL));
        confidant_message message = CONFIDANT_MESSAGE_INIT;
        message.text = TEXT("I forgot my password.");
        confidant_reply *reply = NULL;
        MUST(confidant_agent_respond(agent, session, &message, NULL, &reply, NULL));
        confidant_reply_free(reply);
        confidant_context *context = NULL;
        MUST(confidant_memory_load_context(customer, &context, NULL));
        REQUIRE(confidant_context_count(context) > 0);
        confidant_context_free(context);
        confidant_summary figures = CONFIDANT_SUMMARY_INIT;
        MUST(confidant_store_summarize(store, TEXT("acme"), &figures, NULL));
    }
    MUST(confidant_session_close(session, NULL, NULL, NULL));
    confidant_agent_free(agent);
    confidant_session_free(session);
    confidant_memory_free(customer);
    return NULL;
}

static void work_from_two_threads(confidant_store *store)
{
    pthread_t beside;
    REQUIRE(pthread_create(&beside, NULL, work, store) == 0);
    work(store);
    pthread_join(beside, NULL);
    confidant_check_report *report = NULL;
    MUST(confidant_store_check(store, &report, NULL));
    REQUIRE(confidant_check_report_is_sound(report));
    confidant_check_report_free(report);
    MUST(confidant_store_maintain(store, NULL, NULL));
    MUST(confidant_store_flush(store, NULL));
}

int main(int argc, char **argv)
{
    REQUIRE(argc >= 2);
    char path[4096];
    snprintf(path, sizeof path, "%s/stuck.db", argv[1]);
    make(path);
    static const int places[] = { 0, 1 };
    pthread_t threads[ALL_STUCK];
    REQUIRE(pthread_create(&threads[MODEL], NULL, respond, (void *)&places[0]) == 0);
    REQUIRE(pthread_create(&threads[SINK], NULL, respond, (void *)&places[1]) == 0);
    REQUIRE(pthread_create(&threads[EMBEDDER], NULL, embed, NULL) == 0);
    REQUIRE(pthread_create(&threads[COUNTER], NULL, assemble, NULL) == 0);
    struct timespec moment = { 0, 1000000 };
    for (int which = 0; which < ALL_STUCK; which++) {
        while (!__atomic_load_n(&is_stuck[which], __ATOMIC_SEQ_CST)) nanosleep(&moment, NULL);
        pthread_detach(threads[which]);
    }

    // Everybody else works on, also on the stuck calls' own customer.
    work_from_two_threads(given.store);

    // Nothing waits for them when their handles go, nor when the store is closed.
    for (int at = 0; at < 2; at++) {
        confidant_agent_free(given.agents[at]);
        confidant_session_free(given.sessions[at]);
    }
    confidant_collection_free(given.notes);
    confidant_memory_free(given.customer);
    confidant_store_close(given.store);
    REQUIRE(__atomic_load_n(&destroyed, __ATOMIC_SEQ_CST) == 0);

    // The file opens again beside them, and what was asked is in it.
    confidant_store *again = NULL;
    MUST(confidant_store_open(confidant_str_from(path), NULL, &again, NULL));
    work_from_two_threads(again);
    confidant_summary figures = CONFIDANT_SUMMARY_INIT;
    MUST(confidant_store_summarize(again, TEXT("acme"), &figures, NULL));
    // Two messages that were asked and never answered, and forty turns of each of four workers.
    REQUIRE(figures.turns == 2 + 4 * 40);
    confidant_store_close(again);
    printf("stuck: %d callbacks\n", ALL_STUCK);
    return EXIT_SUCCESS;
}
