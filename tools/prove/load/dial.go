package load

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// open opens a connection for request i, sends it, and then serves the connection.
func (r *run) open(ctx context.Context, i int, p []byte) {
	c, err := r.dial(ctx, r.at(r.rows[i].Intended+r.plan.Deadline))
	if err != nil {
		r.pool.release()
		r.finish(i, unopened(err))
		r.note(i, nil, nil, err)
		r.workers.Done()
		return
	}
	if !r.pool.add(c) {
		_ = c.nc.Close()
		r.finish(i, Cancelled)
		r.workers.Done()
		return
	}
	if err := c.carry(i, p); err != nil {
		r.finish(i, Unreachable) // accepted, and reset before we could say anything
		r.note(i, c, nil, err)
	}
	c.serve()
}

// dial opens a connection until a deadline.
func (r *run) dial(ctx context.Context, until time.Time) (*conn, error) {
	d := net.Dialer{KeepAlive: -1, Deadline: until}
	nc, err := d.DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return nil, err
	}
	tcp := nc.(*net.TCPConn)
	s, err := newSocket(tcp)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return &conn{run: r, nc: tcp, socket: s, row: nobody}, nil
}

// warm opens the connections that are to exist before the start. They are not served yet.
func (r *run) warm(ctx context.Context) ([]*conn, error) {
	conns, errs := make([]*conn, r.plan.Conns), make([]error, r.plan.Conns)
	slots := make(chan struct{}, 32) // more would overflow a small listen queue, which costs a second each
	until := time.Now().Add(r.plan.Deadline)
	var dials sync.WaitGroup
	for k := range conns {
		slots <- struct{}{}
		dials.Go(func() {
			conns[k], errs[k] = r.dial(ctx, until)
			<-slots
		})
	}
	dials.Wait()
	for _, err := range errs {
		if err == nil {
			continue
		}
		for _, c := range conns {
			if c != nil {
				_ = c.nc.Close()
			}
		}
		return nil, fmt.Errorf("open %d connections before the start: %w", len(conns), err)
	}
	return conns, nil
}
