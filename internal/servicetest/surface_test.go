package servicetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/route"
)

func TestThePublicPortHasNothingButTheAPI(t *testing.T) {
	s := start(t, hostile)
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/manifest", "/debug/pprof/", "/log-level", "/debug/vars"} {
		res, body := s.get(path)
		isProblem(t, res, body, 404)
	}
}

func TestAdminPagesAreForOperators(t *testing.T) {
	s := start(t, hostile, "ADMIN_TOKEN=correct-horse")
	for _, path := range []string{"/manifest", "/debug/pprof/", "/debug/pprof/cmdline", "/log-level"} {
		res, _ := s.ask(path)
		assert.Equal(t, res.StatusCode, 200, path)
		forwarded := []string{"X-Forwarded-For", "203.0.113.9"} // through a proxy on this host
		res, _ = s.ask(path, forwarded...)
		assert.Equal(t, res.StatusCode, 403, path)
		res, _ = s.ask(path, append(forwarded, "Authorization", "Bearer wrong")...)
		assert.Equal(t, res.StatusCode, 403, path)
		res, _ = s.ask(path, append(forwarded, "Authorization", "Bearer correct-horse")...)
		assert.Equal(t, res.StatusCode, 200, path)
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		res, _ := s.ask(path, "X-Forwarded-For", "203.0.113.9")
		assert.Equal(t, res.StatusCode, 200, path)
	}
}

func TestTheLogLevelCanBeChanged(t *testing.T) {
	s := start(t, hostile)
	put := func(level string) int {
		res, _ := s.do("PUT", "http://"+s.admin+"/log-level", strings.NewReader(level))
		return res.StatusCode
	}
	assert.Equal(t, put("LOUD"), 400)
	assert.Equal(t, put("error"), 200)
	_, level := s.ask("/log-level")
	assert.Equal(t, level, "ERROR\n")
	res, _ := s.do("PUT", "http://"+s.admin+"/log-level", strings.NewReader("debug"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	assert.Equal(t, res.StatusCode, 403, "a page in an operator's browser")
}

func TestTheManifestSaysWhatIsInForce(t *testing.T) {
	s := start(t, hostile, "PLIMSOLL_DEADLINE=3s", "PLIMSOLL_ADMISSION=off", "ADMIN_TOKEN=correct-horse")
	_, body := s.ask("/manifest")
	assert.NotContains(t, body, "correct-horse")
	var m struct {
		Schema     int
		Service    string
		Guarantees []struct {
			ID string
			On bool
		}
		Limits map[string]any
		Routes []struct {
			Pattern  string
			BudgetMS int `json:"budget_ms"`
			Gzip     bool
		}
		Variables []struct{ Name, Value string }
	}
	assert.NoError(t, json.Unmarshal([]byte(body), &m))
	assert.Equal(t, m.Schema, plimsoll.ManifestSchema)
	assert.Equal(t, m.Service, "test")
	assert.Equal(t, m.Limits["deadline_ms"], any(3000.0))
	on := map[string]bool{}
	for _, g := range m.Guarantees {
		on[g.ID] = g.On
	}
	assert.True(t, on["time.deadline"])
	assert.False(t, on["load.shed"], "admission is off")
	_, listed := on["sec.auth"]
	assert.False(t, listed, "a guarantee that nobody keeps")
	budgets, gzip := map[string]int{}, map[string]bool{}
	for _, r := range m.Routes {
		budgets[r.Pattern], gzip[r.Pattern] = r.BudgetMS, r.Gzip
	}
	assert.Equal(t, budgets["GET /deaf"], 50)
	assert.Equal(t, budgets["GET /ok"], 3000)
	assert.True(t, gzip["POST /zipped"])
	values := map[string]string{}
	for _, v := range m.Variables {
		values[v.Name] = v.Value
	}
	assert.Equal(t, values["PLIMSOLL_DEADLINE"], "3s")
	assert.Equal(t, values["ADMIN_TOKEN"], "(set)")
	assert.Equal(t, values["PLIMSOLL_GRACE"], "30s")
}

func TestTLSServesH2AndFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, certFile, keyFile, "first.test")
	s := start(t, hostile, "TLS_CERT="+certFile, "TLS_KEY="+keyFile)
	ask := func() (proto, name string, status int) {
		client := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: 10 * time.Second}
		defer client.CloseIdleConnections()
		res, err := client.Get("https://" + s.public + "/deaf")
		assert.NoError(t, err)
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		assert.NoError(t, err)
		return res.Proto, res.TLS.PeerCertificates[0].Subject.CommonName, res.StatusCode
	}
	proto, name, status := ask()
	assert.Equal(t, proto, "HTTP/2.0")
	assert.Equal(t, name, "first.test")
	assert.Equal(t, status, 504)
	writeCertificate(t, certFile, keyFile, "second.test")
	assert.Eventually(t, 10*time.Second, func() bool { _, name, _ := ask(); return name == "second.test" })
}

func TestH2WithoutTLSByPriorKnowledge(t *testing.T) {
	s := start(t, hostile)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	client := http.Client{Transport: &http.Transport{Protocols: &protocols}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://" + s.public + "/items/7")
	assert.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	assert.Equal(t, res.Proto, "HTTP/2.0")
	assert.Equal(t, string(body), "7")
}

func writeCertificate(t *testing.T, certFile, keyFile, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	assert.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}

// What is left of the budget, the trace and the end of the caller travel to a
// dependency.
func TestBudgetTraceAndCancellationReachTheDependency(t *testing.T) {
	seen, gone := make(chan http.Header, 1), make(chan struct{}, 1)
	dependency := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Clone()
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	defer dependency.Close()
	url, err := config.ParseURL(dependency.URL)
	assert.NoError(t, err)
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		client := outbound.New(svc, outbound.Config{Name: "dependency", URL: url})
		svc.HandleFunc("GET /calls", func(_ http.ResponseWriter, r *http.Request) {
			req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "/", nil)
			if err == nil {
				if res, err := client.Do(req); err == nil {
					_ = res.Body.Close()
				}
			}
		}, route.Budget(4*time.Second))
		return nil
	})
	const id = "0af7651916cd43dd8448eb211c80319c"
	conn := dial(t, s.public)
	_, err = io.WriteString(conn, "GET /calls HTTP/1.1\r\nHost: x\r\nTraceparent: 00-"+id+"-b7ad6b7169203331-01\r\n\r\n")
	assert.NoError(t, err)
	header := <-seen
	assert.Match(t, header.Get("Plimsoll-Budget"), `^3[0-9]{3}$`)
	assert.Contains(t, header.Get("Traceparent"), id)
	assert.NotContains(t, header.Get("Traceparent"), "b7ad6b7169203331")
	assert.NoError(t, conn.Close())
	<-gone
}
