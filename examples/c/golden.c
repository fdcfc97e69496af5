// Plays a conversation from a file into a store with a clock that stands, and prints what is stored as JSON lines.
//
// The hosts of the other languages do the same; tests/hosts.rs compares the lines and the files.
//
//   golden TRANSCRIPT STORE

#include "confidant.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 8
#define LINE 4096

static void must(confidant_status status, confidant_error *err, const char *what)
{
    if (status != CONFIDANT_OK) {
        confidant_str message = confidant_error_message(err);
        fprintf(stderr, "%s: status %d: %.*s\n", what, status, (int)message.len, message.ptr ? message.ptr : "");
        exit(EXIT_FAILURE);
    }
}

static int64_t now_ms(void *user_data)
{
    return *(int64_t *)user_data;
}

static confidant_status complete(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    (void)user_data;
    size_t count = confidant_llm_request_message_count(request);
    char text[128];
    snprintf(text, sizeof text, "%zu bytes and %zu messages.", confidant_llm_request_message(request, count - 1)->text.len,
             count);
    confidant_status status = confidant_llm_reply_append(reply, confidant_str_from("I was given "), NULL);
    status = status != CONFIDANT_OK ? status : confidant_llm_reply_append(reply, confidant_str_from(text), NULL);
    status = status != CONFIDANT_OK ? status : confidant_llm_reply_set_confidence(reply, 0.75, NULL);
    status = status != CONFIDANT_OK ? status : confidant_llm_reply_set_resolved(reply, 1, NULL);
    return status != CONFIDANT_OK ? status : confidant_llm_reply_set_usage(reply, 100, 10, NULL);
}

// A field; "-" is not given.
static confidant_str field(const char *text)
{
    return confidant_str_from(strcmp(text, "-") == 0 ? NULL : text);
}

struct host {
    int64_t clock;
    confidant_store *store;
    confidant_memory *memory;
    confidant_agent *agent;
    confidant_session *session;
    uint64_t last;
};

static void play(struct host *host, char **f)
{
    confidant_error *err = NULL;
    if (strcmp(f[0], "clock") == 0) {
        host->clock = strtoll(f[1], NULL, 10);
    } else if (strcmp(f[0], "open") == 0) {
        confidant_session_free(host->session);
        must(confidant_session_open(host->memory, atoi(f[1]), &host->session, &err), err, "open");
    } else if (strcmp(f[0], "save") == 0 || strcmp(f[0], "say") == 0) {
        confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
        turn.key = field(f[1]);
        turn.said = field(f[2]);
        if (f[0][1] == 'a' && f[0][2] == 'v') {
            turn.answer = field(f[3]);
            turn.answered_by = field(f[4]);
            turn.has_confidence = strcmp(f[5], "-") != 0;
            turn.confidence = atof(f[5]) / 100;
            turn.resolved = (confidant_flag)atoi(f[6]);
            turn.metadata = field(f[7]);
        }
        must(confidant_session_save_turn(host->session, &turn, &host->last, &err), err, "save");
    } else if (strcmp(f[0], "answer") == 0) {
        confidant_new_answer answer = CONFIDANT_NEW_ANSWER_INIT;
        answer.text = field(f[1]);
        answer.by = field(f[2]);
        answer.has_confidence = strcmp(f[3], "-") != 0;
        answer.confidence = atof(f[3]) / 100;
        answer.resolved = (confidant_flag)atoi(f[4]);
        must(confidant_session_answer(host->session, host->last, &answer, &err), err, "answer");
    } else if (strcmp(f[0], "ask") == 0) {
        confidant_message message = CONFIDANT_MESSAGE_INIT;
        message.text = field(f[1]);
        confidant_reply *reply = NULL;
        must(confidant_agent_respond(host->agent, host->session, &message, NULL, &reply, &err), err, "ask");
        confidant_reply_free(reply);
    } else if (strcmp(f[0], "close") == 0) {
        confidant_outcome outcome = CONFIDANT_OUTCOME_INIT;
        outcome.outcome = atoi(f[1]);
        outcome.rating = (uint32_t)atoi(f[2]);
        must(confidant_session_close(host->session, &outcome, NULL, &err), err, "close");
    } else if (strcmp(f[0], "article") == 0) {
        confidant_collection *base = NULL;
        must(confidant_knowledge_open(host->store, confidant_str_from("acme"), &base, &err), err, "knowledge");
        confidant_new_document article = CONFIDANT_NEW_DOCUMENT_INIT;
        article.key = field(f[1]);
        article.title = field(f[2]);
        article.text = field(f[3]);
        article.category = field(f[4]);
        must(confidant_collection_put(base, &article, 1, &err), err, "article");
        confidant_collection_free(base);
    }
}

// Prints `,"name":` and a text as JSON, or null.
static void json(const char *name, confidant_str text)
{
    printf(",\"%s\":", name);
    if (text.ptr == NULL) {
        printf("null");
        return;
    }
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            putchar('\\');
        }
        putchar(text.ptr[i]);
    }
    putchar('"');
}

static void json_time(const char *name, int64_t at_ms, bool is_known)
{
    confidant_id text;
    must(confidant_time_format(at_ms, &text, NULL), NULL, "time");
    json(name, confidant_str_from(is_known ? text.text : NULL));
}

static void print_turn(const confidant_turn *turn)
{
    confidant_id id, session;
    must(confidant_turn_id_format(turn->turn_id, &id, NULL), NULL, "id");
    must(confidant_session_id_format(turn->session_id, &session, NULL), NULL, "id");
    printf("{\"number\":%u", turn->number);
    json("turn", confidant_str_from(id.text));
    json("session", confidant_str_from(session.text));
    printf(",\"channel\":%d", turn->channel);
    json_time("at", turn->at_ms, true);
    json("said", turn->said);
    json("answer", turn->answer);
    json("by", turn->answered_by);
    json_time("answered_at", turn->answered_at_ms, turn->has_answered_at);
    if (turn->has_confidence) {
        printf(",\"percent\":%d", (int)(turn->confidence * 100 + 0.5));
    } else {
        printf(",\"percent\":null");
    }
    printf(",\"resolved\":%s", turn->resolved ? "true" : "false");
    json("metadata", turn->metadata);
    printf("}\n");
}

// What a question finds among the turns and the articles.
static void print_found(const struct host *host)
{
    confidant_error *err = NULL;
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = confidant_str_from("Was the link ever mailed again?");
    query.limit = 1;
    confidant_recalled *recalled = NULL;
    must(confidant_memory_recall(host->memory, &query, &recalled, &err), err, "recall");
    const confidant_turn *best = confidant_recalled_at(recalled, 0)->turn;
    confidant_id id;
    must(confidant_turn_id_format(best->turn_id, &id, NULL), NULL, "id");
    printf("{\"recalled\":%u", best->number);
    json("turn", confidant_str_from(id.text));
    printf("}\n");
    confidant_recalled_free(recalled);
    confidant_collection *base = NULL;
    confidant_documents *found = NULL;
    uint64_t count = 0;
    must(confidant_knowledge_open(host->store, confidant_str_from("acme"), &base, &err), err, "knowledge");
    must(confidant_collection_count(base, &count, &err), err, "count");
    must(confidant_collection_search(base, confidant_str_from("Where do I see my bill?"), 1, NULL, 0, &found, &err), err, "search");
    const confidant_document *article = confidant_documents_at(found, 0);
    printf("{\"articles\":%u", (unsigned)count);
    json("found", article->key);
    json("title", article->title);
    json("passage", article->passage);
    printf("}\n");
    confidant_documents_free(found);
    confidant_collection_free(base);
}

static void print_all(const struct host *host)
{
    confidant_error *err = NULL;
    confidant_turns *turns = NULL;
    must(confidant_memory_turns(host->memory, 0, 1000, &turns, &err), err, "turns");
    for (size_t i = 0; i < confidant_turns_count(turns); i++) {
        print_turn(confidant_turns_at(turns, i));
    }
    confidant_turns_free(turns);
    confidant_sessions *sessions = NULL;
    must(confidant_memory_sessions(host->memory, 0, 1000, &sessions, &err), err, "sessions");
    for (size_t i = 0; i < confidant_sessions_count(sessions); i++) {
        const confidant_session_figures *one = confidant_sessions_at(sessions, i);
        confidant_id id;
        must(confidant_session_id_format(one->session_id, &id, NULL), NULL, "id");
        printf("{\"turns\":%u", (unsigned)one->turns);
        json("session", confidant_str_from(id.text));
        json_time("opened_at", one->opened_at_ms, true);
        json_time("closed_at", one->closed_at_ms, one->is_closed);
        printf(",\"rating\":%u,\"resolved\":%s}\n", one->rating, one->resolved ? "true" : "false");
    }
    confidant_sessions_free(sessions);
    confidant_preferences *preferences = NULL;
    must(confidant_memory_preferences(host->memory, &preferences, &err), err, "preferences");
    printf("{\"customer_turns\":%u", (unsigned)confidant_preferences_customer_turns(preferences));
    json("preferences", confidant_preferences_text(preferences));
    printf("}\n");
    confidant_preferences_free(preferences);
    confidant_summary summary = CONFIDANT_SUMMARY_INIT;
    must(confidant_store_summarize(host->store, confidant_str_from("acme"), &summary, &err), err, "analytics");
    printf("{\"sessions\":%u,\"resolved_sessions\":%u,\"turns\":%u,\"answered_turns\":%u,\"resolved_turns\":%u}\n",
           (unsigned)summary.sessions, (unsigned)summary.resolved_sessions, (unsigned)summary.turns,
           (unsigned)summary.answered_turns, (unsigned)summary.resolved_turns);
    print_found(host);
}

int main(int argc, char **argv)
{
    FILE *transcript = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (transcript == NULL) {
        fprintf(stderr, "usage: golden TRANSCRIPT STORE\n");
        return EXIT_FAILURE;
    }
    struct host host = { 0 };
    confidant_error *err = NULL;
    confidant_config *config = NULL;
    confidant_clock clock = CONFIDANT_CLOCK_INIT;
    clock.user_data = &host.clock;
    clock.now_ms = now_ms;
    must(confidant_config_new(&config, &err), err, "config");
    must(confidant_config_set_clock(config, &clock, &err), err, "clock");
    must(confidant_store_open(confidant_str_from(argv[2]), config, &host.store, &err), err, "open");
    confidant_config_free(config);
    must(confidant_memory_open(host.store, confidant_str_from("acme"), confidant_str_from("alice"), &host.memory, &err), err,
         "memory");
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.complete = complete;
    callbacks.name = confidant_str_from("golden");
    callbacks.is_free = 1;
    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    confidant_llm *llm = NULL;
    must(confidant_llm_new(&callbacks, &llm, &err), err, "model");
    options.llm = llm;
    must(confidant_agent_new(host.store, &options, &host.agent, &err), err, "agent");
    confidant_llm_free(llm);

    char line[LINE];
    while (fgets(line, sizeof line, transcript) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') {
            continue;
        }
        static char none[] = "-";
        char *fields[FIELDS] = { none, none, none, none, none, none, none, none };
        char *rest = line;
        for (size_t i = 0; i < FIELDS && rest != NULL; i++) {
            fields[i] = rest;
            rest = strchr(rest, '\t');
            if (rest != NULL) {
                *rest++ = '\0';
            }
        }
        play(&host, fields);
    }
    fclose(transcript);
    print_all(&host);
    confidant_session_free(host.session);
    confidant_agent_free(host.agent);
    confidant_memory_free(host.memory);
    confidant_store_close(host.store);
    return EXIT_SUCCESS;
}
