// What every generated case needs: one open memory, and fresh handles of each kind.

#ifndef FIXTURE_H
#define FIXTURE_H

#include "confidant.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((confidant_str){ literal, sizeof(literal) - 1 })

// Not by confidant_str_from: where a panic is planted, that would be the call that meets it.
#define LITERAL(text) ((confidant_str){ text, strlen(text) })

#define REQUIRE(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: it does not hold that %s\n", __FILE__, __LINE__, #condition); \
            exit(EXIT_FAILURE); \
        } \
    } while (0)

struct fixture {
    confidant_store *memory;
    const char *path;
    confidant_config *config;
    confidant_memory *customer;
    confidant_session *session;
    confidant_context *context;
    confidant_turns *turns;
    confidant_sessions *sessions;
    confidant_preferences *preferences;
    confidant_extractor *extractor;
    confidant_llm *scripted;
    confidant_llm *ollama;
    confidant_llm *host;
    confidant_agent *agent;
    confidant_reply *reply;
    confidant_check_report *report;
    confidant_error *error;
    confidant_names *names;
    // Made by fixture_need.
    confidant_recalled *recalled;
    confidant_given *given;
    confidant_asked_again *asked;
    confidant_signal_rules *rules;
    confidant_signals *signals;
    confidant_redacted *redacted;
    confidant_normalized *normalized;
    confidant_embedder *embedder;
    confidant_collection *collection;
    confidant_documents *documents;
    confidant_assembled *assembled;
    confidant_analytics_report *figures;
    confidant_health *health;
    uint64_t turn_id, session_id;
    char turn_text[40], session_text[40];
    confidant_str state;
    // Of the callback that the case runs in.
    const confidant_llm_request *request;
    confidant_llm_reply *llm_reply;
    // Results of every kind.
    confidant_error *err;
    uint64_t number;
    uint64_t numbers[4];
    int64_t time;
    size_t count;
    confidant_flag flag;
    double real;
    confidant_id id;
    confidant_bytes bytes;
    confidant_str text;
};

extern struct fixture f;

typedef void (*fixture_case)(void);

void fixture_open(const char *folder);
void fixture_close(void);
void fixture_setup(void);
// Makes one of the fixture's later handles, given by its address, if it is not there.
void fixture_need(const void *handle);
void fixture_teardown(void);
// Runs a case inside a model's callback, so that a request and a reply are there.
void fixture_inside(fixture_case what);

// Data that was given and taken back, over all callbacks.
extern long fixture_given, fixture_taken_back;
confidant_clock fixture_clock(void);
confidant_llm_callbacks fixture_callbacks(void);
confidant_text_sink fixture_sink(void);
confidant_embedder_callbacks fixture_embedder(void);
confidant_token_counter fixture_counter(void);

#endif
