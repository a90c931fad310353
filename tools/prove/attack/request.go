package attack

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// ordinary is how long an ordinary request may take before the service counts as gone.
const ordinary = 5 * time.Second

// sequence gives out words that are fresh within a run and, by its seed, in all likelihood among runs.
type sequence struct {
	mu  sync.Mutex
	rng *rand.Rand
	n   uint32
}

// next is a word of 16 hex digits, as long as load.Unique.
func (q *sequence) next(seed int64) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.rng == nil {
		q.rng = rand.New(rand.NewPCG(uint64(seed), 0x706c696d736f6c6c))
	}
	q.n++
	high := q.rng.Uint32()
	return hex.EncodeToString([]byte{byte(high >> 24), byte(high >> 16), byte(high >> 8), byte(high),
		byte(q.n >> 24), byte(q.n >> 16), byte(q.n >> 8), byte(q.n)})
}

// asked is an operation's request with its placeholders filled in.
type asked struct {
	method, path string
	headers      []wire.Field
	body         string
	hasBody      bool
}

// ask fills an operation's request in; unique gives the fresh words, setup what came from the operation done first.
func ask(op spec.Operation, setup spec.Values, unique func() string) (asked, error) {
	var faults []error
	fill := func(text string) string {
		out, err := spec.Expand(text, setup, unique)
		if err != nil {
			faults = append(faults, err)
		}
		return out
	}
	a := asked{method: op.Request.Method, path: fill(op.Request.Path), body: fill(op.Request.Body), hasBody: op.Request.Body != ""}
	for _, name := range slices.Sorted(maps.Keys(op.Request.Headers)) {
		a.headers = append(a.headers, wire.Field{Name: name, Value: fill(op.Request.Headers[name])})
	}
	if len(faults) > 0 {
		return a, fmt.Errorf("operation %s: %w", op.Name, faults[0])
	}
	return a, nil
}

// head begins the request: everything but the framing and the body.
func (a asked) head(addr string) *wire.Request {
	r := wire.NewRequest(a.method, a.path).Header("Host", addr).Header("User-Agent", "plimsoll-prove")
	for _, h := range a.headers {
		r.Header(h.Name, h.Value)
	}
	return r
}

// whole is the request as an ordinary client sends it.
func (a asked) whole(addr string) *wire.Request {
	r := a.head(addr)
	if a.hasBody {
		r.Header("Content-Length", fmt.Sprint(len(a.body)))
	}
	r.End()
	return r.Raw(a.body)
}

// request is an operation's request for this process, with fresh words and what its setup gives.
func (in *instance) request(ctx context.Context, op spec.Operation) (asked, error) {
	setup, err := in.prepareFor(ctx, op)
	if err != nil {
		return asked{}, err
	}
	return ask(op, setup, func() string { return in.session.seq.next(in.session.opt.Seed) })
}

// mix is an operation as the load generator repeats it.
func (in *instance) mix(ctx context.Context, op spec.Operation) ([]load.Request, error) {
	setup, err := in.prepareFor(ctx, op)
	if err != nil {
		return nil, err
	}
	a, err := ask(op, setup, func() string { return load.Unique })
	if err != nil {
		return nil, err
	}
	return []load.Request{{Name: op.Name, Build: load.Template(a.whole(in.addr).Bytes())}}, nil
}

// prepareFor does the operation that comes first and takes the fields of its JSON answer.
func (in *instance) prepareFor(ctx context.Context, op spec.Operation) (spec.Values, error) {
	if op.Setup == "" {
		return nil, nil
	}
	first, _ := in.session.spec.Operation(op.Setup)
	exchange, err := in.do(ctx, first)
	if err != nil {
		return nil, fmt.Errorf("setup of %s: %w", op.Name, err)
	}
	if !exchange.Response.Complete || exchange.Response.Status >= 300 {
		return nil, fmt.Errorf("setup of %s: %s answered %d %s", op.Name, first.Name, exchange.Response.Status, exchange.Failure)
	}
	var fields map[string]any
	if err := json.Unmarshal(exchange.Response.Body, &fields); err != nil {
		return nil, fmt.Errorf("setup of %s: the answer of %s is no JSON object: %w", op.Name, first.Name, err)
	}
	values := spec.Values{}
	for name, value := range fields {
		values["setup."+name] = fmt.Sprint(value)
	}
	return values, nil
}

// do makes one ordinary request on a connection of its own.
func (in *instance) do(ctx context.Context, op spec.Operation) (wire.Exchange, error) {
	a, err := in.request(ctx, op)
	if err != nil {
		return wire.Exchange{}, err
	}
	return wire.Do(ctx, in.addr, strings.NewReader(a.whole(in.addr).String()), wire.Wait{Answer: ordinary}, wire.Options{Origin: in.session.epoch})
}

// alive reports whether an ordinary request has a complete answer that is no 5xx.
func (in *instance) alive(ctx context.Context) bool {
	exchange, err := in.do(ctx, in.session.spec.Operations[0])
	return err == nil && exchange.Response.Complete && exchange.Response.Status < 500
}

// behaviour is an answer of plimsoll.yaml as the sink gives it.
func behaviour(r spec.Response) fault.Behaviour {
	b := fault.Behaviour{Status: r.Status, Body: r.Body}
	for name, value := range r.Headers {
		if strings.EqualFold(name, "Content-Type") {
			b.ContentType = value
			continue
		}
		if b.Header == nil {
			b.Header = make(http.Header)
		}
		b.Header.Set(name, value)
	}
	return b
}
