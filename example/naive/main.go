// Command naive takes orders and charges for them, on bare net/http.
//
// It is configured by PORT (default 8080), PAYMENTS_URL (required) and
// DATABASE_URL (default sqlite:orders.db).
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const shutdownTimeout = 10 * time.Second

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, log, os.Getenv); err != nil {
		log.Error("exit", "error", err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger, env func(string) string) error {
	paymentsURL := env("PAYMENTS_URL")
	if paymentsURL == "" {
		return errors.New("PAYMENTS_URL is not set")
	}
	database := env("DATABASE_URL")
	if database == "" {
		database = "sqlite:orders.db"
	}
	port := env("PORT")
	if port == "" {
		port = "8080"
	}

	orders, err := openStore(ctx, strings.TrimPrefix(database, "sqlite:"))
	if err != nil {
		return err
	}
	defer orders.close()

	server := &http.Server{
		Addr:              ":" + port,
		Handler:           newHandler(log, orders, newPayments(paymentsURL)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Info("listening", "addr", server.Addr)

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}
