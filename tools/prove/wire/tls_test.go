package wire_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// serveTLS answers ok over TLS and closes, and returns the configuration of a client that trusts it.
func serveTLS(t *testing.T) (string, *tls.Config) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "ok")
	}))
	t.Cleanup(s.Close)
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com"
	config.NextProtos = []string{"http/1.1"}
	return s.Listener.Addr().String(), config
}
