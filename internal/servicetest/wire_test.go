package servicetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// tally is what became of requests.
type tally struct {
	sent   int // some bytes of it were written
	lost   int // sent, and no complete answer came
	unsent int // there was no connection to send it on
	other  int // complete answers that were not 200
	told   int // complete answers that said Connection: close
	why    error
}

func (t *tally) add(o tally) {
	t.sent, t.lost, t.unsent, t.other, t.told = t.sent+o.sent, t.lost+o.lost, t.unsent+o.unsent, t.other+o.other, t.told+o.told
	if t.why == nil {
		t.why = o.why
	}
}

// String is one line for a person.
func (t tally) String() string {
	s := fmt.Sprintf("%d lost of %d sent, %d unsent, %d not 200, %d told to close", t.lost, t.sent, t.unsent, t.other, t.told)
	if t.why != nil {
		s += "; first failure: " + t.why.Error()
	}
	return s
}

// wire is one kept connection of a client that hides nothing: unlike net/http's,
// it sends no request again once a byte of it is out.
type wire struct {
	addr    string
	request []byte
	conn    net.Conn
	in      *bufio.Reader
	tally
}

// patience is how long an answer is waited for: beyond every deadline here.
const patience = 20 * time.Second

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// exchange sends one request and reads its answer.
func (w *wire) exchange() {
	if err := w.write(); err != nil {
		w.unsent++
		w.failed(err)
		return
	}
	w.sent++
	_ = w.conn.SetReadDeadline(time.Now().Add(patience)) // what fails here fails below
	res, err := http.ReadResponse(w.in, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
	}
	if err != nil {
		w.lost++
		w.failed(err)
		return
	}
	if res.StatusCode != http.StatusOK {
		w.other++
	}
	if res.Close {
		w.told++
		w.close()
	}
}

// write puts the request on the connection. On one that was closed while idle
// nothing is written, and a new one is taken, as a router would.
func (w *wire) write() error {
	for {
		fresh := w.conn == nil
		if fresh {
			conn, err := net.DialTimeout("tcp", w.addr, patience)
			if err != nil {
				return err
			}
			w.conn, w.in = conn, bufio.NewReader(conn)
		}
		n, err := w.conn.Write(w.request)
		if err == nil || n > 0 {
			return nil
		}
		w.close()
		if fresh {
			return err
		}
	}
}

func (w *wire) failed(err error) {
	if w.why == nil {
		w.why = err
	}
	w.close()
}
