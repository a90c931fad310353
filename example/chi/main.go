package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/plimsoll-go/plimsoll"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	app := &notes{backend: os.Getenv("NOTES_URL"), client: &http.Client{}}
	os.Exit(run(ctx, app))
}

// run is all that Plimsoll needs from an application: its handler.
func run(ctx context.Context, app *notes) int {
	svc, err := plimsoll.Wrap("notes", app.router())
	if err == nil {
		err = svc.Serve(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notes:", err)
	}
	return plimsoll.ExitCode(err)
}
