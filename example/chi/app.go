// Command chi is an application on the chi router that was written without
// Plimsoll, and the main that runs it under Plimsoll's guarantees. The
// application (app.go) is as it was; only main.go is new.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// notes is the application: notes kept by a service behind NOTES_URL.
type notes struct {
	backend string
	client  *http.Client
}

// router is the application's own, with chi's own middleware.
func (n *notes) router() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.CleanPath)
	r.Route("/notes", func(r chi.Router) {
		r.Get("/{id}", n.read)
		r.Post("/", n.create)
	})
	return r
}

func (n *notes) read(w http.ResponseWriter, r *http.Request) {
	n.forward(w, r, http.MethodGet, "/"+chi.URLParam(r, "id"), nil)
}

func (n *notes) create(w http.ResponseWriter, r *http.Request) {
	var note struct {
		Text string `json:"text"`
	}
	if err := json.NewDecoder(r.Body).Decode(&note); err != nil || note.Text == "" {
		http.Error(w, `the body must be {"text": "…"}`, http.StatusBadRequest)
		return
	}
	n.forward(w, r, http.MethodPost, "/", strings.NewReader(note.Text))
}

// forward asks the backend with the caller's context.
func (n *notes) forward(w http.ResponseWriter, r *http.Request, method, path string, body io.Reader) {
	req, err := http.NewRequestWithContext(r.Context(), method, n.backend+path, body)
	if err != nil {
		http.Error(w, "bad path", http.StatusBadRequest)
		return
	}
	res, err := n.client.Do(req)
	if err != nil {
		http.Error(w, "the notes are not available", http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(res.Body, 1<<20)) // the client left if this fails
}
