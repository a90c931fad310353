package config

import (
	"slices"
	"strings"
)

// family is the prefix of the variables that set guarantees. Only this family is searched for misspelt names: what
// other variables a process is given is not for a service to judge.
const family = "PLIMSOLL_"

// typo is the largest edit distance at which an unknown name is taken for a misspelt one: two slips of the finger.
const typo = 2

// misspelt is a fault for each set variable of the family that nothing reads and that is close to one that is read.
func (env environment) misspelt() []Fault {
	var faults []Fault
	for _, name := range env.strangers() {
		if near, ok := nearest(name, env.claims); ok {
			faults = append(faults, Fault{Variable: name, Problem: "is not read by this service",
				Hint: "did you mean " + near + "?"})
		}
	}
	return faults
}

// Unknown returns the names, sorted, of the set PLIMSOLL_ variables that nothing reads and that resemble nothing that
// is read. They stop nobody, but are worth a line in the log. What Kubernetes sets for a service object whose name
// begins with plimsoll is not among them.
func Unknown(environ []string, into ...any) []string {
	fields, _, _ := collect(into)
	env := read(environ, fields)
	return slices.DeleteFunc(env.strangers(), func(name string) bool {
		_, close := nearest(name, env.claims)
		return close
	})
}

// strangers lists the set variables of the family that nothing reads.
func (env environment) strangers() []string {
	var names []string
	for _, name := range env.unread {
		if strings.HasPrefix(name, family) && !fromKubernetes(name, env.values[name]) {
			names = append(names, name)
		}
	}
	return names
}

// fromKubernetes recognises the variables a kubelet sets for each service object of a namespace
// (kubernetes.io/docs/concepts/services-networking/service/#environment-variables and the Docker links form).
func fromKubernetes(name, value string) bool {
	linked := strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://") || strings.HasPrefix(value, "sctp://")
	switch {
	case strings.HasSuffix(name, "_SERVICE_HOST"), strings.Contains(name, "_SERVICE_PORT"):
		return true
	case strings.HasSuffix(name, "_PORT"):
		return linked
	}
	_, port, found := strings.Cut(name, "_PORT_")
	return found && port != "" && port[0] >= '0' && port[0] <= '9'
}

// nearest finds the candidate that is closest to name, at most [typo] edits away and not equal. A name of which so
// few edits would change a good part is not judged.
func nearest(name string, candidates []string) (string, bool) {
	best, distance := "", typo+1
	if len(name) <= 2*typo {
		return "", false
	}
	for _, c := range candidates {
		if c == name || len(c)-len(name) > typo || len(name)-len(c) > typo {
			continue
		}
		if d := edits(name, c); d < distance {
			best, distance = c, d
		}
	}
	return best, best != ""
}

// edits is the optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
