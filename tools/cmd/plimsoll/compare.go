package main

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// compareCommand shows two recorded runs side by side.
type compareCommand struct {
	Left  string `arg:"" help:"Run file."`
	Right string `arg:"" help:"Run file."`
}

// Run compares. Two runs that can be read are a success, whatever they say.
func (c *compareCommand) Run(t *terminal) error {
	left, err := summaryOf(c.Left)
	if err != nil {
		return err
	}
	right, err := summaryOf(c.Right)
	if err != nil {
		return err
	}
	report.Compare(report.NewPaper(t.out), left, right)
	return nil
}

func summaryOf(file string) (report.Summary, error) {
	artifacts, err := run.Open(file)
	if err != nil {
		return report.Summary{}, err
	}
	judged, err := check.Recorded(artifacts)
	if err != nil {
		return report.Summary{}, fmt.Errorf("%s: %w: %w", file, run.ErrFormat, err)
	}
	return report.Summarize(artifacts, check.EvalAll(artifacts, judged), file), nil
}
