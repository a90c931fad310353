package rounds

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// patience is how long a client waits for anything: a benchmark that hangs says
// nothing.
const patience = 2 * time.Minute

// client sends the same bytes again and again on one connection. It allocates
// nothing once it has seen the first answer.
type client struct {
	conn    net.Conn
	request []byte
	status  string // the beginning of every answer
	buf     []byte // as long as an answer, all of which are alike
}

// dial connects and asks once, to learn how long the answers are.
func dial(addr, request string, status int) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, request: []byte(request), status: fmt.Sprintf("HTTP/1.1 %d ", status)}
	if err := c.learn(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) close() { _ = c.conn.Close() } // nothing is lost with it

// learn finds the length of an answer.
func (c *client) learn() error {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	in := bufio.NewReader(c.conn)
	size, body := 0, int64(-1)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read the header of the answer: %w", err)
		}
		if size == 0 && !strings.HasPrefix(line, c.status) {
			return fmt.Errorf("want an answer %q, got %q", c.status, line)
		}
		size += len(line)
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if body, err = strconv.ParseInt(strings.TrimSpace(v), 10, 32); err != nil {
				return err
			}
		}
		if line == "\r\n" {
			break
		}
	}
	if body < 0 {
		return fmt.Errorf("the answer has no Content-Length, so its end cannot be known without parsing")
	}
	if _, err := io.CopyN(io.Discard, in, body); err != nil {
		return fmt.Errorf("read the body of the answer: %w", err)
	}
	c.buf = make([]byte, size+int(body))
	return nil
}

// exchange asks once and reads all of the answer.
func (c *client) exchange() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.conn, c.buf); err != nil {
		return err
	}
	if got := c.buf[:len(c.status)]; string(got) != c.status {
		return fmt.Errorf("want an answer %q, got %q", c.status, got)
	}
	return nil
}
