package spec_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

const small = `
name: orders
run: ./orders
operations:
  - {name: list, request: {path: /orders}}
`

func TestDefaultsAreFilledIn(t *testing.T) {
	s, err := spec.Parse("plimsoll.yaml", []byte(small))
	assert.NoError(t, err)
	assert.Equal(t, s.Run, spec.Command{"/bin/sh", "-c", "exec ./orders"})
	assert.Equal(t, s.Listen, spec.Listener{Env: "PORT", Value: "{{port}}"})
	assert.Equal(t, s.Health.Port, "service")
	assert.Equal(t, s.Operations[0].Request.Method, "GET")
	assert.Equal(t, s.Operations[0].Kind, spec.Read)
	assert.Equal(t, s.Policy(), policy.Standard())
}

func TestLimitsAndAttackAreOverlaid(t *testing.T) {
	s, err := spec.Parse("plimsoll.yaml", []byte(small+"limits: {deadline: 5s, memory: 8MiB, goodput_2x: 0.9}\nattack: {connections: 3, window: 2s}\n"))
	assert.NoError(t, err)
	p := s.Policy()
	assert.Equal(t, p.Deadline, policy.Time{Value: 5 * time.Second, Source: policy.Spec})
	assert.Equal(t, p.Memory, policy.Bytes{Value: 8 << 20, Source: policy.Spec})
	assert.Equal(t, p.Goodput2, policy.Ratio{Value: 0.9, Source: policy.Spec})
	assert.Equal(t, p.Header.Source, policy.Default)
	assert.Equal(t, p.Plan.Connections, 3)
	assert.Equal(t, p.Plan.Window, 2*time.Second)
	assert.Equal(t, p.Plan.Drip, time.Second, "what is not said stays")
}

// TestTheDocumentedSchemaIsTrue reads the description in the package's documentation.
func TestTheDocumentedSchemaIsTrue(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	assert.NoError(t, err)
	var lines []string
	for _, match := range regexp.MustCompile(`(?m)^//\t(.*)$`).FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, match[1])
	}
	s, err := spec.Parse("plimsoll.yaml", []byte(strings.Join(lines, "\n")))
	assert.NoError(t, err)
	assert.Equal(t, len(s.Operations), 2)
	assert.Equal(t, s.Deps[0].Respond[0].Path, "/charges")
	assert.Equal(t, s.Config.Malformed["PORT"], "abc")
}

// TestEveryFaultIsOneClearLine feeds every broken description and compares what is said with the golden file.
func TestEveryFaultIsOneClearLine(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	assert.NoError(t, err)
	assert.True(t, len(files) > 15, "the broken descriptions are there")
	var said strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NoError(t, err)
		_, err = spec.Parse(filepath.Base(file), text)
		assert.True(t, err != nil, file)
		assert.False(t, strings.Contains(err.Error(), "\n"), file)
		said.WriteString(err.Error() + "\n")
	}
	golden := "testdata/broken.golden"
	if *update {
		assert.NoError(t, os.WriteFile(golden, []byte(said.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	assert.NoError(t, err)
	assert.Equal(t, said.String(), string(want))
}

func TestLoadSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such folder",
		dir:                        "there is none",
	} {
		_, err := spec.Load(path)
		assert.True(t, err != nil && strings.Contains(err.Error(), want), path)
	}
}

func TestExpand(t *testing.T) {
	words := 0
	unique := func() string { words++; return strings.Repeat("u", words) }
	out, err := spec.Expand("/{{setup.id}}/{{unique}}/{{ unique }}", spec.Values{"setup.id": "7"}, unique)
	assert.NoError(t, err)
	assert.Equal(t, out, "/7/u/uu")
	_, err = spec.Expand("{{setup.id}}", nil, unique)
	assert.True(t, err != nil)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("name: x\nrun: [a]\noperations: [{name: b, request: {path: /}}]\ndeps: [{}]"))
	f.Add([]byte("a: *b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := spec.Parse("plimsoll.yaml", text)
		if err == nil && (s.Name == "" || len(s.Run) == 0 || len(s.Operations) == 0) {
			t.Errorf("accepted without name, run or operations: %q", text)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %v", err)
		}
	})
}
