// A small support program in Go: three sessions of one customer on one file, answered by a model of the host's own.
//
//	make run            builds and runs it on a fresh file
//	support FILE        runs it on a file of yours
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"example.com/support/confidant"
)

// table is the host's own model: here a table of answers, in your program a call to whatever you run.
type table struct{}

func (table) Name() string { return "table-of-answers" }

func (table) Complete(ctx context.Context, request *confidant.Request, emit func(string) error) (confidant.Answer, error) {
	if request.Messages[len(request.Messages)-1].Text == "" {
		return confidant.Answer{}, &confidant.ModelError{Failure: 12, Message: "there is nothing to answer"}
	}
	for _, piece := range []string{"Thank you for writing. ", "Please open Settings, ", "then choose Sign in again."} {
		if err := emit(piece); err != nil {
			return confidant.Answer{}, err
		}
	}
	return confidant.Answer{Confidence: 0.85, Resolved: true}, nil
}

// converse is one session: the customer writes, the agent answers, piece by piece.
func converse(ctx context.Context, alice *confidant.Memory, agent *confidant.Agent, channel confidant.Channel, messages ...string) error {
	session, err := alice.OpenSession(ctx, channel)
	if err != nil {
		return err
	}
	defer session.Release()
	for _, said := range messages {
		fmt.Printf("Customer: %s\nAgent: ", said)
		reply, err := agent.Respond(ctx, session, confidant.Asked{Text: said}, func(piece string) error {
			fmt.Print(piece)
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Printf(" (confidence %.2f, turn %d)\n", reply.Confidence, reply.Number)
	}
	figures, err := session.Close(ctx, confidant.Outcome{Resolution: confidant.Resolved, Rating: 5})
	if err != nil {
		return err
	}
	fmt.Printf("-- session of %d turns closed\n\n", figures.Turns)
	return nil
}

// byHand is a session whose answers come from people: each half is saved by hand.
func byHand(ctx context.Context, alice *confidant.Memory) error {
	session, err := alice.OpenSession(ctx, confidant.Email)
	if err != nil {
		return err
	}
	defer session.Release()
	turn, err := session.Save(ctx, confidant.NewTurn{
		Said: "Dear team, could you please send me the invoice for my subscription? Thank you very much.",
		Key:  "mail-4711",
	})
	if err != nil {
		return err
	}
	answer := confidant.NewAnswer{Text: "The invoice is attached.", By: "Maria", Resolved: true}
	if err := session.Answer(ctx, turn, answer); err != nil {
		return err
	}
	_, err = session.Close(ctx, confidant.Outcome{})
	return err
}

func showPreferences(ctx context.Context, alice *confidant.Memory) error {
	preferences, err := alice.Preferences(ctx)
	if err != nil {
		return err
	}
	fmt.Println("Preferences:", preferences.Text)
	for _, one := range preferences.All {
		fmt.Printf("  %s, confidence %.2f, %d turns show it", one.Name, one.Confidence, one.EvidenceTurns)
		if shown := one.Evidence; len(shown) > 0 && shown[0].End > 0 {
			turn, err := alice.Turn(ctx, shown[0].Turn)
			if err != nil {
				return err
			}
			fmt.Printf(", such as %q", turn.Said[shown[0].Start:shown[0].End])
		}
		fmt.Println()
	}
	return nil
}

// lookUp shows what was said before, and what the company knows; by meaning, with no network and no model.
func lookUp(ctx context.Context, store *confidant.Store, alice *confidant.Memory) error {
	recalled, err := alice.Recall(ctx, confidant.RecallQuery{Question: "Was the bill ever sent?", Limit: 1})
	if err != nil {
		return err
	}
	fmt.Println("Recall: turn", recalled.Turns[0].Number)
	base, err := store.Knowledge("acme")
	if err != nil {
		return err
	}
	defer base.Close()
	if err := base.Put(ctx,
		confidant.NewDocument{Key: "kb-1", Title: "Signing in", Text: "Open Settings and choose Sign in again.", Category: "login"},
		confidant.NewDocument{Key: "kb-2", Title: "Invoices", Text: "Invoices are in your account.", Category: "billing"},
	); err != nil {
		return err
	}
	found, err := base.Search(ctx, "Where do I find my bill?", 1, confidant.Condition{})
	if err != nil {
		return err
	}
	fmt.Println("Knowledge:", found.Documents[0].Title)
	return nil
}

func run(ctx context.Context, file string) error {
	store, err := confidant.Open(file)
	if err != nil {
		return err
	}
	defer store.Close()
	alice, err := store.Memory("acme", "alice")
	if err != nil {
		return err
	}
	defer alice.Close()
	agent, err := confidant.NewAgent(store, confidant.AgentOptions{Model: table{}, ModelFree: true, Persona: confidant.Professional})
	if err != nil {
		return err
	}
	defer agent.Close()

	if err := converse(ctx, alice, agent, confidant.Chat,
		"Good morning, could you please help me? I forgot my password.",
		"Would you kindly tell me where to find that page?"); err != nil {
		return err
	}
	if err := converse(ctx, alice, agent, confidant.App,
		"Dear team, I am afraid that my login fails again. Thank you for your help.",
		"Thank you very much, I would appreciate an explanation of the error."); err != nil {
		return err
	}
	if err := byHand(ctx, alice); err != nil {
		return err
	}

	newest, err := alice.Load(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("The newest %d of %d turns:\n", len(newest.Turns), newest.Total)
	for _, turn := range newest.Turns {
		fmt.Printf("  %d. %.40s...\n", turn.Number, turn.Said)
	}
	if err := showPreferences(ctx, alice); err != nil {
		return err
	}
	if err := lookUp(ctx, store, alice); err != nil {
		return err
	}

	summary, err := store.Analytics(ctx, "acme")
	if err != nil {
		return err
	}
	fmt.Printf("Analytics: %d turns in %d sessions, %.1f %% of turns resolved, mean rating %.1f\n",
		summary.Turns, summary.Sessions, summary.ResolutionRatePercent, summary.MeanRating)

	// What goes wrong is an error with a status and words; here a turn without any half.
	_, err = alice.Save(ctx, confidant.NewTurn{})
	if !errors.Is(err, confidant.InvalidArgument) {
		return fmt.Errorf("an empty turn was not refused: %w", err)
	}
	fmt.Println("An empty turn is refused:", err)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	file := "support.db"
	if len(os.Args) > 1 {
		file = os.Args[1]
	}
	if err := run(ctx, file); err != nil {
		log.Fatal(err)
	}
}
