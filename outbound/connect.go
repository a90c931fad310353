package outbound

import (
	"cmp"
	"net/http"
	"net/url"
	"time"
)

// maxHeader bounds the headers of an answer, of which net/http would take 10 MiB.
const maxHeader = 256 << 10

// How a dead HTTP/2 connection is found: with one connection for many calls, each would otherwise run into its
// deadline until TCP gives up, after a quarter of an hour (golang.org/issue/59690).
const (
	pingAfter   = 5 * time.Second // without a frame from the other side
	pingTimeout = 2 * time.Second
)

// connections is the transport of one dependency, shared with no other. How long a call may wait for its headers and
// its body is the matter of its context.
func connections(c Config, way func(*http.Request) (*url.URL, error)) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Proxy:                  way,
		DialContext:            c.Dial,
		TLSClientConfig:        c.TLS.Clone(), // net/http writes into it
		TLSHandshakeTimeout:    c.Handshake,
		Protocols:              protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: pingAfter},
		MaxConnsPerHost:        mostConns(c.MaxConns),
		MaxIdleConnsPerHost:    idle(c.MaxConns),
		MaxIdleConns:           0, // bounded for each host
		IdleConnTimeout:        c.Idle,
		MaxResponseHeaderBytes: maxHeader,
		ExpectContinueTimeout:  time.Second,
	}
}

// mostConns is MaxConns as net/http has it, where 0 is no limit.
func mostConns(configured int) int {
	switch configured {
	case 0:
		return DefaultMaxConns
	case Unlimited:
		return 0
	}
	return configured
}

// idle keeps every connection that was needed, for the time that it may idle: net/http's default of two would make a
// connection for most calls of a busy service.
func idle(configured int) int { return cmp.Or(mostConns(configured), DefaultMaxConns) }
