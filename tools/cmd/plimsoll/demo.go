package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/attack"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// demoCommand proves two services and compares them. The first one's idle connections are watched while the second is
// attacked: an idle process disturbs nothing, and its verdict needs three minutes.
type demoCommand struct {
	Naive  string `help:"Folder of the service as it is written in an afternoon." default:"example/naive"`
	Orders string `help:"Folder of the same service on Plimsoll." default:"example/orders"`
	Out    string `help:"Folder for the run files." default:"."`
	Seed   int64  `help:"Of everything that is drawn." default:"1"`
}

// patientWatch is long enough to see that a connection outlives the most that is allowed.
const patientWatch = 200 * time.Second

// attempt is one of the two services under attack.
type attempt struct {
	session  *attack.Session
	progress *report.Progress
	file     string
}

// Run proves both. It succeeds when the demo did its job: nothing is refuted for the second service.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	var attempts []*attempt
	defer func() {
		for _, a := range attempts {
			a.progress.Done()
			_ = a.session.Close() // Finish has reported what there was to report
		}
	}()
	for _, dir := range []string{c.Naive, c.Orders} {
		a, err := c.begin(ctx, t, dir)
		if err != nil {
			return err
		}
		attempts = append(attempts, a)
		err = a.session.Attack(ctx)
		a.progress.Done()
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	var summaries []report.Summary
	for _, a := range attempts {
		a.progress.Step("waiting for the connections that are still held")
		err := errors.Join(a.session.Finish(ctx), a.session.Close())
		a.progress.Done()
		if err != nil {
			return err
		}
		findings := check.EvalAll(a.session.Artifacts(), a.session.Policy())
		summaries = append(summaries, report.Summarize(a.session.Artifacts(), findings, a.file))
	}
	paper := report.NewPaper(t.out)
	for _, summary := range summaries {
		report.Scorecard(paper, summary)
	}
	report.Compare(paper, summaries[0], summaries[1])
	return exitCode(demoExit(summaries[1]))
}

// begin opens a session for one service.
func (c *demoCommand) begin(ctx context.Context, t *terminal, dir string) (*attempt, error) {
	service, err := spec.Load(dir)
	if err != nil {
		return nil, err
	}
	a := &attempt{
		progress: report.NewProgress(report.NewPaper(t.err), service.Name),
		file:     filepath.Join(c.Out, service.Name+".plm"),
	}
	a.session, err = attack.Open(ctx, attack.Options{
		Dir: dir, Service: service, Seed: c.Seed, File: a.file, Tool: version(), Say: a.progress.Step, IdleWatch: patientWatch,
	})
	if err != nil {
		a.progress.Done()
		return nil, err
	}
	return a, nil
}

// demoExit is 0 when the second service has promises proved and none refuted: what could not be told on a busy machine
// is shown, and is no failure of the demo.
func demoExit(s report.Summary) int {
	if s.Exit == report.ExitInconclusive && s.Complete && s.Headline.Proved > 0 {
		return report.ExitHeld
	}
	return s.Exit
}
