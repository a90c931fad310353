package servicetest

import (
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/route"
)

// sample registers what the service in a process of its own serves.
func sample(svc *plimsoll.Service) {
	svc.HandleFunc("GET /ok", func(http.ResponseWriter, *http.Request) {})
	svc.HandleFunc("GET /stuck", func(http.ResponseWriter, *http.Request) { select {} }, route.Budget(time.Hour))
	svc.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) {
		if waited(r, 5*time.Millisecond) {
			_, _ = io.WriteString(w, "done")
		}
	})
	svc.HandleFunc("GET /hoard", func(_ http.ResponseWriter, r *http.Request) {
		held := make([]byte, hoarded)
		for i := 0; i < len(held); i += 512 {
			held[i] = 1 // all of it is resident
		}
		waited(r, 100*time.Millisecond)
		runtime.KeepAlive(held)
	})
	svc.HandleFunc("POST /count", count)
	svc.HandleFunc("POST /zipped", count, route.Gzip())
	svc.HandleFunc("GET /events", events, route.Stream(time.Hour))
	svc.HandleFunc("GET /socket", socket, route.Stream(time.Hour))
}

// waited is false when the request ended first.
func waited(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}

// count reads all of a body, and keeps nothing of it.
func count(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
	}
}

// lastWords is what a stream takes to end once it is told to. A hijacked
// connection takes twice that: longer than all else that a drain waits for.
const lastWords = 200 * time.Millisecond

// events is a stream of server-sent events that has something to finish.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "data: first\n\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
	<-time.After(lastWords)
	_, _ = io.WriteString(w, "data: last\n\n")
}

// socket takes over its connection, and has something to finish there.
func socket(w http.ResponseWriter, r *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\nhello\n")
	_ = rw.Flush()
	<-r.Context().Done()
	<-time.After(2 * lastWords)
	_, _ = rw.WriteString("bye\n")
	_ = rw.Flush()
}
