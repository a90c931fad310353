package edge

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// identity is a certificate with its key, in PEM and as a client uses it.
type identity struct {
	cert, key []byte
	pair      tls.Certificate
}

// issue makes a self-signed certificate for the name, which may sign others.
func issue(t *testing.T, name string, lasts time.Duration) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(lasts), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	assert.NoError(t, err)
	id := identity{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	id.pair, err = tls.X509KeyPair(id.cert, id.key)
	assert.NoError(t, err)
	return id
}

func filesIn(t *testing.T) Files {
	t.Helper()
	dir := t.TempDir()
	return Files{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	assert.NoError(t, os.WriteFile(name, content, 0o600))
}

func (id identity) install(t *testing.T, files Files) {
	t.Helper()
	write(t, files.Key, id.key)
	write(t, files.Cert, id.cert)
}

// meet is one handshake; it returns what the client saw, and the first error of
// either side.
func meet(t *testing.T, config *tls.Config, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	server := make(chan error, 1)
	go func() {
		defer far.Close()
		conn := tls.Server(far, config)
		err := conn.HandshakeContext(context.Background())
		if err == nil {
			_, err = conn.Write([]byte("x"))
		}
		server <- err
	}()
	client.InsecureSkipVerify = true
	conn := tls.Client(near, client)
	_, err := conn.Read(make([]byte, 1)) // with TLS 1.3 a client certificate is judged after the handshake
	_ = near.Close()
	if serverErr := <-server; serverErr != nil {
		err = serverErr
	}
	return conn.ConnectionState(), err
}

func shown(t *testing.T, config *tls.Config) string {
	t.Helper()
	state, err := meet(t, config, &tls.Config{})
	assert.NoError(t, err)
	return state.PeerCertificates[0].Subject.CommonName
}

func TestCertificatesFollowTheirFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := filesIn(t)
		var log bytes.Buffer
		issue(t, "one.test", time.Hour).install(t, files)
		c, err := OpenCertificates(files, slog.New(slog.NewTextHandler(&log, nil)))
		assert.NoError(t, err)
		config := c.Config()
		assert.Equal(t, shown(t, config), "one.test")

		two := issue(t, "two.test", time.Hour)
		two.install(t, files)
		assert.Equal(t, shown(t, config), "one.test", "looked at too soon")
		time.Sleep(checkEvery)
		assert.Equal(t, shown(t, config), "two.test")
		assert.Equal(t, strings.Count(log.String(), "certificate reloaded"), 1)

		three := issue(t, "three.test", time.Hour)
		broken := func(name string, content []byte) {
			t.Helper()
			write(t, name, content)
			log.Reset()
			for range 3 {
				time.Sleep(checkEvery)
				assert.Equal(t, shown(t, config), "two.test", "what is broken takes nothing away")
			}
			assert.Equal(t, strings.Count(log.String(), "level=ERROR"), 1, "said once: %s", log.String())
			assert.NotContains(t, log.String(), "PRIVATE KEY")
		}
		broken(files.Cert, three.cert[:len(three.cert)/2])
		broken(files.Cert, three.cert) // the key is not there yet
		broken(files.Cert, nil)
		assert.NoError(t, os.Remove(files.Cert))
		broken(files.Key, three.key)
		write(t, files.Cert, three.cert)
		time.Sleep(checkEvery)
		assert.Equal(t, shown(t, config), "three.test")

		three.install(t, files)
		log.Reset()
		time.Sleep(checkEvery)
		assert.Equal(t, shown(t, config), "three.test")
		assert.Zero(t, log.String(), "nothing changed")
	})
}

// As Kubernetes does it: a link to a folder is exchanged.
func TestALinkThatIsExchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"one", "two"} {
			assert.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
			issue(t, name+".test", time.Hour).install(t, Files{Cert: filepath.Join(dir, name, "cert"), Key: filepath.Join(dir, name, "key")})
		}
		link := filepath.Join(dir, "now")
		assert.NoError(t, os.Symlink("one", link))
		c, err := OpenCertificates(Files{Cert: filepath.Join(link, "cert"), Key: filepath.Join(link, "key")}, slog.New(slog.DiscardHandler))
		assert.NoError(t, err)
		assert.Equal(t, shown(t, c.Config()), "one.test")
		assert.NoError(t, os.Symlink("two", link+".next"))
		assert.NoError(t, os.Rename(link+".next", link))
		time.Sleep(checkEvery)
		assert.Equal(t, shown(t, c.Config()), "two.test")
	})
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	good, other := issue(t, "a.test", time.Hour), issue(t, "b.test", time.Hour)
	for name, c := range map[string]struct {
		prepare func(f *Files)
		want    string
	}{
		"nothing there":   {func(*Files) {}, "TLS_KEY"},
		"no key":          {func(f *Files) { write(t, f.Cert, good.cert) }, "TLS_KEY"},
		"no certificate":  {func(f *Files) { write(t, f.Key, good.key) }, "TLS_CERT"},
		"another's key":   {func(f *Files) { write(t, f.Cert, good.cert); write(t, f.Key, other.key) }, "does not match"},
		"no PEM":          {func(f *Files) { write(t, f.Cert, []byte("x")); write(t, f.Key, good.key) }, "TLS_CERT"},
		"no client CA":    {func(f *Files) { good.install(t, *f); f.ClientCA = f.Cert + ".ca" }, "TLS_CLIENT_CA"},
		"empty client CA": {func(f *Files) { good.install(t, *f); f.ClientCA = f.Key }, "there is no certificate in it"},
	} {
		files := filesIn(t)
		c.prepare(&files)
		_, err := OpenCertificates(files, slog.New(slog.DiscardHandler))
		assert.Error(t, err, name)
		assert.Contains(t, err.Error(), c.want, name)
	}
}

func TestAnExpiredCertificateIsSaid(t *testing.T) {
	var log bytes.Buffer
	files := filesIn(t)
	issue(t, "old.test", -time.Hour).install(t, files)
	_, err := OpenCertificates(files, slog.New(slog.NewTextHandler(&log, nil)))
	assert.NoError(t, err, "a service that refuses to start is worse")
	assert.Contains(t, log.String(), "level=ERROR")
	assert.Contains(t, log.String(), "expired")
}

func TestClientCertificates(t *testing.T) {
	files := filesIn(t)
	issue(t, "server.test", time.Hour).install(t, files)
	known, stranger := issue(t, "known", time.Hour), issue(t, "stranger", time.Hour)
	files.ClientCA = files.Cert + ".ca"
	write(t, files.ClientCA, known.cert)
	c, err := OpenCertificates(files, slog.New(slog.DiscardHandler))
	assert.NoError(t, err)
	_, err = meet(t, c.Config(), &tls.Config{})
	assert.NoError(t, err, "none is needed")
	_, err = meet(t, c.Config(), &tls.Config{Certificates: []tls.Certificate{known.pair}})
	assert.NoError(t, err)
	_, err = meet(t, c.Config(), &tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &stranger.pair, nil
	}})
	assert.Error(t, err)
}

func TestProtocolVersions(t *testing.T) {
	files := filesIn(t)
	issue(t, "a.test", time.Hour).install(t, files)
	c, err := OpenCertificates(files, slog.New(slog.DiscardHandler))
	assert.NoError(t, err)
	_, err = meet(t, c.Config(), &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	assert.Error(t, err)
	for offered, want := range map[string]string{"h2": "h2", "http/1.1": "http/1.1"} {
		state, err := meet(t, c.Config(), &tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{offered}})
		assert.NoError(t, err)
		assert.Equal(t, state.NegotiatedProtocol, want)
	}
}

// Under TLS, on both protocols, the server sees the connection and its age; on h2
// an answer with Connection: close ends the connection after it.
func TestServingTLS(t *testing.T) {
	files := filesIn(t)
	issue(t, "127.0.0.1", time.Hour).install(t, files)
	c, err := OpenCertificates(files, slog.New(slog.DiscardHandler))
	assert.NoError(t, err)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		l := listen(t, Config{TLS: true, MaxAge: time.Nanosecond})
		srv := &http.Server{ConnContext: ConnContext, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if Expired(r.Context()) {
				w.Header().Set("Connection", "close")
			}
			_, _ = io.WriteString(w, r.Proto)
		})}
		served := make(chan error)
		go func() { served <- srv.Serve(tls.NewListener(l, c.Config())) }()
		var protocols http.Protocols
		protocols.SetHTTP1(protocol == "HTTP/1.1")
		protocols.SetHTTP2(protocol == "HTTP/2.0")
		client := &http.Client{Transport: &http.Transport{
			Protocols: &protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}}
		for range 3 {
			res, err := client.Get("https://" + l.Addr().String())
			assert.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			assert.NoError(t, err)
			assert.Equal(t, string(body), protocol)
			_ = res.Body.Close()
			assert.Eventually(t, 5*time.Second, func() bool { return l.Open() == 0 }, "%s: the connection was kept", protocol)
		}
		assert.NoError(t, srv.Close())
		assert.ErrorIs(t, <-served, http.ErrServerClosed)
	}
}
