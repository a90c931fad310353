package plimsoll

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/edge"
)

// listeners are the two doors of a service: the API, and what operators ask.
type listeners struct {
	public, admin *http.Server
	failed        chan error // the first error of either that is not its orderly end
}

// Serve listens on both doors, serves until ctx ends, and drains. It may be
// called once. When ctx has ended already it listens nowhere, and stops what was
// added. The error is as Run's.
func (s *Service) Serve(ctx context.Context) error {
	if ctx.Err() != nil {
		s.log.Info("told to end before anything was served")
		return s.abandon(nil)
	}
	if err := s.faults(); err != nil {
		return s.abandon(err)
	}
	l, publicAddr, adminAddr, err := s.listen(ctx)
	if err != nil {
		return s.abandon(err)
	}
	if err := s.observe(); err != nil {
		return s.abandon(errors.Join(err, l.public.Close(), l.admin.Close()))
	}
	s.health.SetStarted()
	s.log.Info("serving", slog.String("public", publicAddr.String()), slog.String("admin", adminAddr.String()),
		slog.String("version", buildVersion()), slog.Bool("tls", s.settings.TLSCert != ""))
	if s.options.onListen != nil {
		s.options.onListen(publicAddr, adminAddr)
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-l.failed:
		s.log.Error("a listener failed", slog.Any("error", failure))
	}
	err = s.endOfLife(l)
	if closeErr := l.admin.Close(); failure == nil && closeErr != nil {
		failure = fmt.Errorf("close the admin listener: %w", closeErr)
	}
	if failure != nil {
		return errors.Join(failure, err)
	}
	return err
}

// listen opens both doors, or neither.
func (s *Service) listen(ctx context.Context) (l *listeners, public, admin net.Addr, err error) {
	publicServer, publicListener, err := s.publicDoor(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	adminListener, err := listenTCP(ctx, s.settings.AdminAddr.String(), "ADMIN_ADDR")
	if err != nil {
		_ = publicListener.Close()
		return nil, nil, nil, err
	}
	adminListener = edge.New(adminListener, edge.Config{WriteStall: s.settings.WriteStall, MaxAge: edge.Unlimited})
	l = &listeners{public: publicServer, admin: s.adminServer(), failed: make(chan error, 2)}
	serve := func(srv *http.Server, ln net.Listener) {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}
	go serve(l.public, publicListener)
	go serve(l.admin, adminListener)
	return l, publicListener.Addr(), adminListener.Addr(), nil
}

// listenTCP says which variable to change when the address is taken.
func listenTCP(ctx context.Context, addr, variable string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use: another process listens there; end it or change %s", addr, variable)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s may not be listened on by this user; change %s to a port above 1023", addr, variable)
	default:
		return nil, fmt.Errorf("listen on %s (%s): %w", addr, variable, err)
	}
}

// protocols are HTTP/1.1 and h2: by ALPN under TLS, by prior knowledge without.
func (s *Service) protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(s.settings.TLSCert != "")
	p.SetUnencryptedHTTP2(s.settings.TLSCert == "")
	return &p
}

// The h2 limits. A client that cannot answer a ping in the middle of a header
// block it sends by the byte is closed like a slow header on HTTP/1.1.
const (
	h2Streams     = 250 // concurrent, a connection; RFC 9113 §6.5.2 asks for at least 100
	h2PingAfter   = 5 * time.Second
	h2PingTimeout = 5 * time.Second
)

// publicDoor is the API's listener and server. Certificates are read before
// anything listens.
func (s *Service) publicDoor(ctx context.Context) (*http.Server, net.Listener, error) {
	set := &s.settings
	srv := &http.Server{
		Handler:                      s,
		ReadHeaderTimeout:            set.HeaderTimeout,
		IdleTimeout:                  set.IdleTimeout,
		MaxHeaderBytes:               int(set.MaxHeader),
		Protocols:                    s.protocols(),
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: h2Streams, SendPingTimeout: h2PingAfter, PingTimeout: h2PingTimeout},
		ConnContext:                  edge.ConnContext,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		DisableGeneralOptionsHandler: true,
	}
	var certificates *edge.Certificates
	if set.TLSCert != "" {
		var err error
		if certificates, err = edge.OpenCertificates(edge.Files{Cert: set.TLSCert, Key: set.TLSKey, ClientCA: set.TLSClientCA}, s.log); err != nil {
			return nil, nil, err
		}
	}
	variable := "PORT"
	if set.Addr != "" {
		variable = "ADDR"
	}
	inner, err := listenTCP(ctx, set.publicAddr().String(), variable)
	if err != nil {
		return nil, nil, err
	}
	var lowered bool
	if s.connections, lowered = edge.Fit(set.MaxConnections); lowered {
		s.log.Warn("fewer connections than PLIMSOLL_MAX_CONNECTIONS: the open-file limit is too low; raise it (ulimit -n)",
			slog.Int("wanted", set.MaxConnections), slog.Int("allowed", s.connections))
	}
	s.door = edge.New(inner, edge.Config{MaxConnections: s.connections, WriteStall: set.WriteStall, MaxAge: set.ConnectionAge, TLS: certificates != nil})
	if certificates == nil {
		return srv, s.door, nil
	}
	return srv, tls.NewListener(s.door, certificates.Config()), nil
}

// adminServer answers operators. Nothing here passes admission.
func (s *Service) adminServer() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /livez", s.health.Live())
	mux.Handle("GET /readyz", s.health.Ready())
	mux.Handle("GET /metrics", s.telemetry.Scrape())
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /manifest":            s.serveManifest,
		"GET /time":                s.telemetry.Book().ServeHTTP,
		"GET /log-level":           s.serveLogLevel,
		"PUT /log-level":           s.serveLogLevel,
		"GET /debug/pprof/":        pprof.Index,
		"GET /debug/pprof/cmdline": pprof.Cmdline,
		"GET /debug/pprof/profile": pprof.Profile,
		"GET /debug/pprof/symbol":  pprof.Symbol,
		"POST /debug/pprof/symbol": pprof.Symbol,
		"GET /debug/pprof/trace":   pprof.Trace,
	} {
		mux.Handle(pattern, s.operatorsOnly(h))
	}
	return &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(mux, 4<<10)),
		ReadHeaderTimeout: s.settings.HeaderTimeout,
		ReadTimeout:       s.settings.HeaderTimeout * 2,
		IdleTimeout:       s.settings.IdleTimeout,
		MaxHeaderBytes:    int(s.settings.MaxHeader),
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// operatorsOnly lets in loopback and whoever holds ADMIN_TOKEN. A request that
// a proxy on this host forwarded is not from loopback, nor is one that a page in
// an operator's browser makes under a name of its own that resolves to this host.
func (s *Service) operatorsOnly(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r) && !s.hasAdminToken(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "only from loopback (by address, or as localhost), or with ADMIN_TOKEN as a bearer token", http.StatusForbidden)
			return
		}
		h(w, r)
	})
}

func isLoopback(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && !forwarded(r.Header) && namesNoOther(r.Host)
}

// forwarded says whether a proxy says that it is one. That a header is there is
// enough: what its first line holds a client may have chosen.
func forwarded(h http.Header) bool {
	for key := range h {
		if strings.HasPrefix(key, "X-Forwarded-") || key == "Forwarded" || key == "Via" || key == "X-Real-Ip" {
			return true
		}
	}
	return false
}

// namesNoOther says whether a Host is an address or localhost, whose resolution
// nobody elsewhere decides about.
func namesNoOther(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	_, err = netip.ParseAddr(host)
	return err == nil || host == "" || strings.EqualFold(host, "localhost") // HTTP/1.0 may name none; a browser always does
}

func (s *Service) hasAdminToken(r *http.Request) bool {
	want := s.settings.AdminToken.Reveal()
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// serveLogLevel shows the level, or sets it: PUT with DEBUG, INFO, WARN or
// ERROR as the body.
func (s *Service) serveLogLevel(w http.ResponseWriter, r *http.Request) {
	level := s.telemetry.Level()
	if r.Method == http.MethodPut {
		body := make([]byte, 32)
		n, _ := r.Body.Read(body)
		var next slog.Level
		if err := next.UnmarshalText([]byte(strings.TrimSpace(string(body[:n])))); err != nil {
			http.Error(w, "the body must be DEBUG, INFO, WARN or ERROR", http.StatusBadRequest)
			return
		}
		s.log.Info("log level set", slog.String("from", level.Level().String()), slog.String("to", next.String()))
		level.Set(next)
	}
	fmt.Fprintln(w, level.Level())
}
