// Command plimsoll is what a developer runs: it attacks a service and says which of a production backend's promises hold.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/plimsoll-go/plimsoll/tools/prove/attack"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == launch.GuardArgument {
		os.Exit(launch.Guard(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once; the guards see to the services
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line. Every command returns the exit code of package report.
type commands struct {
	Prove   proveCommand   `cmd:"" help:"Attack a service and say which promises hold."`
	Compare compareCommand `cmd:"" help:"Show two runs side by side, and what differs."`
	Demo    demoCommand    `cmd:"" help:"Prove the two example services and compare them."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// terminal is where a command writes.
type terminal struct {
	out, err *os.File
}

// exitCode is how a command ends without anything left to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// execute runs one command line and returns the exit code. An error is one line.
func execute(ctx context.Context, args []string, out, errOut *os.File) int {
	var parsed commands
	left := -1
	parser, err := kong.New(&parsed,
		kong.Name("plimsoll"),
		kong.Description("The mark on a backend's hull: what it promises, and whether that holds.\n\n"+
			"Exit codes: 0 held, 1 refuted, 2 usage, 3 inconclusive or nothing tested, 4 the service never became ready, 5 the tool failed."),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { left = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return complain(errOut, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if left >= 0 { // help was asked for and shown
		return left
	}
	if err != nil {
		complain(errOut, err)
		return report.ExitUsage
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	err = chosen.Run(&terminal{out: out, err: errOut})
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	return complain(errOut, err)
}

// complain writes an error in one line and returns its exit code.
func complain(w io.Writer, err error) int {
	if err == nil {
		return report.ExitHeld
	}
	fmt.Fprintln(w, "plimsoll: "+oneLine(err.Error()))
	var described *spec.Error
	var usage *usageError
	var notReady *attack.NotReadyError
	switch {
	case errors.As(err, &described), errors.As(err, &usage), errors.Is(err, run.ErrFormat), errors.Is(err, os.ErrNotExist):
		return report.ExitUsage
	case errors.As(err, &notReady):
		return report.ExitNotReady
	case errors.Is(err, attack.ErrInterrupted):
		return report.ExitInconclusive
	}
	return report.ExitTool
}

// usageError is a command line that means nothing.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// oneLine keeps the first line of an error and, of the service's output below it, the last.
func oneLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) == 1 {
		return lines[0]
	}
	first := strings.TrimSuffix(strings.TrimSuffix(lines[0], ":"), "; its last lines")
	return first + "; its last line: " + strings.TrimSpace(lines[len(lines)-1])
}
