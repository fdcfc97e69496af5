package confidant

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// model is a host's model that is a function.
type model func(ctx context.Context, request *Request, emit func(string) error) (Answer, error)

func (model) Name() string { return "test" }

func (m model) Complete(ctx context.Context, request *Request, emit func(string) error) (Answer, error) {
	return m(ctx, request, emit)
}

func polite(_ context.Context, _ *Request, emit func(string) error) (Answer, error) {
	for _, piece := range []string{"Good ", "day."} {
		if err := emit(piece); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Confidence: 0.5}, nil
}

var background = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func open(t *testing.T) (*Store, *Memory) {
	store := must(Open(filepath.Join(t.TempDir(), "a.db")))
	memory := must(store.Memory("acme", "alice"))
	t.Cleanup(func() { memory.Close(); store.Close() })
	return store, memory
}

func ask(ctx context.Context, t *testing.T, store *Store, memory *Memory, options AgentOptions, onText func(string) error) (*Reply, error) {
	agent := must(NewAgent(store, options))
	defer agent.Close()
	session := must(memory.OpenSession(background, Chat))
	defer session.Release()
	return agent.Respond(ctx, session, Asked{Text: "Hello?"}, onText)
}

func TestTextsComeBackExactly(t *testing.T) {
	_, memory := open(t)
	for _, said := range []string{"plain", "Gr\u00fc\u00df Gott \U0001f600", "", "NUL \x00 inside"} {
		must(memory.Save(background, NewTurn{Said: said, HasSaid: true, At: time.UnixMilli(1_795_253_400_000)}))
		turns := must(memory.Load(background)).Turns
		last := turns[len(turns)-1]
		if last.Said != said || !last.HasSaid || last.HasAnswer || int(last.Number) != len(turns) {
			t.Errorf("%q came back as %+v", said, last)
		}
		if got := must(memory.Turn(background, last.ID)); got != last {
			t.Errorf("%+v is not %+v", got, last)
		}
	}
}

func TestErrorsHaveAStatusAndWords(t *testing.T) {
	_, memory := open(t)
	_, err := memory.Turn(background, 7)
	var failed *Error
	if !errors.Is(err, NotFound) || errors.Is(err, Busy) || !errors.As(err, &failed) || failed.Message == "" {
		t.Error(err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "missing", "a.db")); !errors.Is(err, NotFound) || IsRetryable(err) {
		t.Error(err)
	}
	if NotFound.Error() != "not found" {
		t.Error(NotFound.Error())
	}
}

func TestAClosedHandleIsRefused(t *testing.T) {
	_, memory := open(t)
	memory.Close()
	memory.Close()
	if _, err := memory.Load(background); !errors.Is(err, Closed) {
		t.Error(err)
	}
}

func TestAContextThatEndedStopsCalls(t *testing.T) {
	store, memory := open(t)
	ctx, cancel := context.WithCancel(background)
	waits := model(func(ctx context.Context, _ *Request, emit func(string) error) (Answer, error) {
		cancel()
		<-ctx.Done() // The model is given the context of Respond.
		return Answer{}, emit("too late")
	})
	_, err := ask(ctx, t, store, memory, AgentOptions{Model: waits}, nil)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, Cancelled) {
		t.Error(err)
	}
	if _, err := memory.Save(ctx, NewTurn{Said: "never"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if turns := must(memory.Load(background)); turns.Total != 1 || turns.Turns[0].HasAnswer {
		t.Errorf("%+v", turns)
	}
}

func TestWhatCallbacksSayComesOutOfRespond(t *testing.T) {
	store, memory := open(t)
	broken := errors.New("broken")
	_, err := ask(background, t, store, memory, AgentOptions{Model: model(polite)}, func(string) error { return broken })
	if !errors.Is(err, broken) || !errors.Is(err, Cancelled) {
		t.Error(err)
	}
	fails := model(func(context.Context, *Request, func(string) error) (Answer, error) { return Answer{}, broken })
	_, err = ask(background, t, store, memory, AgentOptions{Model: fails}, nil)
	if !errors.Is(err, broken) || !errors.Is(err, LLM) || strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
	tired := model(func(context.Context, *Request, func(string) error) (Answer, error) {
		return Answer{}, &ModelError{5, "come back later"}
	})
	reply, err := ask(background, t, store, memory, AgentOptions{Model: tired, Fallback: "One moment, please."}, nil)
	var failed *Error
	if err != nil || reply.Text != "One moment, please." || !errors.As(reply.Failure, &failed) || failed.Failure != 5 {
		t.Error(reply, err)
	}
	defer func() {
		if thrown := recover(); thrown != "oops" {
			t.Error(thrown)
		}
	}()
	_, _ = ask(background, t, store, memory, AgentOptions{Model: model(polite)}, func(string) error { panic("oops") })
}

func TestAModelMayCallTheLibraryAndCloseItsAgent(t *testing.T) {
	store, memory := open(t)
	var agent *Agent
	agent = must(NewAgent(store, AgentOptions{Model: model(func(ctx context.Context, _ *Request, emit func(string) error) (Answer, error) {
		agent.Close()
		return Answer{}, emit(fmt.Sprint(must(memory.Load(ctx)).Total))
	})}))
	session := must(memory.OpenSession(background, Chat))
	if reply := must(agent.Respond(background, session, Asked{Text: "Hello?"}, nil)); reply.Text != "1" {
		t.Error(reply)
	}
	if _, err := agent.Respond(background, session, Asked{Text: "Hello?"}, nil); !errors.Is(err, Closed) {
		t.Error(err)
	}
}

func TestTheCollectorFreesWhatNobodyClosed(t *testing.T) {
	store, _ := open(t)
	for i := 0; i < 200; i++ {
		memory := must(store.Memory("acme", fmt.Sprint(i)))
		if must(memory.Load(background)).Total != 0 {
			t.Error("a stranger has turns")
		}
		if i%50 == 0 {
			runtime.GC()
		}
	}
}

func TestManyGoroutinesShareAMemoryWhileItIsClosed(t *testing.T) {
	store, memory := open(t)
	agent := must(NewAgent(store, AgentOptions{Model: model(polite)}))
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			session := must(memory.OpenSession(background, App))
			for j := 0; j < 10; j++ {
				must(session.Save(background, NewTurn{Said: fmt.Sprintf("%d-%d", i, j)}))
				must(memory.Load(background))
			}
			if reply := must(agent.Respond(background, session, Asked{Text: "Hello?"}, func(string) error { return nil })); reply.Text != "Good day." {
				t.Error(reply)
			}
			must(session.Close(background, Outcome{Resolved, 5}))
		}(i)
	}
	all.Wait()
	if summary := must(memory.Analytics(background)); summary.Turns != 88 || summary.MeanRating != 5 {
		t.Errorf("%+v", summary)
	}
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for j := 0; j < 20; j++ {
				if _, err := memory.Load(background); err != nil && !errors.Is(err, Closed) {
					t.Error(err)
				}
				if i == 3 && j == 10 {
					memory.Close()
				}
			}
		}(i)
	}
	all.Wait()
}
