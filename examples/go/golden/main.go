// Plays a conversation from a file into a store with a clock that stands, and prints what is stored as JSON lines.
//
// The hosts of the other languages do the same; tests/hosts.rs compares the lines and the files.
//
//	golden TRANSCRIPT STORE
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"example.com/support/confidant"
)

type model struct{}

func (model) Name() string { return "golden" }

func (model) Complete(_ context.Context, request *confidant.Request, emit func(string) error) (confidant.Answer, error) {
	count := len(request.Messages)
	text := fmt.Sprintf("%d bytes and %d messages.", len(request.Messages[count-1].Text), count)
	for _, piece := range []string{"I was given ", text} {
		if err := emit(piece); err != nil {
			return confidant.Answer{}, err
		}
	}
	return confidant.Answer{Confidence: 0.75, Resolved: true, InputTokens: 100, OutputTokens: 10}, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

type host struct {
	clock   int64
	store   *confidant.Store
	memory  *confidant.Memory
	agent   *confidant.Agent
	session *confidant.Session
	last    confidant.TurnID
}

// field gives a field, and whether it is given at all.
func field(fields []string, place int) (string, bool) {
	if place >= len(fields) || fields[place] == "-" {
		return "", false
	}
	return fields[place], true
}

func number(fields []string, place int) int64 {
	text, is := field(fields, place)
	if !is {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return n
}

func (h *host) play(ctx context.Context, f []string) {
	var err error
	switch f[0] {
	case "clock":
		atomic.StoreInt64(&h.clock, number(f, 1))
	case "open":
		h.session, err = h.memory.OpenSession(ctx, confidant.Channel(number(f, 1)))
	case "save", "say":
		var turn confidant.NewTurn
		turn.Key, _ = field(f, 1)
		turn.Said, turn.HasSaid = field(f, 2)
		turn.Answer, turn.HasAnswer = field(f, 3)
		turn.AnsweredBy, _ = field(f, 4)
		_, turn.HasConfidence = field(f, 5)
		turn.Confidence = float64(number(f, 5)) / 100
		turn.Resolved = number(f, 6) != 0
		turn.Metadata, _ = field(f, 7)
		h.last, err = h.session.Save(ctx, turn)
	case "answer":
		var answer confidant.NewAnswer
		answer.Text, _ = field(f, 1)
		answer.By, _ = field(f, 2)
		_, answer.HasConfidence = field(f, 3)
		answer.Confidence = float64(number(f, 3)) / 100
		answer.Resolved = number(f, 4) != 0
		err = h.session.Answer(ctx, h.last, answer)
	case "ask":
		_, err = h.agent.Respond(ctx, h.session, confidant.Asked{Text: f[1]}, nil)
	case "close":
		outcome := confidant.Outcome{Resolution: confidant.Resolution(number(f, 1)), Rating: int(number(f, 2))}
		_, err = h.session.Close(ctx, outcome)
	case "article":
		var base *confidant.Collection
		base, err = h.store.Knowledge("acme")
		must(err)
		defer base.Close()
		err = base.Put(ctx, confidant.NewDocument{Key: f[1], Title: f[2], Text: f[3], Category: f[4]})
	}
	must(err)
}

func json(text string, is bool) string {
	if !is {
		return "null"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func jsonTime(at time.Time) string {
	return json(at.Format("2006-01-02T15:04:05.000Z"), !at.IsZero())
}

func (h *host) print(ctx context.Context) {
	turns, err := h.memory.Turns(ctx, 0, 1000)
	must(err)
	for _, one := range turns {
		percent := "null"
		if one.HasConfidence {
			percent = strconv.Itoa(int(math.Round(one.Confidence * 100)))
		}
		fmt.Printf(`{"number":%d,"turn":"%s","session":"%s","channel":%d,"at":%s,"said":%s,"answer":%s,"by":%s,`+
			`"answered_at":%s,"percent":%s,"resolved":%t,"metadata":%s}`+"\n",
			one.Number, one.ID, one.Session, one.Channel, jsonTime(one.At), json(one.Said, one.HasSaid),
			json(one.Answer, one.HasAnswer), json(one.AnsweredBy, one.AnsweredBy != ""), jsonTime(one.AnsweredAt),
			percent, one.Resolved, json(one.Metadata, one.Metadata != ""))
	}
	sessions, err := h.memory.Sessions(ctx, 0, 1000)
	must(err)
	for _, one := range sessions {
		fmt.Printf(`{"turns":%d,"session":"%s","opened_at":%s,"closed_at":%s,"rating":%d,"resolved":%t}`+"\n",
			one.Turns, one.ID, jsonTime(one.OpenedAt), jsonTime(one.ClosedAt), one.Rating, one.Resolved)
	}
	preferences, err := h.memory.Preferences(ctx)
	must(err)
	fmt.Printf(`{"customer_turns":%d,"preferences":%s}`+"\n", preferences.CustomerTurns, json(preferences.Text, true))
	summary, err := h.store.Analytics(ctx, "acme")
	must(err)
	fmt.Printf(`{"sessions":%d,"resolved_sessions":%d,"turns":%d,"answered_turns":%d,"resolved_turns":%d}`+"\n",
		summary.Sessions, summary.ResolvedSessions, summary.Turns, summary.AnsweredTurns, summary.ResolvedTurns)
	recalled, err := h.memory.Recall(ctx, confidant.RecallQuery{Question: "Was the link ever mailed again?", Limit: 1})
	must(err)
	fmt.Printf(`{"recalled":%d,"turn":"%s"}`+"\n", recalled.Turns[0].Number, recalled.Turns[0].ID)
	base, err := h.store.Knowledge("acme")
	must(err)
	defer base.Close()
	count, err := base.Len(ctx)
	must(err)
	found, err := base.Search(ctx, "Where do I see my bill?", 1, confidant.Condition{})
	must(err)
	article := found.Documents[0]
	fmt.Printf(`{"articles":%d,"found":%s,"title":%s,"passage":%s}`+"\n", count, json(article.Key, true),
		json(article.Title, true), json(article.Passage, true))
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: golden TRANSCRIPT STORE")
	}
	transcript, err := os.ReadFile(os.Args[1])
	must(err)
	ctx, h := context.Background(), &host{}
	h.store, err = confidant.Open(os.Args[2], confidant.Clock(func() time.Time {
		return time.UnixMilli(atomic.LoadInt64(&h.clock))
	}))
	must(err)
	defer h.store.Close()
	h.memory, err = h.store.Memory("acme", "alice")
	must(err)
	defer h.memory.Close()
	h.agent, err = confidant.NewAgent(h.store, confidant.AgentOptions{Model: model{}, ModelFree: true})
	must(err)
	defer h.agent.Close()
	for _, line := range strings.Split(string(transcript), "\n") {
		if line != "" && line[0] != '#' {
			h.play(ctx, strings.Split(line, "\t"))
		}
	}
	h.print(ctx)
}
