package storetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// missingError says that the system has no PostgreSQL.
type missingError struct{ looked string }

func (e *missingError) Error() string {
	return "NOT TESTED: there is no PostgreSQL on this machine (looked in " + e.looked + "). To test it: apt-get install postgresql"
}

// skips reports whether a test without PostgreSQL is skipped, and not failed.
// ci is the variable CI.
func skips(err error, ci string) bool {
	var missing *missingError
	return errors.As(err, &missing) && ci != "true"
}

// debian is where its packages put the binaries of each version.
const debian = "/usr/lib/postgresql/*/bin"

// findBinaries is the folder of initdb and postgres: that of PATH, else the
// newest of those that the pattern matches.
func findBinaries(pattern string) (string, error) {
	candidates, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	slices.SortFunc(candidates, func(a, b string) int { return version(b) - version(a) })
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// PATH may hold a link to it alone; the server lies where it points.
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			candidates = append([]string{filepath.Dir(real)}, candidates...)
		}
	}
	for _, dir := range candidates {
		if _, err := exec.LookPath(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", &missingError{looked: "PATH and " + pattern}
}

// version is the 15 of /usr/lib/postgresql/15/bin.
func version(bin string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return n
}

// account is who runs the server. The zero value is the user of this process.
type account struct{ credential *syscall.Credential }

// findUser is another user than root, which PostgreSQL refuses to run as.
func findUser() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("start a private PostgreSQL: user %s: %w", name, err)
		}
		return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, errors.New("start a private PostgreSQL: it does not run as root, and there is no user postgres or nobody")
}

// apply makes cmd run as the account, in dir, in a session of its own: a Ctrl-C
// at the terminal ends the tests, and their end ends the server.
func (a account) apply(cmd *exec.Cmd, dir string) {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: a.credential}
}

const folderPrefix = "plimsoll-postgres-"

// newFolder makes the server's folder, named by this process.
func newFolder(who account) (string, error) {
	base := os.TempDir()
	// The path of a socket has 107 bytes at most, and another user must get there.
	if len(base) > 50 || who.credential != nil && !openToAll(base) {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, folderPrefix+strconv.Itoa(os.Getpid())+"-") // mode 0700
	if err != nil {
		return "", fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	if who.credential != nil {
		err = os.Chown(dir, int(who.credential.Uid), int(who.credential.Gid))
	}
	if err != nil {
		return "", fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	return dir, nil
}

// openToAll reports whether every user may pass through dir.
func openToAll(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// removeStale removes the folders of processes that are gone, whose supervisor
// was killed too. A server that still ran there ends within a minute when it
// finds its folder gone.
func removeStale(base string) {
	folders, err := filepath.Glob(filepath.Join(base, folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range folders {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folderPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // somebody else's is left to them
		}
	}
}
