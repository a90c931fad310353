package edge

import (
	"crypto/sha256"
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

// checkEvery is how often files are read to see whether they changed. They are
// read by a handshake; without handshakes nothing is.
const checkEvery = time.Second

// Files are what a TLS listener is configured with, in PEM.
type Files struct {
	Cert     string // the certificate, and those between it and the root
	Key      string // its private key
	ClientCA string // who signs client certificates. "": they are not asked for
}

// Certificates are the files, as they were when they were last good. A
// certificate that is renewed is used from the next handshake on; a file that is
// broken, or only half written, changes nothing but the log.
type Certificates struct {
	files Files
	log   *slog.Logger
	epoch time.Time

	current atomic.Pointer[tls.Config]
	checked atomic.Int64 // when, in ns since epoch

	mu   sync.Mutex
	seen [sha256.Size]byte // what was last read, good or not
}

// OpenCertificates reads the files for the first time. Later it logs to log what
// it finds. The error names the file and its variable.
func OpenCertificates(files Files, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{files: files, log: log, epoch: time.Now()}
	read := c.read()
	cfg, err := read.config()
	if err != nil {
		return nil, err
	}
	c.seen = read.digest()
	c.use(cfg, "certificate loaded")
	return c, nil
}

// Config is for tls.NewListener. It has TLS 1.2 at least, h2 and HTTP/1.1. A
// client certificate is verified if there is one, and a wrong one is refused; who
// must have one is for the application to say.
func (c *Certificates) Config() *tls.Config {
	cfg := baseConfig()
	cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c.check()
		return c.current.Load(), nil
	}
	return cfg
}

func baseConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// check reads the files again when that is due. One handshake does it; those
// beside it use what there is.
func (c *Certificates) check() {
	now := int64(time.Since(c.epoch))
	last := c.checked.Load()
	if now-last < int64(checkEvery) || !c.checked.CompareAndSwap(last, now) || !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	read := c.read()
	digest := read.digest()
	if digest == c.seen {
		return
	}
	c.seen = digest // what is broken is logged once
	cfg, err := read.config()
	if err != nil {
		c.log.Error("certificate not reloaded, the one before stays in use", slog.Any("error", err))
		return
	}
	c.use(cfg, "certificate reloaded")
}

func (c *Certificates) use(cfg *tls.Config, message string) {
	c.current.Store(cfg)
	leaf := cfg.Certificates[0].Leaf
	say := c.log.Info
	if leaf.NotAfter.Before(time.Now()) {
		say, message = c.log.Error, message+", but it has expired"
	}
	say(message, slog.String("file", c.files.Cert), slog.Any("names", leaf.DNSNames), slog.Time("not_after", leaf.NotAfter),
		slog.Bool("client_certificates", cfg.ClientCAs != nil))
}

// contents are what was in the files, or why not.
type contents struct {
	files              Files
	cert, key, clients []byte
	err                error
}

func (c *Certificates) read() contents {
	p := contents{files: c.files}
	read := func(variable, name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			p.err = errors.Join(p.err, fmt.Errorf("read %s: %w", variable, err))
		}
		return b
	}
	p.cert, p.key = read("TLS_CERT", c.files.Cert), read("TLS_KEY", c.files.Key)
	if c.files.ClientCA != "" {
		p.clients = read("TLS_CLIENT_CA", c.files.ClientCA)
	}
	return p
}

// digest tells one reading from another without keeping the key.
func (p contents) digest() [sha256.Size]byte {
	h := sha256.New()
	for _, part := range [][]byte{p.cert, p.key, p.clients, fmt.Append(nil, p.err)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (p contents) config() (*tls.Config, error) {
	if p.err != nil {
		return nil, p.err
	}
	pair, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		return nil, fmt.Errorf("use TLS_CERT %s with TLS_KEY %s: %w", p.files.Cert, p.files.Key, err)
	}
	cfg := baseConfig()
	cfg.Certificates = []tls.Certificate{pair}
	if p.files.ClientCA != "" {
		cfg.ClientCAs = x509.NewCertPool()
		if !cfg.ClientCAs.AppendCertsFromPEM(p.clients) {
			return nil, fmt.Errorf("use TLS_CLIENT_CA %s: there is no certificate in it", p.files.ClientCA)
		}
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return cfg, nil
}
