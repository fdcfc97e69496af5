package confidant

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// lengths is a host's embedder: two numbers a text.
type lengths func(ctx context.Context, texts []string) ([][]float32, error)

func (lengths) Name() string    { return "lengths-1" }
func (lengths) Dimensions() int { return 2 }

func (l lengths) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return l(ctx, texts)
}

func measure(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = []float32{1, float32(len(text))}
	}
	return vectors, nil
}

func TestRecallFindsByEveryCondition(t *testing.T) {
	_, memory := open(t)
	at := time.UnixMilli(1_700_000_000_000)
	must(memory.Save(background, NewTurn{Said: "I cannot log in.", Answer: "I have sent you a new password.", Metadata: `{"ticket":"A-7"}`, At: at}))
	must(memory.Save(background, NewTurn{Said: "Where is my parcel?", Answer: "It arrives today.", Resolved: true, At: at.Add(time.Minute)}))
	found := must(memory.Recall(background, RecallQuery{Question: "did we ever mail the password?", Limit: 1}))
	if len(found.Turns) != 1 || found.Turns[0].Said != "I cannot log in." || len(found.Turns[0].Matches) == 0 || found.Basis == NotCompared {
		t.Errorf("%+v", found)
	}
	for number, query := range []RecallQuery{
		{Metadata: map[string]string{"ticket": `"A-7"`}},
		{Resolution: Unresolved},
		{Until: at.Add(time.Second)},
		{Session: found.Turns[0].Session, Channel: Chat, HasChannel: true, From: at, Until: at.Add(time.Second)},
	} {
		query.Question = "the parcel"
		if got := must(memory.Recall(background, query)); len(got.Turns) != 1 || got.Turns[0].ID != found.Turns[0].ID {
			t.Errorf("%d: %+v", number, got)
		}
	}
	if _, err := memory.Recall(background, RecallQuery{Metadata: map[string]string{"ticket": "{}"}}); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
}

func TestWhatACustomerHasGivenIsNotAskedAgain(t *testing.T) {
	_, memory := open(t)
	must(memory.Save(background, NewTurn{Said: "Order 10-2231 is late. Please email me, don't call."}))
	given := must(memory.Given(background))
	order, ok := given.Newest(EntityOrderID)
	if !ok || order.Value != "10-2231" || "Order 10-2231 is late."[order.Start:order.End] != order.Value {
		t.Errorf("%+v", given.Facts)
	}
	again := must(given.AskedAgain("Hello. Could you give me your order number?"))
	if len(again) != 1 || again[0].Fact != order || again[0].Start == 0 {
		t.Errorf("%+v", again)
	}
	if stated := must(memory.Preferences(background)).Statements; len(stated) == 0 || stated[0].Name != "email" {
		t.Errorf("%+v", stated)
	}
}

func TestAContextKeepsItsBudgetWhoeverCounts(t *testing.T) {
	_, memory := open(t)
	must(memory.Save(background, NewTurn{Said: "Where is my parcel?", Answer: "It arrives today."}))
	request := ContextRequest{Question: "When does it arrive?", MaxTokens: 200, Passages: []Passage{{"Parcels", "Two days."}}}
	guessed := must(memory.Assemble(background, request))
	if !strings.Contains(guessed.Text, "Two days.") || len(guessed.Recent) != 1 || guessed.Passages != 1 || guessed.Tokens > 200 {
		t.Errorf("%+v", guessed)
	}
	request.Count = func(text string) int { return len(text) }
	if counted := must(memory.Assemble(background, request)); counted.Tokens != len(counted.Text) || counted.Tokens > 200 {
		t.Errorf("%+v", counted)
	}
	if EstimateTokens("where is it") < 3 {
		t.Error("too few")
	}
	defer func() {
		if thrown := recover(); thrown != "oops" {
			t.Error(thrown)
		}
	}()
	request.Count = func(string) int { panic("oops") }
	_, _ = memory.Assemble(background, request)
}

func TestArticlesAreFoundByConditionsAndByAnEmbedder(t *testing.T) {
	store, _ := open(t)
	base := must(store.Knowledge("acme"))
	if err := base.Put(background,
		NewDocument{Key: "kb-1", Title: "Refunds", Text: "Money comes back in five days.", Category: "billing", Tags: []string{"money", "refund"}},
		NewDocument{Key: "kb-2", Title: "Hours", Text: "We open at nine.", Category: "shop"},
	); err != nil {
		t.Fatal(err)
	}
	billing := Is("category", `"billing"`)
	for key, where := range map[string]Condition{"kb-1": billing.And(Is("tags", `"refund"`)), "kb-2": billing.Not().Or(Is("tags", `"old"`))} {
		got := must(base.Search(background, "money back", 5, where))
		if len(got.Documents) != 1 || got.Documents[0].Key != key {
			t.Errorf("%s: %+v", key, got)
		}
	}
	if !must(base.CountUse(background, "kb-1", true)) || must(base.CountUse(background, "none", true)) {
		t.Error("use")
	}
	if article, ok, err := base.Get(background, "kb-1"); err != nil || !ok || article.Helped != 1 || len(article.Tags) != 2 {
		t.Error(article, ok, err)
	}
	if _, ok, err := base.Get(background, "none"); ok || err != nil {
		t.Error(err)
	}
	own := must(base.WithEmbedder(lengths(measure)))
	if left, err := own.Embed(background, 10); left != 0 || err != nil {
		t.Error(left, err)
	}
	if got := must(own.Search(background, "money", 1, Condition{})); got.Model != "lengths-1" {
		t.Errorf("%+v", got)
	}
	must(base.WithHTTPEmbedder(HTTPEmbedder{Model: "nomic-embed-text:v1.5", Dimensions: 768})).Close()
	if !must(base.Remove(background, "kb-2")) || must(base.Len(background)) != 1 || base.Snapshot(background) != nil {
		t.Error("removing")
	}
	if err := must(store.Collection("acme", "notes")).Put(background, NewDocument{Key: "a", Text: "b", Category: "c"}); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
}

func TestWhatAnEmbedderSaysComesOutOfTheCall(t *testing.T) {
	store, _ := open(t)
	notes := must(store.Collection("acme", "notes"))
	if err := notes.Put(background, NewDocument{Key: "a", Text: "a walrus"}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	_, err := must(notes.WithEmbedder(lengths(func(context.Context, []string) ([][]float32, error) { return nil, broken }))).Embed(background, 1)
	if !errors.Is(err, broken) || !errors.Is(err, Embedding) || strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
	_, err = must(notes.WithEmbedder(lengths(func(context.Context, []string) ([][]float32, error) { return [][]float32{{1}}, nil }))).Embed(background, 1)
	if !errors.Is(err, Embedding) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(background)
	waits := lengths(func(ctx context.Context, texts []string) ([][]float32, error) {
		cancel()
		<-ctx.Done() // The embedder is given the context of the call.
		return nil, ctx.Err()
	})
	if _, err := must(notes.WithEmbedder(waits)).Embed(ctx, 1); !errors.Is(err, context.Canceled) || !errors.Is(err, Cancelled) {
		t.Error(err)
	}
	var same *Collection
	same = must(notes.WithEmbedder(lengths(func(ctx context.Context, texts []string) ([][]float32, error) {
		same.Close() // The call keeps what it needs.
		must(notes.Search(ctx, "walrus", 1, Condition{}))
		return measure(ctx, texts)
	})))
	if left, err := same.Embed(background, 1); left != 0 || err != nil {
		t.Error(left, err)
	}
	defer func() {
		if thrown := recover(); thrown != "oops" {
			t.Error(thrown)
		}
	}()
	if err := notes.Put(background, NewDocument{Key: "b", Text: "a penguin"}); err != nil {
		t.Fatal(err)
	}
	_, _ = must(notes.WithEmbedder(lengths(func(context.Context, []string) ([][]float32, error) { panic("oops") }))).Embed(background, 2)
}

func TestSignalsAreReadByTheTenantsRules(t *testing.T) {
	rules := must(NewSignalRules(SignalAdditions{Words: map[string]float64{"meh": -3}, Products: []string{"Acme Box"}, OrderIDs: []string{"AB-#####"}}))
	said := "I can't access AB-12345, this is urgent!"
	signals := must(SignalsOf(said, SignalContext{Rules: rules, EarlierSame: 3}))
	topic, ok := signals.Find(SignalTopic)
	if !ok || topic.Name != "login" || said[topic.Cues[0].Start:topic.Cues[0].End] != "can't access" {
		t.Errorf("%+v", signals)
	}
	if len(signals.Entities) != 1 || signals.Entities[0].Kind != EntityOrderID || signals.Entities[0].Start != 15 {
		t.Errorf("%+v", signals.Entities)
	}
	if name := must(SignalsOf("Dulcie Petsch", SignalContext{Expects: EntityName})); name.Entities[0].Kind != EntityName {
		t.Errorf("%+v", name)
	}
	if _, err := NewSignalRules(SignalAdditions{Table: []byte("no table")}); !errors.Is(err, Corrupt) {
		t.Error(err)
	}
	if must(Redact("mail al@example.com")) != "mail [email]" || LanguageOf("Ich kann mich seit gestern nicht anmelden.") != "de" || LanguageOf("ok") != "" {
		t.Error("texts")
	}
}

func TestAReportTellsARangeAndItsHealth(t *testing.T) {
	store, memory := open(t)
	at := time.UnixMilli(1_700_000_000_000)
	must(memory.Save(background, NewTurn{Said: "My invoice is wrong!", Answer: "It is corrected.", Resolved: true, At: at}))
	must(memory.Save(background, NewTurn{Said: "Hello?", At: at.AddDate(0, 0, 2)}))
	whole := must(store.AnalyticsBetween(background, "acme", time.Time{}, time.Time{}))
	if whole.Totals.Turns != 2 || len(whole.Days) != 2 || whole.Topics["billing"] != 1 || !strings.Contains(whole.Prometheus, "confidant_turns 2") {
		t.Errorf("%+v", whole)
	}
	if len(whole.Resolvers) != 1 || whole.Resolvers[0] != (Resolver{Topic: "billing", Turns: 1}) {
		t.Errorf("%+v", whole.Resolvers)
	}
	first := must(memory.AnalyticsBetween(background, at, at.AddDate(0, 0, 1)))
	if first.Totals.TurnResolutionRate != 1 || !math.IsNaN(first.Totals.MeanRating) || !strings.HasPrefix(first.JSON, "{") {
		t.Errorf("%+v", first.Totals)
	}
	one, two := uint64(1), 2.0
	worries, unknown, err := whole.Health(HealthLimits{MinSessionResolutionRate: &two, MinCases: &one})
	if err != nil || len(worries) == 0 || worries[0].Limit != 2 || len(unknown) == 0 {
		t.Error(worries, unknown, err)
	}
}
