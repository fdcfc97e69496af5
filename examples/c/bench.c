// What a call costs from C: one JSON line a figure, the median of many rounds.
//
//   make bench          builds and runs it on a fresh file

#define _POSIX_C_SOURCE 200809L

#include "confidant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(literal) ((confidant_str){ literal, sizeof(literal) - 1 })
#define ROUNDS 101
#define TURNS 50

static void must(confidant_status status, const char *what)
{
    if (status != CONFIDANT_OK) {
        fprintf(stderr, "%s: status %d\n", what, status);
        exit(EXIT_FAILURE);
    }
}

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static int by_size(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static volatile uint64_t seen;

static const confidant_store *store;
static const confidant_memory *customer;

static void bare(void)
{
    seen += confidant_abi_version();
}

static void load(void)
{
    confidant_context *context = NULL;
    must(confidant_memory_load_context(customer, &context, NULL), "load_context");
    confidant_context_free(context);
}

static void load_and_view(void)
{
    confidant_context *context = NULL;
    must(confidant_memory_load_context(customer, &context, NULL), "load_context");
    uint64_t bytes = 0;
    for (size_t i = 0; i < TURNS; i++) {
        const confidant_turn *turn = confidant_context_turn(context, i);
        bytes += turn->said.len + turn->answer.len;
    }
    seen += bytes;
    confidant_context_free(context);
}

static void load_and_step(void)
{
    confidant_context *context = NULL;
    must(confidant_memory_load_context(customer, &context, NULL), "load_context");
    size_t count;
    const char *at = (const char *)confidant_context_turns(context, &count);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const confidant_turn *turn = (const confidant_turn *)at;
        bytes += turn->said.len + turn->answer.len;
        at += turn->struct_size;
    }
    seen += bytes;
    confidant_context_free(context);
}

static void load_flat(void)
{
    confidant_context *context = NULL;
    must(confidant_memory_load_context(customer, &context, NULL), "load_context");
    confidant_bytes flat;
    must(confidant_context_flat(context, &flat, NULL), "flat");
    seen += flat.len;
    confidant_context_free(context);
}

static void save(void)
{
    confidant_memory *other = NULL;
    must(confidant_memory_open(store, TEXT(CONFIDANT_DEFAULT_TENANT), TEXT("bob"), &other, NULL), "memory_open");
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    turn.said = TEXT("Where is my parcel?");
    turn.answer = TEXT("It arrives today.");
    must(confidant_memory_save_turn(other, &turn, NULL, NULL), "save_turn");
    confidant_memory_free(other);
}

static void figure(const char *name, void (*what)(void), int calls, double limit_ns)
{
    double rounds[ROUNDS];
    for (int warm = 0; warm < calls; warm++) {
        what();
    }
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        for (int call = 0; call < calls; call++) {
            what();
        }
        rounds[round] = (now_ns() - begin) / calls;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    printf("{\"bench\":\"%s\",\"ns_median\":%.1f,\"ns_min\":%.1f,\"ns_p90\":%.1f,\"rounds\":%d,\"calls\":%d", name,
           rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS * 9 / 10], ROUNDS, calls);
    if (limit_ns > 0) {
        printf(",\"limit_ns\":%.0f", limit_ns);
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    confidant_store *memory = NULL;
    must(confidant_store_open(confidant_str_from(argc > 1 ? argv[1] : "bench.db"), NULL, &memory, NULL), "open");
    confidant_memory *alice = NULL;
    must(confidant_memory_open(memory, TEXT(CONFIDANT_DEFAULT_TENANT), TEXT("alice"), &alice, NULL), "memory_open");
    confidant_new_turn turns[TURNS];
    for (size_t i = 0; i < TURNS; i++) {
        turns[i] = (confidant_new_turn)CONFIDANT_NEW_TURN_INIT;
        turns[i].said = TEXT("I ordered two lamps last week and the parcel came with only one of them. What now?");
        turns[i].answer = TEXT("I am sorry about that. The second lamp was sent on Tuesday and arrives tomorrow.");
    }
    must(confidant_memory_save_turns(alice, turns, TURNS, NULL, NULL), "save_turns");
    store = memory;
    customer = alice;
    figure("bare_call", bare, 100000, 10);
    figure("load_context_hot", load, 2000, 0);
    figure("load_context_hot_with_50_views", load_and_step, 2000, 300);
    figure("load_context_hot_with_50_views_by_50_calls", load_and_view, 2000, 0);
    figure("load_context_hot_flat", load_flat, 2000, 0);
    figure("memory_open_and_save_turn_durable", save, 5, 0);
    confidant_memory_free(alice);
    confidant_store_close(memory);
    return EXIT_SUCCESS;
}
