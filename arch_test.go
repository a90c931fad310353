package plimsoll_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The shape of the repository, as tests. They read the files themselves: what
// `go list` printed once would be believed from the test cache for ever.

const modulePath = "github.com/plimsoll-go/plimsoll"

// importOrder is total: a package may import those above it, never those below.
var importOrder = []string{
	"internal/assert", "internal/memhttp",
	"blueprint", "route", "life", "problem", "config", "budget", "telemetry", "health", "admission",
	"internal/intake", "internal/edge", "internal/stream", "internal/tenant", // parts of the root that are too large for it
	"outbound",
	"",                     // the root
	"internal/servicetest", // the root's tests from outside
}

// requirements are the direct requirements of the root module: what every
// service pays for.
var requirements = map[string]string{
	"go.opentelemetry.io/otel":                      "the API that other people's code is instrumented with",
	"go.opentelemetry.io/otel/metric":               "part of the same API",
	"go.opentelemetry.io/otel/trace":                "part of the same API",
	"go.opentelemetry.io/otel/sdk":                  "spans and resources, once an exporter is added",
	"go.opentelemetry.io/otel/sdk/metric":           "metric aggregation",
	"go.opentelemetry.io/otel/exporters/prometheus": "the scrape endpoint that every platform can read",
	"github.com/prometheus/client_golang":           "serves the registry that the exporter above fills",
}

// modules are the folders with a go.mod, and whether they are released.
var modules = map[string]string{
	".": "the framework", "store": "database drivers", "telemetry/otlp": "the exporter's dependencies", "tools": "what a developer runs",
	"example": "evidence", "bench": "peers must not choose our versions",
}

func TestImportsPointDown(t *testing.T) {
	rank := map[string]int{}
	for i, p := range importOrder {
		rank[p] = i
	}
	for _, f := range goFiles(t) {
		if module(f.dir) != "." || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		own, known := rank[layer(f.dir)]
		if !known {
			t.Errorf("%s: package folder %q has no place in the import order; give it one", f.path, f.dir)
			continue
		}
		for _, imp := range imports(f) {
			rest, ours := strings.CutPrefix(imp, modulePath)
			if !ours {
				continue
			}
			dep := strings.TrimPrefix(rest, "/")
			if m := module(dep); m != "." {
				t.Errorf("%s: the root module imports %s of module %s; other modules import the root, never the reverse", f.path, imp, m)
			} else if r, ok := rank[layer(dep)]; !ok || (r >= own && layer(dep) != layer(f.dir)) {
				t.Errorf("%s: %s stands above %s in the import order", f.path, imp, f.dir)
			}
		}
	}
}

func layer(dir string) string {
	if dir == "." {
		return ""
	}
	first, rest, _ := strings.Cut(dir, "/")
	if first == "internal" {
		second, _, _ := strings.Cut(rest, "/")
		return first + "/" + second
	}
	return first
}

func TestRequirementsAreAllowed(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range strings.Split(read(t, "go.mod"), "\n") {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") || strings.Contains(line, "// indirect") {
			continue
		}
		seen[fields[0]] = true
		if requirements[fields[0]] == "" {
			t.Errorf("go.mod requires %s directly and the allow-list gives no reason for it", fields[0])
		}
	}
	for req := range requirements {
		if !seen[req] {
			t.Errorf("the allow-list has %s, which go.mod does not require directly", req)
		}
	}
}

func TestEveryModuleIsNamedAndInTheWorkspace(t *testing.T) {
	work := read(t, "go.work")
	found := 0
	walk(t, func(p string, d fs.DirEntry) {
		if d.Name() != "go.mod" {
			return
		}
		dir := path.Dir(p)
		if strings.Contains(dir, "testdata") {
			return
		}
		found++
		if modules[dir] == "" {
			t.Errorf("%s: this module is not in the list of modules", p)
		}
		inWork := regexp.MustCompile(`(?m)^\s*\./?` + regexp.QuoteMeta(strings.TrimPrefix(dir, ".")) + `$`).MatchString(work)
		if want := dir != "bench"; inWork != want {
			t.Errorf("%s: in go.work is %v, want %v", p, inWork, want)
		}
	})
	if found != len(modules) {
		t.Errorf("%d modules on disk, %d listed", found, len(modules))
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if !strings.HasSuffix(f.path, "_test.go") {
			documented[f.dir] = documented[f.dir] || f.ast.Doc.Text() != ""
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	var files, funcs []int
	for _, f := range goFiles(t) {
		lines := bytes.Count(f.src, []byte("\n"))
		if lines > 600 {
			t.Errorf("%s has %d lines; a file holds one idea, in at most 600", f.path, lines)
		}
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		files = append(files, lines)
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1
			funcs = append(funcs, n)
			if n > 100 {
				t.Errorf("%s: %s has %d lines", f.path, fn.Name.Name, n)
			}
			if fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s: has an init function; what runs is called", f.path)
			}
		}
	}
	slices.Sort(files)
	slices.Sort(funcs)
	for _, limit := range []struct {
		what          string
		sorted        []int
		percent, most int
	}{{"files", files, 50, 150}, {"files", files, 95, 400}, {"functions", funcs, 95, 45}} {
		if got := limit.sorted[(len(limit.sorted)-1)*limit.percent/100]; got > limit.most {
			t.Errorf("the %d%% quantile of %s is %d lines, want at most %d", limit.percent, limit.what, got, limit.most)
		}
	}
}

func TestFoldersAreNouns(t *testing.T) {
	bad := []string{"util", "utils", "common", "pkg", "lib", "base", "shared", "helpers", "misc"}
	walk(t, func(p string, d fs.DirEntry) {
		if dir := path.Base(path.Dir(p)); slices.Contains(bad, dir) {
			t.Errorf("%s: a folder is a part of the architecture, not a %q", p, dir)
		}
	})
}

func TestTheRootStaysReadable(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	made := []string{"bin", "go.work.sum"} // ignored by git
	visible, source := 0, 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || slices.Contains(made, e.Name()) {
			continue
		}
		visible++
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			source++
		}
	}
	if visible > 35 || source > 8 {
		t.Errorf("the root has %d visible entries (at most 35) and %d source files (at most 8)", visible, source)
	}
}

var marker = regexp.MustCompile("(?m)^<!-- code: (\\S+)((?: \\S+)*) -->\n```[a-z]*\n((?s:.*?))\n```")

// TestShownCodeIsTheCode holds every Go block of the documents against the
// declarations it claims to show.
func TestShownCodeIsTheCode(t *testing.T) {
	docs := []string{"README.md", "ARCHITECTURE.md"}
	more, _ := filepath.Glob("docs/*/*.md")
	for _, doc := range append(docs, more...) {
		text := read(t, doc)
		shown := marker.FindAllStringSubmatch(text, -1)
		if all := strings.Count(text, "```go\n"); all > 0 && len(shown) < all {
			t.Errorf("%s: %d Go blocks, %d of them say which code they show", doc, all, len(shown))
		}
		for _, m := range shown {
			file, names, block := m[1], strings.Fields(m[2]), m[3]
			want, err := declarations(file, names)
			if err != nil {
				t.Errorf("%s: %v", doc, err)
			} else if strings.TrimSpace(block) != strings.TrimSpace(want) {
				t.Errorf("%s: the block that shows %s %v differs from the file, which has:\n%s", doc, file, names, want)
			}
		}
	}
}

// declarations returns the source of the named top-level declarations, or of
// the whole file when none is named.
func declarations(file string, names []string) (string, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return string(src), nil
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, src, parser.ParseComments)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, name := range names {
		text := ""
		for _, decl := range parsed.Decls {
			if declares(decl, name) {
				text = string(src[set.Position(decl.Pos()).Offset:set.Position(decl.End()).Offset])
			}
		}
		if text == "" {
			return "", fmt.Errorf("%s does not declare %s", file, name)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n\n"), nil
}

func declares(decl ast.Decl, name string) bool {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Name.Name == name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.Name == name {
				return true
			}
		}
	}
	return false
}

func TestSourceIsFormatted(t *testing.T) {
	for _, f := range goFiles(t) {
		if formatted, err := format.Source(f.src); err != nil || !bytes.Equal(formatted, f.src) {
			t.Errorf("%s is not formatted; run gofmt -w (%v)", f.path, err)
		}
	}
}

type goFile struct {
	path, dir string
	src       []byte
	set       *token.FileSet
	ast       *ast.File
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	walk(t, func(p string, _ fs.DirEntry) {
		if !strings.HasSuffix(p, ".go") || strings.Contains(p, "testdata/") {
			return
		}
		f := goFile{path: p, dir: path.Dir(p), src: []byte(read(t, p)), set: token.NewFileSet()}
		parsed, err := parser.ParseFile(f.set, p, f.src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		f.ast = parsed
		files = append(files, f)
	})
	if len(files) < 20 {
		t.Fatalf("found %d Go files: the walk is broken", len(files))
	}
	return files
}

func imports(f goFile) []string {
	var list []string
	for _, imp := range f.ast.Imports {
		list = append(list, strings.Trim(imp.Path.Value, `"`))
	}
	return list
}

// module is the module whose folder is the longest prefix of dir.
func module(dir string) string {
	best := "."
	for m := range modules {
		if (dir == m || strings.HasPrefix(dir, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return best
}

func walk(t *testing.T, visit func(p string, d fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (p != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || p == "bin"):
			return fs.SkipDir
		case !d.IsDir():
			visit(p, d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
