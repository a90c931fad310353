package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "notes:", err)
	}
	os.Exit(plimsoll.ExitCode(err))
}

// run wraps the application's handler; that is all that Plimsoll needs of it.
func run(ctx context.Context) error {
	var cfg struct {
		Notes config.URL `env:"NOTES_URL" scheme:"http,https" help:"where the notes are kept"`
	}
	if err := config.Load(os.Environ(), &cfg); err != nil {
		return err
	}
	app := &notes{backend: cfg.Notes.String(), client: &http.Client{}}
	svc, err := plimsoll.Wrap("notes", app.router())
	if err != nil {
		return err
	}
	return svc.Serve(ctx)
}
