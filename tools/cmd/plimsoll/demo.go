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

// Run proves both. It succeeds when the demo did its job: nothing is refuted for the second service.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	var sessions []*attack.Session
	var progresses []*report.Progress
	defer func() {
		for _, session := range sessions {
			_ = session.Close() // Finish has reported what there was to report
		}
	}()
	var files []string
	for _, dir := range []string{c.Naive, c.Orders} {
		service, err := spec.Load(dir)
		if err != nil {
			return err
		}
		progress := report.NewProgress(report.NewPaper(t.err), service.Name)
		defer progress.Done()
		file := filepath.Join(c.Out, service.Name+".plm")
		session, err := attack.Open(ctx, attack.Options{
			Dir: dir, Service: service, Seed: c.Seed, File: file, Tool: version(), Say: progress.Step, IdleWatch: patientWatch,
		})
		if err != nil {
			return err
		}
		sessions, progresses, files = append(sessions, session), append(progresses, progress), append(files, file)
		if err := session.Attack(ctx); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		progress.Done()
	}
	var summaries []report.Summary
	for i := len(sessions) - 1; i >= 0; i-- {
		progresses[i].Step("waiting for the connections that are still held")
		err := errors.Join(sessions[i].Finish(ctx), sessions[i].Close())
		progresses[i].Done()
		if err != nil {
			return err
		}
	}
	for i, session := range sessions {
		summaries = append(summaries, report.Summarize(session.Artifacts(), check.EvalAll(session.Artifacts(), session.Policy()), files[i]))
	}
	paper := report.NewPaper(t.out)
	for _, summary := range summaries {
		report.Scorecard(paper, summary)
	}
	report.Compare(paper, summaries[0], summaries[1])
	return exitCode(demoExit(summaries[1]))
}

// demoExit is 0 when the second service has promises proved and none refuted: what could not be told on a busy machine
// is shown, and is no failure of the demo.
func demoExit(s report.Summary) int {
	if s.Exit == report.ExitInconclusive && s.Complete && s.Headline.Proved > 0 {
		return report.ExitHeld
	}
	return s.Exit
}
