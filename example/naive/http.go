package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const maxBody = 1 << 20

// newHandler routes the API.
func newHandler(log *slog.Logger, orders *store, payments *payments) http.Handler {
	api := &api{log: log, orders: orders, payments: payments}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", api.create)
	mux.HandleFunc("GET /orders", api.list)
	mux.HandleFunc("GET /orders/{id}", api.get)
	mux.HandleFunc("POST /orders/{id}/cancel", api.cancel)
	mux.HandleFunc("GET /healthz", api.health)
	return logged(log, mux)
}

// logged writes a line for every request.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r)
		log.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", sw.status, "duration", time.Since(start))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// health is for the orchestrator.
func (a *api) health(w http.ResponseWriter, r *http.Request) {
	if err := a.orders.ping(r.Context()); err != nil {
		a.log.ErrorContext(r.Context(), "health check failed", "error", err.Error())
		writeError(w, http.StatusServiceUnavailable, "database is down")
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readJSON decodes the body into v, which it must match exactly.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one JSON value")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"error": message})
}
