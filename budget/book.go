package budget

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a Book's memory: routes and lines of a route. One route with all its lines is about 75 KiB; what is beyond
// them shares one more.
const (
	maxAccounts = 128
	maxItems    = 12
	otherRoutes = "_OTHER"
)

// bookWindow is how far back a Book remembers, at least five sixths of it.
const bookWindow = 6 * time.Minute

// Book adds up the bills of a service, by route. The zero value is not ready: make it with NewBook. It may be used by
// many goroutines; reading a route's account takes no lock.
type Book struct {
	begun    time.Time
	pages    sync.Pool  // of *page, clean
	mu       sync.Mutex // serialises who adds an account
	accounts atomic.Pointer[map[string]*Account]
}

// NewBook makes an empty book.
func NewBook() *Book {
	b := &Book{begun: time.Now()}
	b.pages.New = func() any { return new(page) }
	b.accounts.Store(&map[string]*Account{})
	return b
}

// Open is Ledger.Open with lines that the book lends until Ledger.Free: what is charged then allocates nothing.
func (b *Book) Open(parent context.Context, l *Ledger, t Terms) context.Context {
	l.book = b
	return l.Open(parent, t)
}

// Account is that of a route, by its name in metrics and logs, which has few values. From the 129th on all routes
// share one.
func (b *Book) Account(route string) *Account {
	if a := b.find(&route); a != nil {
		return a
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.find(&route); a != nil {
		return a
	}
	accounts := maps.Clone(*b.accounts.Load())
	a := newAccount(route, b.begun)
	accounts[route] = a
	b.accounts.Store(&accounts)
	return a
}

// find is the account of the route, or of all others when there is no room for it.
func (b *Book) find(route *string) *Account {
	accounts := *b.accounts.Load()
	a, ok := accounts[*route]
	if !ok && len(accounts) >= maxAccounts {
		*route = otherRoutes
		a = accounts[*route]
	}
	return a
}

// Spending is what one line of a route's bills came to since the book was begun.
type Spending struct {
	Route, Name string
	Kind        string // that of the line, or "own": the request's own work
	Time        time.Duration
	Charges     int64 // how many there were; of own work, requests
}

// Spendings calls yield for every route and line of which anything was ever charged.
func (b *Book) Spendings(yield func(Spending) bool) {
	for _, a := range *b.accounts.Load() {
		if a.requests.Load() == 0 {
			continue
		}
		if !yield(Spending{Route: a.route, Kind: "own", Time: time.Duration(a.ownSpent.Load()), Charges: a.requests.Load()}) {
			return
		}
		for _, i := range *a.items.Load() {
			if !yield(Spending{Route: a.route, Kind: i.kind.String(), Name: i.name, Time: time.Duration(i.spent.Load()), Charges: i.calls.Load()}) {
				return
			}
		}
	}
}
