package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == launch.GuardArgument {
		os.Exit(launch.Guard(os.Args[2:]))
	}
	testscript.Main(m, map[string]func(){
		"plimsoll": main,
		"fixture":  func() { os.Exit(fixture.Main()) },
	})
}

// TestScripts runs testdata/script. Besides testscript's own there are the commands
//
//	exits CODE COMMAND...   runs it and wants that exit code
//	await FILE PATTERN      waits until the file contains the pattern
//	nobody                  wants no process to be left that works below $WORK
//	oneline                 wants exactly one line on standard error
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "await": await, "nobody": nobody, "oneline": oneLineOnly,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern := regexp.MustCompile(args[1])
	if !until(func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && pattern.Match(text)
	}) {
		ts.Fatalf("%s never contained %s", args[0], args[1])
	}
}

func nobody(ts *testscript.TestScript, neg bool, _ []string) {
	work, err := filepath.EvalSymlinks(ts.Getenv("WORK"))
	ts.Check(err)
	var left []string
	if !until(func() bool {
		left = nil
		folders, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, folder := range folders {
			if at, err := os.Readlink(folder); err == nil && strings.HasPrefix(at, work) {
				left = append(left, folder)
			}
		}
		return (len(left) == 0) != neg
	}) {
		ts.Fatalf("left: %v", left)
	}
}

func oneLineOnly(ts *testscript.TestScript, neg bool, _ []string) {
	text := ts.ReadFile("stderr")
	if neg || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "plimsoll: ") {
		ts.Fatalf("want one line of plimsoll's on standard error, got:\n%s", text)
	}
}

// until polls for a condition, for at most 20 s.
func until(condition func() bool) bool {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-again.C {
		if condition() {
			return true
		}
	}
	return false
}

func TestOneLine(t *testing.T) {
	assert.Equal(t, oneLine("a\n"), "a")
	assert.Equal(t, oneLine("it ended: exit code 1; its last lines:\n\tone\n\ttwo"), "it ended: exit code 1; its last line: two")
}

func TestTheCommandLineIsWellFormed(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	assert.NoError(t, err)
	defer null.Close()
	assert.Equal(t, execute(context.Background(), []string{"version"}, null, null), 0)
	assert.Equal(t, execute(context.Background(), []string{"--help"}, null, null), 0)
	assert.Equal(t, execute(context.Background(), []string{"prove", "--help"}, null, null), 0)
	assert.Equal(t, execute(context.Background(), []string{"prove", "--nonsense"}, null, null), 2)
}
