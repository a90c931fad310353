package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sample is what one round of one variant took, for each request, client and server together.
type sample struct {
	wall, cpu     float64 // microseconds
	allocs, bytes float64
}

// measureCost serves each workload by each variant in short alternating rounds, so that whatever else the machine does
// falls on all of them. A ratio is of a round and the bare one next to it.
func measureCost(rounds int, length time.Duration, conns int) error {
	fmt.Printf("cost: %d rounds of %v each, alternating, %d keep-alive connections over loopback, client and server in one process\n\n",
		rounds, length, conns)
	for _, w := range workloads {
		samples, err := interleave(w, rounds, length, conns)
		if err != nil {
			return err
		}
		fmt.Printf("%-5s %-20s %10s %22s %9s %22s %8s %8s\n", w.name, "", "µs/request", "ratio, p10 to p90", "CPU µs", "ratio, p10 to p90", "allocs", "bytes")
		for i, v := range variants {
			print(v.name, samples[i], samples[0])
		}
		fmt.Println()
	}
	return nil
}

func interleave(w workload, rounds int, length time.Duration, conns int) ([][]sample, error) {
	samples := make([][]sample, len(variants))
	clients := make([][]*client, len(variants))
	for i, v := range variants {
		server := httptest.NewServer(v.wrap(small))
		defer server.Close()
		for range conns {
			c, err := dial(server.Listener.Addr().String(), w.request)
			if err != nil {
				return nil, err
			}
			defer c.close()
			clients[i] = append(clients[i], c)
		}
	}
	for round := range rounds + 2 { // the first two warm up
		for k := range variants {
			i := (round + k) % len(variants)
			s, err := measure(clients[i], length)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", variants[i].name, err)
			}
			if round >= 2 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

// measure has every client send one request after the other for the length of a round.
func measure(clients []*client, length time.Duration) (sample, error) {
	var (
		wg            sync.WaitGroup
		counts        = make([]int, len(clients))
		errs          = make([]error, len(clients))
		before, after runtime.MemStats
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	for i, c := range clients {
		wg.Go(func() {
			for time.Since(start) < length && errs[i] == nil {
				for range 16 { // between two looks at the clock
					errs[i] = errors.Join(errs[i], c.exchange())
				}
				counts[i] += 16
			}
		})
	}
	wg.Wait()
	wall, used := time.Since(start), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	n := 0
	for _, count := range counts {
		n += count
	}
	each := func(v float64) float64 { return v / float64(n) }
	return sample{
		wall:   each(float64(wall.Nanoseconds()) / 1e3),
		cpu:    each(float64(used.Nanoseconds()) / 1e3),
		allocs: each(float64(after.Mallocs - before.Mallocs)),
		bytes:  each(float64(after.TotalAlloc - before.TotalAlloc)),
	}, errors.Join(errs...)
}

func print(name string, of, bare []sample) {
	get := func(f func(sample) float64) float64 { return quantile(values(of, f), 0.5) }
	ratio := func(f func(sample) float64) string {
		var ratios []float64
		for i := range of {
			ratios = append(ratios, f(of[i])/f(bare[i]))
		}
		slices.Sort(ratios)
		return fmt.Sprintf("%.3f (%.3f to %.3f)", quantile(ratios, 0.5), quantile(ratios, 0.1), quantile(ratios, 0.9))
	}
	wall := func(s sample) float64 { return s.wall }
	cpu := func(s sample) float64 { return s.cpu }
	fmt.Printf("      %-20s %10.2f %22s %9.2f %22s %8.1f %8.0f\n", name, get(wall), ratio(wall), get(cpu), ratio(cpu),
		get(func(s sample) float64 { return s.allocs }), get(func(s sample) float64 { return s.bytes }))
}

func values(samples []sample, f func(sample) float64) []float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, f(s))
	}
	slices.Sort(all)
	return all
}

// quantile of sorted values, the nearest rank.
func quantile[T cmp.Ordered](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// cpuTime is what this process has used, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic("getrusage: " + err.Error()) // it fails for a wrong argument only
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// client sends the same bytes again and again on one connection, and allocates nothing.
type client struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
	size    int // of an answer, all of which are alike
}

func dial(address, request string) (*client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, reader: bufio.NewReader(conn), request: []byte(request)}
	if _, err := conn.Write(c.request); err != nil {
		return nil, err
	}
	for { // the first answer says how long they are
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return nil, err
		}
		c.size += len(line)
		if length, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(length))
			if err != nil {
				return nil, err
			}
			c.size += n
		}
		if line == "\r\n" {
			break
		}
	}
	_, err = io.CopyN(io.Discard, c.reader, int64(len(answer)))
	return c, err
}

func (c *client) close() { _ = c.conn.Close() } // nothing is lost with it

func (c *client) exchange() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	first, err := c.reader.Peek(12)
	if err != nil {
		return err
	}
	if string(first) != "HTTP/1.1 200" {
		return fmt.Errorf("the answer is %q", first)
	}
	_, err = c.reader.Discard(c.size)
	return err
}
