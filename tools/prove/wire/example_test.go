package wire_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// A request whose two headers disagree about where its body ends, byte by byte, and what the server made of it.
func ExampleDo() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		readHead(nc)
		io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	}()

	request := wire.NewRequest("POST", "/").Header("Host", "orders").
		Header("Content-Length", "5").Header("Transfer-Encoding", "chunked").End()
	x, err := wire.Do(context.Background(), l.Addr().String(), strings.NewReader(request.String()),
		wire.Wait{Answer: time.Second, Linger: time.Second}, wire.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(x.Response.Status, x.Response.KeepAlive, x.Close.Kind)
	fmt.Println(request.Shell("127.0.0.1:8080"))
	// Output:
	// 400 false fin
	// printf 'POST / HTTP/1.1\r\nHost: orders\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n' | nc 127.0.0.1 8080
}

// A client that sends one byte of a head every 10 ms and never ends it.
func ExampleConn_Drip() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // the server's header timeout
		io.Copy(io.Discard, nc)
		nc.Close()
	}()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := wire.Dial(ctx, l.Addr().String(), wire.Options{})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	slow := wire.Drip{Data: []byte("GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Every: 10 * time.Millisecond, Loop: true}
	if _, err := c.Drip(ctx, slow); err != nil {
		panic(err)
	}
	end := c.AwaitClose(ctx) // a FIN, or a RST if the last byte was not read any more
	fmt.Println(end.Kind != wire.Open, end.At < time.Second)
	// Output: true true
}
