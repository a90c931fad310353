package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", for the admin connection
)

const (
	superuser = "plimsoll"
	startWait = time.Minute // of a loaded machine
	startPoll = 20 * time.Millisecond
)

// supervise runs the server and ends it when standard input ends, which is when
// the test process is gone: the kernel closes the other end of the pipe even
// after kill -9, a panic or os.Exit, where no cleanup of the process itself
// runs. (A parent-death signal would come when a thread ends.) QUIT is
// PostgreSQL's immediate shutdown.
const supervise = `
dir=$1
shift
"$@" >"$dir/log" 2>&1 &
cat >/dev/null
kill -QUIT $! 2>/dev/null
wait $!
rm -rf "$dir"
`

// startServer makes a cluster in a temporary folder and starts a server on it.
func startServer() (*postgresServer, error) {
	bin, err := findBinaries(debian)
	if err != nil {
		return nil, err
	}
	who, err := findUser()
	if err != nil {
		return nil, err
	}
	removeStale(os.TempDir())
	dir, err := newFolder(who)
	if err != nil {
		return nil, err
	}
	if err := initialise(bin, dir, who); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	// The folder is the supervisor's from here on.
	if err := run(bin, dir, who); err != nil {
		return nil, err
	}
	s := &postgresServer{dir: dir}
	if s.admin, err = sql.Open("pgx", s.url("postgres")); err != nil {
		return nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	if err := s.waitUntilUp(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // best effort: the error is the one above
		return nil, fmt.Errorf("start a private PostgreSQL: %w\n%s", err, log)
	}
	return s, nil
}

func initialise(bin, dir string, who account) error {
	cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"),
		"--pgdata", filepath.Join(dir, "data"), "--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	who.apply(cmd, dir)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("start a private PostgreSQL: initdb: %w\n%s", err, output.Bytes())
	}
	return nil
}

// run starts the server under its supervisor. Durability is off: the data do
// not outlive the test.
func run(bin, dir string, who account) error {
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", supervise, "supervise", dir,
		filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=100")
	who.apply(cmd, dir)
	alive, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	go reap(cmd, alive)
	return nil
}

// reap waits for the supervisor, which normally outlives this process, and
// keeps the pipe from being closed by the garbage collector.
func reap(cmd *exec.Cmd, alive io.Closer) {
	_ = cmd.Wait() // that it ended shows in every query
	_ = alive.Close()
}

func (s *postgresServer) waitUntilUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	for {
		err := s.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(startPoll):
		case <-ctx.Done():
			return err
		}
	}
}
