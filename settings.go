package plimsoll

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/tenant"
	"github.com/plimsoll-go/plimsoll/route"
)

// settings is the environment of every service. The numbers are the defaults of
// the catalogue (package blueprint); each can be changed, in plain sight.
type settings struct {
	Port       config.Port   `env:"PORT" default:"8080" help:"public port; 0 takes any free one"`
	Addr       config.Addr   `env:"ADDR" default:"" help:"public address; wins over PORT"`
	AdminAddr  config.Addr   `env:"ADMIN_ADDR" default:":8081" help:"health and metrics; from loopback or with ADMIN_TOKEN also the manifest and profiles"`
	AdminToken config.Secret `env:"ADMIN_TOKEN" default:"" help:"bearer token for the admin pages from elsewhere than loopback"`

	TLSCert     string `env:"TLS_CERT" default:"" help:"certificate chain file (PEM), reloaded when it changes"`
	TLSKey      string `env:"TLS_KEY" default:"" help:"private key file (PEM), reloaded when it changes"`
	TLSClientCA string `env:"TLS_CLIENT_CA" default:"" help:"file of CAs (PEM) that client certificates must chain to"`

	LogLevel slog.Level      `env:"LOG_LEVEL" default:"INFO" help:"debug, info, warn or error"`
	Trust    config.Networks `env:"PLIMSOLL_TRUST" default:"127.0.0.0/8,::1/128" help:"callers believed about class, attempt and client address, and shown Server-Timing"`

	Deadline      time.Duration `env:"PLIMSOLL_DEADLINE" default:"5s" min:"1ms" help:"budget of a route that does not set its own"`
	BudgetHeaders string        `env:"PLIMSOLL_BUDGET_HEADERS" default:"" help:"further headers that carry a caller's time, each with its unit (us, ms, s): X-Client-Timeout-Ms=ms, X-Deadline=s"`
	HeaderTimeout time.Duration `env:"PLIMSOLL_HEADER_TIMEOUT" default:"5s" min:"1ms" help:"for the request line and headers to arrive"`
	IdleTimeout   time.Duration `env:"PLIMSOLL_IDLE_TIMEOUT" default:"75s" min:"1ms" help:"before an idle connection is closed"`
	WriteStall    time.Duration `env:"PLIMSOLL_WRITE_STALL" default:"10s" min:"1ms" help:"for a client to read anything of its answer"`
	ConnectionAge time.Duration `env:"PLIMSOLL_CONNECTION_AGE" default:"5m" min:"1s" help:"after which a connection is closed between requests (jittered), so that callers rebalance"`

	MaxHeader      config.Bytes `env:"PLIMSOLL_MAX_HEADER" default:"64KiB" min:"1KiB" help:"request line and headers"`
	MaxBody        config.Bytes `env:"PLIMSOLL_MAX_BODY" default:"1MiB" min:"1" help:"request body after decompression, where a route does not set its own"`
	BodyMemory     config.Bytes `env:"PLIMSOLL_BODY_MEMORY" default:"64MiB" min:"64KiB" help:"all request bodies being read, together"`
	MaxConnections int          `env:"PLIMSOLL_MAX_CONNECTIONS" default:"10000" min:"1" help:"open public connections"`
	MaxStreams     int          `env:"PLIMSOLL_MAX_STREAMS" default:"5000" min:"1" help:"open streams: half of the connections, so that requests find one"`
	Admission      string       `env:"PLIMSOLL_ADMISSION" default:"fixed" help:"fixed (64 x GOMAXPROCS), fixed:N, adaptive (finds the limit), or off"`
	Tenant         string       `env:"PLIMSOLL_TENANT" default:"" help:"what callers are told apart by, for fairness alone: address, token (Authorization), or header:NAME; nobody where it is empty"`

	DrainLag time.Duration `env:"PLIMSOLL_DRAIN_LAG" default:"5s" help:"serving goes on this long after SIGTERM: the load balancer's lag"`
	Drain    time.Duration `env:"PLIMSOLL_DRAIN" default:"20s" min:"1ms" help:"for what is in flight to finish, after the lag"`
	Grace    time.Duration `env:"PLIMSOLL_GRACE" default:"30s" min:"1ms" help:"the platform's time from SIGTERM to SIGKILL, to check the two above against"`
}

// Title heads the settings in the help of every service.
func (*settings) Title() string { return "every Plimsoll service" }

// Faults are the contradictions between settings, each named by the variable to
// change.
func (s *settings) Faults() []config.Fault {
	var faults []config.Fault
	fault := func(variable, problem, hint string) {
		faults = append(faults, config.Fault{Variable: variable, Problem: problem, Hint: hint})
	}
	if s.AdminAddr.Overlaps(s.publicAddr()) {
		fault("ADMIN_ADDR", "takes the public port too", "give health and metrics a port of their own, such as :8081")
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		missing := "TLS_KEY"
		if s.TLSCert == "" {
			missing = "TLS_CERT"
		}
		fault(missing, "is missing: TLS_CERT and TLS_KEY go together", "set both, or neither")
	}
	if s.TLSClientCA != "" && s.TLSCert == "" {
		fault("TLS_CLIENT_CA", "is set without TLS_CERT", "client certificates need TLS: set TLS_CERT and TLS_KEY")
	}
	if _, err := admission.ParseMode(s.Admission); err != nil {
		fault("PLIMSOLL_ADMISSION", err.Error(), "use fixed, fixed:N with N at least 1, adaptive, or off")
	}
	if _, err := tenant.Parse(s.Tenant); err != nil {
		fault("PLIMSOLL_TENANT", fmt.Sprintf("%q %v", s.Tenant, err), "use address, token, or header:NAME with the name of a request header")
	}
	if _, err := budget.NewReader(s.BudgetHeaders); err != nil {
		fault("PLIMSOLL_BUDGET_HEADERS", strings.ReplaceAll(err.Error(), "\n", "; "), "list names with their unit, such as X-Client-Timeout-Ms=ms, X-Deadline=s")
	}
	if s.DrainLag+s.Drain >= s.Grace {
		fault("PLIMSOLL_GRACE",
			fmt.Sprintf("of %v is not longer than lag %v + drain %v: SIGKILL would end the drain", s.Grace, s.DrainLag, s.Drain),
			"raise the platform's grace period and PLIMSOLL_GRACE with it, or lower PLIMSOLL_DRAIN_LAG or PLIMSOLL_DRAIN")
	}
	return faults
}

// publicAddr is where the public listener listens.
func (s *settings) publicAddr() config.Addr {
	if s.Addr != "" {
		return s.Addr
	}
	return s.Port.Addr()
}

// limitOf is the longest a request of the route may take.
func (s *Service) limitOf(p *route.Policy) time.Duration {
	switch {
	case p.Stream > 0:
		return p.Stream
	case p.Budget > 0:
		return p.Budget
	default:
		return s.settings.Deadline
	}
}

// allowed is limitOf, or less when the caller says so: any caller may.
func (s *Service) allowed(p *route.Policy, r *http.Request) time.Duration {
	limit := s.limitOf(p)
	if asked, ok := s.budgets.Inbound(r.Header); ok {
		limit = min(limit, asked)
	}
	return limit
}

// maxBodyOf is the largest body that the route takes, in bytes.
func (s *Service) maxBodyOf(p *route.Policy) int64 {
	if p.MaxBody > 0 {
		return p.MaxBody
	}
	return int64(s.settings.MaxBody)
}
