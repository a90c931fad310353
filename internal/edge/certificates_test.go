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
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// writePair writes a self-signed certificate for the name.
func writePair(t *testing.T, files Files, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	assert.NoError(t, os.WriteFile(files.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}

// shown is the name on the certificate that the server shows now.
func shown(t *testing.T, config *tls.Config) string {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go func() { _ = tls.Server(server, config).HandshakeContext(context.Background()) }()
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	assert.NoError(t, c.HandshakeContext(t.Context()))
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestCertificatesFollowTheirFiles(t *testing.T) {
	dir := t.TempDir()
	files := Files{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	var log bytes.Buffer
	_, err := OpenCertificates(files, slog.New(slog.NewTextHandler(&log, nil)))
	assert.Error(t, err, "files that are not there")

	writePair(t, files, "one.test")
	c, err := OpenCertificates(files, slog.New(slog.NewTextHandler(&log, nil)))
	assert.NoError(t, err)
	config := c.Config()
	assert.Equal(t, shown(t, config), "one.test")

	writePair(t, files, "two.test")
	c.refresh(time.Now())
	assert.Equal(t, shown(t, config), "one.test", "looked at too soon")
	c.refresh(time.Now().Add(2 * time.Second))
	assert.Equal(t, shown(t, config), "two.test")

	assert.NoError(t, os.WriteFile(files.Cert, []byte("half a fi"), 0o600))
	c.refresh(time.Now().Add(4 * time.Second))
	c.refresh(time.Now().Add(6 * time.Second))
	assert.Equal(t, shown(t, config), "two.test", "a broken file must not take the certificate away")
	assert.Equal(t, bytes.Count(log.Bytes(), []byte("level=ERROR")), 1, "reported once")

	writePair(t, files, "three.test")
	c.refresh(time.Now().Add(8 * time.Second))
	assert.Equal(t, shown(t, config), "three.test")
}

func TestAClientCAMustHoldACertificate(t *testing.T) {
	dir := t.TempDir()
	files := Files{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), ClientCA: filepath.Join(dir, "ca.pem")}
	writePair(t, files, "one.test")
	assert.NoError(t, os.WriteFile(files.ClientCA, []byte("not a certificate"), 0o600))
	_, err := OpenCertificates(files, slog.Default())
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "TLS_CLIENT_CA")

	pair, err := os.ReadFile(files.Cert)
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(files.ClientCA, pair, 0o600))
	c, err := OpenCertificates(files, slog.Default())
	assert.NoError(t, err)
	assert.Equal(t, c.Config().ClientAuth, tls.VerifyClientCertIfGiven)
}
