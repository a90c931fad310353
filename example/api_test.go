package example_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/plimsoll-go/plimsoll" // see readSources
	"github.com/plimsoll-go/plimsoll/internal/assert"
	_ "github.com/plimsoll-go/plimsoll/store" // see readSources
)

// step is one request of the conversation that both services have.
type step struct {
	name   string
	method string
	path   string // {id} is the order that was made last, {cursor} the last page's
	body   string
	status int
	want   map[string]any // members of the answer, by path: "items.0.sku"
}

func order(customer, sku string, quantity, price int, currency string) string {
	return fmt.Sprintf(`{"customer":%q,"items":[{"sku":%q,"quantity":%d,"price_cents":%d}],"currency":%q}`, customer, sku, quantity, price, currency)
}

// Amounts at which the payments of this test fail.
const (
	declines = 402
	breaks   = 666
)

// conversation is the API. What it does not fix, such as the text of an error,
// is each service's own.
var conversation = []step{
	{"none yet", "GET", "/orders?customer=c_1", "", 200, map[string]any{"orders": []any{}, "next_cursor": nil}},

	{"an order is paid", "POST", "/orders", order("c_1", "a", 2, 250, "EUR"), 201, map[string]any{
		"status": "paid", "customer": "c_1", "currency": "EUR", "amount_cents": 500.0, "payment": "ch_500",
		"items.0.sku": "a", "items.0.quantity": 2.0, "items.0.price_cents": 250.0, "location": true}},
	{"it is read", "GET", "/orders/{id}", "", 200, map[string]any{"status": "paid", "amount_cents": 500.0, "items.0.sku": "a"}},
	{"it is cancelled", "POST", "/orders/{id}/cancel", "", 200, map[string]any{"status": "cancelled"}},
	{"and again", "POST", "/orders/{id}/cancel", "", 200, map[string]any{"status": "cancelled"}},
	{"and stays so", "GET", "/orders/{id}", "", 200, map[string]any{"status": "cancelled"}},

	{"a payment is declined", "POST", "/orders", order("c_2", "a", 1, declines, "EUR"), 422, map[string]any{"location": true}},
	{"the order says so", "GET", "/orders/{id}", "", 200, map[string]any{"status": "declined", "payment": nil}},
	{"it cannot be cancelled", "POST", "/orders/{id}/cancel", "", 409, nil},
	{"payments break", "POST", "/orders", order("c_2", "a", 1, breaks, "EUR"), 502, map[string]any{"location": true}},
	{"nobody knows", "GET", "/orders/{id}", "", 200, map[string]any{"status": "pending"}},
	{"it cannot be cancelled either", "POST", "/orders/{id}/cancel", "", 409, nil},

	{"no such order", "GET", "/orders/o_none", "", 404, nil},
	{"to cancel", "POST", "/orders/o_none/cancel", "", 404, nil},
	{"no such path", "GET", "/nothing", "", 404, nil},
	{"no such method", "DELETE", "/orders", "", 405, nil},

	{"no body", "POST", "/orders", "", 400, nil},
	{"no JSON", "POST", "/orders", "customer=c_1", 400, nil},
	{"half of it", "POST", "/orders", `{"customer":"c_1"`, 400, nil},
	{"more than one", "POST", "/orders", order("c_1", "a", 1, 1, "EUR") + "{}", 400, nil},
	{"a wrong type", "POST", "/orders", `{"customer":7}`, 400, nil},
	{"an unknown member", "POST", "/orders", `{"coupon":"x"}`, 400, nil},
	{"a body of 2 MiB", "POST", "/orders", `{"customer":"` + strings.Repeat("x", 2<<20) + `"}`, 413, nil},
	{"nothing in it", "POST", "/orders", "{}", 422, nil},
	{"no customer", "POST", "/orders", order("", "a", 1, 1, "EUR"), 422, nil},
	{"no quantity", "POST", "/orders", order("c_1", "a", 0, 1, "EUR"), 422, nil},
	{"a negative price", "POST", "/orders", order("c_1", "a", 1, -1, "EUR"), 422, nil},
	{"no such currency", "POST", "/orders", order("c_1", "a", 1, 1, "euros"), 422, nil},
	{"a bad limit", "GET", "/orders?limit=0", "", 400, nil},
	{"a bad cursor", "GET", "/orders?cursor=!", "", 400, nil},

	{"a second order", "POST", "/orders", order("c_1", "b", 1, 10, "EUR"), 201, nil},
	{"a third", "POST", "/orders", order("c_1", "c", 1, 20, "USD"), 201, map[string]any{"currency": "USD"}},
	{"a page", "GET", "/orders?customer=c_1&limit=2", "", 200, map[string]any{"orders.2": nil}},
	{"the last page", "GET", "/orders?customer=c_1&limit=2&cursor={cursor}", "", 200,
		map[string]any{"orders.0.items.0.sku": "a", "orders.0.status": "cancelled", "orders.1": nil, "next_cursor": nil}},
	{"of everybody", "GET", "/orders", "", 200, map[string]any{"orders.4.items.0.sku": "a", "orders.5": nil, "next_cursor": nil}},
}

func TestBothSpeakTheSameAPI(t *testing.T) {
	payments := httptest.NewServer(http.HandlerFunc(pay))
	defer payments.Close()
	for _, name := range []string{"naive", "orders"} {
		t.Run(name, func(t *testing.T) {
			s := build(t, name, payments.URL)
			url := s.start(t)
			c := conversing{url: url}
			for _, step := range conversation {
				c.speak(t, step)
			}
			s.stop(t)
			c.url = s.start(t)
			c.speak(t, step{"after a restart", "GET", "/orders", "", 200, map[string]any{"orders.4.items.0.sku": "a", "orders.5": nil}})
			s.stop(t)
		})
	}
}

// pay is a payments service whose answer depends on the amount.
func pay(w http.ResponseWriter, r *http.Request) {
	var charge struct {
		Order       string `json:"order"`
		AmountCents int    `json:"amount_cents"`
		Currency    string `json:"currency"`
	}
	err := json.NewDecoder(r.Body).Decode(&charge)
	key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`)
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/charges" || charge.Order == "" || key != charge.Order || charge.Currency == "":
		w.WriteHeader(http.StatusBadRequest)
	case charge.AmountCents == declines:
		w.WriteHeader(http.StatusPaymentRequired)
	case charge.AmountCents == breaks:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		_, _ = fmt.Fprintf(w, `{"id":"ch_%d","status":"succeeded"}`, charge.AmountCents)
	}
}

// conversing remembers what later requests refer to.
type conversing struct{ url, id, cursor string }

func (c *conversing) speak(t *testing.T, s step) {
	t.Helper()
	path := strings.NewReplacer("{id}", c.id, "{cursor}", c.cursor).Replace(s.path)
	r, err := http.NewRequestWithContext(t.Context(), s.method, c.url+path, strings.NewReader(s.body))
	assert.NoError(t, err)
	if s.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	assert.NoError(t, err, s.name)
	body, err := io.ReadAll(response.Body)
	assert.NoError(t, err, s.name)
	assert.NoError(t, response.Body.Close())
	assert.Equal(t, response.StatusCode, s.status, "%s: %s", s.name, body)

	location, ordered := strings.CutPrefix(response.Header.Get("Location"), "/orders/")
	assert.Equal(t, ordered, s.want["location"] == true || s.status == 201, "%s: Location %q", s.name, location)
	if ordered {
		c.id = location
	}
	var answer map[string]any
	if s.want != nil {
		assert.NoError(t, json.Unmarshal(body, &answer), "%s: %s", s.name, body)
	}
	for path, want := range s.want {
		if path != "location" {
			assert.Equal(t, at(answer, path), want, "%s: %s of %s", s.name, path, body)
		}
	}
	if cursor, ok := answer["next_cursor"].(string); ok {
		c.cursor = cursor
	}
}

// at is the member at a path, or nil.
func at(value any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// service is one of the two, as a process.
type service struct {
	binary, port string
	env          []string
	running      *exec.Cmd
}

func build(t *testing.T, name, payments string) *service {
	t.Helper()
	readSources(t, name)
	dir := t.TempDir()
	s := &service{binary: filepath.Join(dir, name), port: freePort(t)}
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "./"+name).CombinedOutput()
	assert.NoError(t, err, "%s", output)
	s.env = append(os.Environ(), "PORT="+s.port, "PAYMENTS_URL="+payments, "DATABASE_URL=sqlite:"+filepath.Join(dir, "orders.db"),
		"ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s") // of orders
	return s
}

// readSources makes the sources part of what this test depends on. Without it,
// and without the imports of what orders is made of, the result of yesterday
// would be taken from the test cache: go test does not see what go build reads.
func readSources(t *testing.T, name string) {
	t.Helper()
	assert.NoError(t, filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	}))
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	assert.NoError(t, err)
	assert.NoError(t, listener.Close())
	return port
}

// start starts the process and returns the URL of its API, when that answers.
func (s *service) start(t *testing.T) string {
	t.Helper()
	log, err := os.Create(s.binary + ".log")
	assert.NoError(t, err)
	s.running = exec.CommandContext(t.Context(), s.binary)
	s.running.Env, s.running.Stdout, s.running.Stderr = s.env, log, log
	assert.NoError(t, s.running.Start())
	t.Cleanup(func() {
		_ = s.running.Process.Kill() // it has ended, unless the test failed
		_ = log.Close()
		if written, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s", written)
		}
	})
	url := "http://127.0.0.1:" + s.port
	assert.Eventually(t, 10*time.Second, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/orders", http.NoBody)
		assert.NoError(t, err)
		response, err := http.DefaultClient.Do(r)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, "%s answers", s.binary)
	return url
}

// stop ends the process as an orchestrator does.
func (s *service) stop(t *testing.T) {
	t.Helper()
	assert.NoError(t, s.running.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, s.running.Wait(), "it ends with 0")
}
