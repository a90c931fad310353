package launch

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Spec says how a service is built and run.
type Spec struct {
	// Build is the command that Build runs. Empty: nothing to build.
	Build []string

	// Run is the command of the service. A name without a slash is looked up in the service's own PATH, a relative
	// path is below Dir. Start needs it.
	Run []string

	// Dir is the working directory of both. Empty: the prover's own.
	Dir string

	// Env is the service's environment, and wins over what it inherits.
	Env map[string]string

	// Inherit names further variables that are passed on when the prover has them. See Inherited for those that
	// always are.
	Inherit []string

	// Ports that the service will listen on. Start refuses when one of them is taken. Nil: none is checked.
	Ports []int

	// CPUs that the service may run on. Nil: all.
	CPUs []int

	// BuildTimeout bounds Build. 0: 10 minutes.
	BuildTimeout time.Duration

	// Epoch is where all times of the process count from; it must carry a monotonic reading. Zero: when it was started.
	Epoch time.Time

	// Lines and Bytes bound the output that is kept; older lines make room. 0: 4,096 lines, 4 MiB.
	Lines, Bytes int

	// OnLine is given every line of output, in order within a stream, by the goroutine that reads the stream. It must
	// be quick: the service waits when it is not. Nil: nothing.
	OnLine func(Line)

	// Guard is the command that runs the Guard function. Nil: this program with GuardArgument.
	Guard []string
}

// Validate reports everything that is wrong at once.
func (s Spec) Validate() error {
	var faults []error
	if len(s.Run) == 0 && len(s.Build) == 0 {
		faults = append(faults, errors.New("run: no command; name the program and its arguments"))
	}
	for what, command := range map[string][]string{"run": s.Run, "build": s.Build} {
		if len(command) > 0 && command[0] == "" {
			faults = append(faults, fmt.Errorf("%s: the command's name is empty", what))
		}
	}
	if s.Dir != "" {
		if info, err := os.Stat(s.Dir); err != nil {
			faults = append(faults, fmt.Errorf("dir: %w", err))
		} else if !info.IsDir() {
			faults = append(faults, fmt.Errorf("dir: %s is not a directory", s.Dir))
		}
	}
	for name := range s.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			faults = append(faults, fmt.Errorf("env: %q is no name of a variable", name))
		}
	}
	for _, port := range s.Ports {
		if port < 1 || port > 65535 {
			faults = append(faults, fmt.Errorf("ports: %d is not between 1 and 65535", port))
		}
	}
	if s.Lines < 0 || s.Bytes < 0 || s.BuildTimeout < 0 {
		faults = append(faults, errors.New("limits must not be negative; 0 means the default"))
	}
	return errors.Join(faults...)
}

// inherited are the variables that every service gets when the prover has them.
var inherited = [...]string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR",
	"GOROOT", "GOPATH", "GOCACHE", "GOMODCACHE", "GOTOOLCHAIN", "GOFLAGS", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE",
	"JAVA_HOME", "DOTNET_ROOT", "DOTNET_CLI_HOME", "NODE_PATH", "NVM_DIR", "npm_config_cache",
	"PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV", "PYTHONPATH", "CARGO_HOME", "RUSTUP_HOME", "GEM_HOME",
	"LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

// inheritedByBuild are those that a build gets besides: it may need the network.
var inheritedByBuild = [...]string{
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"CC", "CXX", "CGO_ENABLED", "PKG_CONFIG_PATH", "NPM_CONFIG_REGISTRY", "npm_config_registry", "NODE_EXTRA_CA_CERTS",
	"PIP_INDEX_URL", "PIP_CERT", "MAVEN_OPTS",
}

// Inherited lists the variables that a service gets when the prover has them,
// besides those that its Spec names: enough to find programs, caches and
// certificates. Settings that change how a service behaves, GOMAXPROCS or
// NODE_OPTIONS say, are not among them.
func Inherited() []string { return inherited[:] }

// markVariable tells processes of one launch from all others, should the guard
// be killed.
const markVariable = "PROVE_LAUNCH"

// environ is the environment of one command of the spec, sorted.
func (s Spec) environ(mark string, further ...string) []string {
	env := make(map[string]string)
	for _, name := range slices.Concat(inherited[:], further, s.Inherit) {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
	}
	maps.Copy(env, s.Env)
	env[markVariable] = mark
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// program is the file that the command's name stands for.
func (s Spec) program(name string, env []string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.Dir, name)
		}
		path, err := filepath.Abs(name)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		return path, isProgram(path)
	}
	search := ""
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			search = value
		}
	}
	for _, dir := range filepath.SplitList(search) {
		if path := filepath.Join(dir, name); filepath.IsAbs(path) && isProgram(path) == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%q is in no directory of PATH (%s)", name, search)
}

func isProgram(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s may not be executed (mode %v)", path, info.Mode().Perm())
	}
	return nil
}
