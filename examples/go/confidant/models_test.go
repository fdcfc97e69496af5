package confidant

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheLibrarysModelsAnswer(t *testing.T) {
	store, memory := open(t)
	scripted := must(Scripted(
		ScriptedReply{Pieces: []string{"One ", "moment."}, Sources: []string{"kb-1"}, Confidence: 0.25, Resolved: true},
		ScriptedReply{Failure: 5, FailureMessage: "come back later"},
	))
	defer scripted.Close()
	options := AgentOptions{Library: scripted, InputNano: 100, OutputNano: 200, BudgetNano: 1_000_000_000}
	agent := must(NewAgent(store, options))
	defer agent.Close()
	session := must(memory.OpenSession(background, Chat))
	defer session.Release()
	var pieces []string
	reply := must(agent.Respond(background, session, Asked{Text: "Hello?"}, func(piece string) error {
		pieces = append(pieces, piece)
		return nil
	}))
	if reply.Text != "One moment." || len(pieces) != 2 || reply.Confidence != 0.25 || !reply.Resolved || reply.Sources[0] != "kb-1" {
		t.Errorf("%+v %q", reply, pieces)
	}
	if left := must(scripted.Remaining()); left != 1 || scripted.Name() != "scripted" || agent.Model() != "scripted" {
		t.Error(left, scripted.Name(), agent.Model())
	}
	var failed *Error
	if _, err := agent.Respond(background, session, Asked{Text: "Hello?"}, nil); !errors.As(err, &failed) || failed.Failure != 5 {
		t.Error(err)
	}
	spent := must(agent.Spending())
	if spent.Calls != 2 || spent.Failures != 1 || !spent.HasCost || !spent.HasBudget || spent.BudgetNano != options.BudgetNano {
		t.Errorf("%+v", spent)
	}

	offline := must(Offline(Article{Title: "Invoices", Content: "Open Account, then Billing.", Category: "billing",
		Keywords: "bill receipt", Steps: []string{"Open Account", "Press Billing"}}))
	if !offline.IsFree() {
		t.Error("the offline model costs something")
	}
	if _, err := offline.Remaining(); !errors.Is(err, Unsupported) {
		t.Error(err)
	}
	if reply, err := ask(background, t, store, memory, AgentOptions{Library: offline}, nil); err != nil || reply.Text == "" {
		t.Error(reply, err)
	}
	offline.Close()
	if _, err := NewAgent(store, AgentOptions{Library: offline}); !errors.Is(err, Closed) {
		t.Error(err)
	}
}

func TestAnOllamaServerAnswers(t *testing.T) {
	store, memory := open(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		if r.URL.Path == "/api/tags" {
			_, _ = w.Write([]byte(`{"models":[{"name":"small"},{"name":"large"}]}`))
			return
		}
		var asked struct{ Model string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		for _, line := range []string{
			`{"model":"small","message":{"role":"assistant","content":"Good "},"done":false}`,
			`{"model":"small","message":{"role":"assistant","content":"day from ` + asked.Model + `."},"done":false}`,
			`{"model":"small","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}`,
		} {
			_, _ = w.Write([]byte(line + "\n"))
		}
	}))
	defer server.Close()
	model := must(Ollama(OllamaOptions{Model: "small", BaseURL: server.URL, NoRetries: true, Deadline: 10 * time.Second}))
	defer model.Close()
	if names := must(model.Models(background)); strings.Join(names, " ") != "small large" {
		t.Error(names)
	}
	if reply := must(ask(background, t, store, memory, AgentOptions{Library: model}, nil)); reply.Text != "Good day from small." {
		t.Errorf("%+v", reply)
	}
	if _, err := Ollama(OllamaOptions{}); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
}

func TestAnExtractorLearnsStepByStepWhatTheWholeHistoryShows(t *testing.T) {
	_, memory := open(t)
	for i := 0; i < 5; i++ {
		must(memory.Save(background, NewTurn{Said: "Could you please help me with my invoice? Thank you very much."}))
	}
	extractor := must(NewExtractor(ExtractorOptions{SupportPreset: true}))
	defer extractor.Close()
	for _, want := range []int{2, 2, 1, 0} {
		if learned := must(extractor.Learn(background, memory, 2)); learned != want {
			t.Errorf("%d, not %d", learned, want)
		}
	}
	if err := extractor.LearnNewest(background, memory); err != nil {
		t.Error(err) // Covered already.
	}
	turns := must(memory.Load(background)).Turns
	whole, steps := must(memory.Preferences(background)), must(extractor.Conclude())
	if steps.CustomerTurns != 5 || steps.Text != whole.Text || extractor.Covered() != turns[4].ID || extractor.RulesVersion() == "" {
		t.Errorf("%+v is not %+v", steps, whole)
	}
	other := must(NewExtractor(ExtractorOptions{SupportPreset: true}))
	defer other.Close()
	if err := other.Restore(must(extractor.State())); err != nil || must(other.Conclude()).Text != steps.Text {
		t.Error(err)
	}
	if err := other.Restore("no state"); !errors.Is(err, Corrupt) {
		t.Error(err)
	}
	if had := must(other.Unlearn(turns[0].ID)); !had || must(other.Unlearn(turns[0].ID)) || must(other.Conclude()).CustomerTurns != 4 {
		t.Error("a turn was not unlearned once")
	}
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			must(extractor.Learn(background, memory, 10))
			must(extractor.Conclude())
			must(extractor.State())
		}()
	}
	all.Wait()
	memory.Close()
	if _, err := extractor.Learn(background, memory, 1); !errors.Is(err, Closed) {
		t.Error(err)
	}
}

func TestManyTurnsAreSavedAllOrNone(t *testing.T) {
	_, memory := open(t)
	turns := []NewTurn{{Said: "one", Key: "k1"}, {HasSaid: true, Answer: "two", AnsweredBy: "Maria", Metadata: `{"a":1}`}, {Said: "three"}}
	ids := must(memory.SaveAll(background, turns))
	got := must(memory.Load(background)).Turns
	if len(ids) != 3 || ids[1] != got[1].ID || got[1].AnsweredBy != "Maria" || !got[1].HasSaid || got[1].Metadata != `{"a":1}` {
		t.Errorf("%v %+v", ids, got)
	}
	if again := must(memory.SaveAll(background, turns[:1])); again[0] != ids[0] {
		t.Error(again)
	}
	if _, err := memory.SaveAll(background, []NewTurn{{Said: "four"}, {}}); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
	if none, err := memory.SaveAll(background, nil); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
	began := time.UnixMilli(1_700_000_000_000).UTC()
	session := must(memory.OpenSessionAt(background, Email, began))
	defer session.Release()
	must(session.SaveAll(background, []NewTurn{{Said: "five", At: began}, {Said: "six", At: began}}))
	if figures := must(session.Metrics(background)); figures.Turns != 2 || session.Channel() != Email || session.OpenedAt() != began {
		t.Errorf("%+v", figures)
	}
	if loaded := must(session.Load(background)); loaded.Total != 5 {
		t.Errorf("%+v", loaded)
	}
	if id := must(ParseTurnID(ids[0].String())); id != ids[0] {
		t.Error(id)
	}
	if id := must(ParseSessionID(session.ID().String())); id != session.ID() {
		t.Error(id)
	}
	if _, err := ParseTurnID("nonsense"); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
}

func TestAStoreIsKeptAndTellsItsFigures(t *testing.T) {
	path := t.TempDir() + "/b.db"
	settings := []Option{PersistEvery(100), HotBytes(1 << 20), HotTTL(time.Hour), MaxTextBytes(1000), SurvivesProcessCrash()}
	store := must(Open(path, settings...))
	defer store.Close()
	memory := must(store.Memory("acme", "alice"))
	defer memory.Close()
	must(memory.SaveAll(background, []NewTurn{{Said: "one"}, {Said: "two"}}))
	if _, err := memory.Save(background, NewTurn{Said: strings.Repeat("x", 1001)}); !errors.Is(err, Limit) {
		t.Error(err)
	}
	if stats := must(memory.Stats(background)); stats != (BufferStats{2, 2, 2}) {
		t.Errorf("%+v", stats)
	}
	if err := memory.Flush(background); err != nil {
		t.Error(err)
	}
	must(memory.Load(background))
	stats := must(store.Stats(background))
	if stats.Pending != 0 || stats.HotCustomers != 1 || stats.BytesOnDisk == 0 || !strings.HasSuffix(store.Location(), "b.db") {
		t.Errorf("%+v %s", stats, store.Location())
	}
	for _, err := range []error{memory.Invalidate(background), store.Invalidate(background), store.Compact(background)} {
		if err != nil {
			t.Error(err)
		}
	}
	if done := must(store.Maintain(background)); done.Trained != 0 {
		t.Errorf("%+v", done) // Too little to train from.
	}
	if report := must(store.Check(background)); report.Turns != 2 || len(report.Findings) != 0 {
		t.Errorf("%+v", report)
	}
}

func TestTextsAreNormalizedAndSearchedForWhatMustNotBeKept(t *testing.T) {
	said := "Sooooo \uff22\uff21\uff24, it\u2019s late"
	normal := must(Normalize(said))
	defer normal.Close()
	if normal.Text != "Soo BAD, it's late" {
		t.Error(normal.Text)
	}
	at := strings.Index(normal.Text, "BAD")
	start, end, err := normal.Original(at, at+3)
	if err != nil || said[start:end] != "\uff22\uff21\uff24" {
		t.Error(start, end, err)
	}
	if _, _, err := normal.Original(3, 400); !errors.Is(err, InvalidArgument) {
		t.Error(err)
	}
	mail := "mail al@example.com"
	if found := must(FindSensitive(mail)); len(found) != 1 || found[0].Kind != SensitiveEmail || mail[found[0].Start:] != "al@example.com" {
		t.Errorf("%+v", found)
	}
}
