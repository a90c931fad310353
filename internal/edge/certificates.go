package edge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Files are where certificates lie, PEM encoded.
type Files struct {
	Cert, Key string
	ClientCA  string // empty: client certificates are not asked for
}

// Certificates serves TLS from files and takes new ones when the files change:
// looked at on a handshake, at most once a second. Files that do not load leave
// the certificates as they are, and are reported once.
type Certificates struct {
	files   Files
	log     *slog.Logger
	current atomic.Pointer[tls.Config]

	mu      sync.Mutex
	looked  time.Time
	version string // of the files that were last loaded, or failed to
}

// lookEvery bounds how often the files are looked at.
const lookEvery = time.Second

// OpenCertificates loads the files; the error says which cannot be used.
func OpenCertificates(files Files, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{files: files, log: log, looked: time.Now(), version: files.version()}
	loaded, err := files.load()
	if err != nil {
		return nil, err
	}
	c.current.Store(loaded)
	return c, nil
}

// Config is the server's configuration; it follows the files.
func (c *Certificates) Config() *tls.Config {
	follow := c.current.Load().Clone()
	follow.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c.refresh(time.Now())
		return c.current.Load(), nil
	}
	return follow
}

// refresh loads the files if they changed. Whoever comes while another looks
// goes on with what there is.
func (c *Certificates) refresh(now time.Time) {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookEvery {
		return
	}
	c.looked = now
	version := c.files.version()
	if version == c.version {
		return
	}
	c.version = version
	loaded, err := c.files.load()
	if err != nil {
		c.log.Error("the changed certificate files cannot be used; the old certificate stays", slog.Any("error", err))
		return
	}
	c.current.Store(loaded)
	c.log.Info("certificate files changed: loaded", slog.String("cert", c.files.Cert))
}

// version changes whenever a file does.
func (f Files) version() string {
	v := ""
	for _, name := range []string{f.Cert, f.Key, f.ClientCA} {
		if name == "" {
			continue
		}
		if info, err := os.Stat(name); err != nil {
			v += "unreadable;"
		} else {
			v += fmt.Sprintf("%d %d;", info.ModTime().UnixNano(), info.Size())
		}
	}
	return v
}

func (f Files) load() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("load TLS_CERT %s and TLS_KEY %s: %w", f.Cert, f.Key, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	if f.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("load TLS_CLIENT_CA: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("load TLS_CLIENT_CA " + f.ClientCA + ": it holds no PEM certificate")
	}
	return c, nil
}
