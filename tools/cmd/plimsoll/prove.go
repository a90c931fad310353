package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/plimsoll-go/plimsoll/tools/prove/attack"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// proveCommand attacks one service, or judges again what was recorded.
type proveCommand struct {
	Dir   string   `arg:"" optional:"" help:"Folder of the service, with its plimsoll.yaml. With --from: whose limits to judge by instead of the recorded ones."`
	From  string   `help:"Judge this run file again; nothing is started." placeholder:"FILE"`
	Out   string   `help:"Run file to write; NAME.plm when left out." placeholder:"FILE"`
	JSON  string   `name:"json" help:"Write the findings as JSON; - is standard output." placeholder:"FILE"`
	Only  []string `help:"Only these checks, separated by commas." placeholder:"CHECK"`
	Seed  int64    `help:"Of everything that is drawn." default:"1"`
	Quiet bool     `short:"q" help:"No progress and no scorecard: only the headline."`
}

// Run proves and returns an exitCode.
func (c *proveCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.From != "" {
		return c.again(t)
	}
	service, err := spec.Load(c.Dir)
	if err != nil {
		return err
	}
	if c.Out == "" {
		c.Out = filepath.Base(service.Name) + ".plm"
	}
	progress := report.NewProgress(report.NewPaper(t.err), service.Name)
	options := attack.Options{
		Dir: c.Dir, Service: service, Only: c.Only, Seed: c.Seed, File: c.Out, Tool: version(), Say: progress.Step,
	}
	if c.Quiet {
		options.Say = nil
	}
	artifacts, judged, err := proveOne(ctx, options, progress)
	if err != nil {
		return err
	}
	return c.show(t, artifacts, judged, c.Out, ctx.Err() != nil)
}

func (c *proveCommand) validate() error {
	for _, id := range c.Only {
		if _, ok := check.Find(id); !ok {
			return &usageError{fmt.Sprintf("--only: there is no check %q; there are %s", id, strings.Join(checkIDs(), ", "))}
		}
	}
	switch {
	case c.Dir == "" && c.From == "":
		return &usageError{"prove what? Name the service's folder, or a run file with --from"}
	case c.From != "" && c.Out != "":
		return &usageError{"--from judges a run that is there, so --out has nothing to write; leave one of them out"}
	}
	return nil
}

func checkIDs() []string {
	var ids []string
	for _, c := range check.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// proveOne makes one run. An interruption is no error: what was seen until then is judged.
func proveOne(ctx context.Context, options attack.Options, progress *report.Progress) (*run.Artifacts, policy.Policy, error) {
	defer progress.Done()
	session, err := attack.Open(ctx, options)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	err = session.Attack(ctx)
	if err == nil {
		progress.Step("waiting for the connections that are still held")
		err = session.Finish(ctx)
	}
	err = errors.Join(settled(ctx, err), session.Close())
	return session.Artifacts(), session.Policy(), err
}

// settled takes the error away that says nothing but that the run was interrupted.
func settled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the caller asks the context itself
	}
	return err
}

// again judges a run file: by what was recorded, or by the limits of another plimsoll.yaml.
func (c *proveCommand) again(t *terminal) error {
	artifacts, err := run.Open(c.From)
	if err != nil {
		return err
	}
	judged, err := check.Recorded(artifacts)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", c.From, run.ErrFormat, err)
	}
	if c.Dir != "" {
		service, err := spec.Load(c.Dir)
		if err != nil {
			return err
		}
		judged.Apply(policy.Spec, service.Limits)
	}
	if len(c.Only) > 0 {
		artifacts.Header.Only = c.Only
	}
	return c.show(t, artifacts, judged, c.From, false)
}

// show writes the reports and returns the exit code.
func (c *proveCommand) show(t *terminal, a *run.Artifacts, p policy.Policy, file string, interrupted bool) error {
	summary := report.Summarize(a, check.EvalAll(a, p), file)
	if interrupted {
		fmt.Fprintf(t.err, "plimsoll: interrupted; what was seen until then is in %s\n", file)
	}
	if c.JSON != "" {
		if err := writeJSON(t, c.JSON, summary); err != nil {
			return err
		}
	}
	paper := report.NewPaper(t.out)
	switch {
	case c.JSON == "-":
	case c.Quiet:
		fmt.Fprintf(t.out, "%s: %s\n", summary.Service, summary.Headline)
	default:
		report.Scorecard(paper, summary)
	}
	return exitCode(summary.Exit)
}

func writeJSON(t *terminal, path string, summary report.Summary) error {
	if path == "-" {
		return report.JSON(t.out, summary)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	return errors.Join(report.JSON(file, summary), file.Close())
}
