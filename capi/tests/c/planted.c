// Bugs that the tools must find; a sanitizer job that has stopped looking turns red.
//
//   planted overflow | use-after-free | leak | race | undefined

#include "fixture.h"

#include <pthread.h>

static int shared;

static void *increment(void *given)
{
    (void)given;
    for (int at = 0; at < 1000; at++) shared++;
    return NULL;
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 3);
    fixture_open(argv[1]);
    confidant_memory *customer = NULL;
    confidant_context *context = NULL;
    REQUIRE(confidant_memory_open(f.memory, TEXT("acme"), TEXT("planted"), &customer, NULL) == CONFIDANT_OK);
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    char *said = malloc(16);
    memset(said, 'x', 16);
    turn.said = (confidant_str){ said, 16 };
    const char *bug = argv[2];
    if (strcmp(bug, "overflow") == 0) {
        turn.said.len = 17; // One byte too many: the library reads what the host says.
    }
    if (strcmp(bug, "undefined") == 0) {
        volatile int most = INT_MAX;
        shared = most + argc;
    }
    REQUIRE(confidant_memory_save_turn(customer, &turn, NULL, NULL) != CONFIDANT_ERR_INTERNAL);
    free(said);
    REQUIRE(confidant_memory_load_context(customer, &context, NULL) == CONFIDANT_OK);
    if (strcmp(bug, "use-after-free") == 0) {
        confidant_context *stale = context;
        confidant_context_free(context);
        REQUIRE(confidant_memory_invalidate(customer, NULL) == CONFIDANT_OK);
        context = NULL;
        printf("%zu\n", confidant_context_count(stale));
    }
    if (strcmp(bug, "leak") == 0) {
        context = NULL;
        REQUIRE(confidant_memory_invalidate(customer, NULL) == CONFIDANT_OK);
    }
    if (strcmp(bug, "race") == 0) {
        pthread_t one, other;
        pthread_create(&one, NULL, increment, NULL);
        pthread_create(&other, NULL, increment, NULL);
        pthread_join(one, NULL);
        pthread_join(other, NULL);
    }
    confidant_context_free(context);
    confidant_memory_free(customer);
    fixture_close();
    return EXIT_SUCCESS;
}
