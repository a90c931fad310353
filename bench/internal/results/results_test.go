package results

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSectionsAreReplacedWhereTheyStand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "RESULTS.md")
	for _, step := range []struct{ name, text, want string }{
		{"a", "one", "<!-- a: begin -->\none\n<!-- a: end -->\n"},
		{"b", "two\n", "<!-- a: begin -->\none\n<!-- a: end -->\n\n<!-- b: begin -->\ntwo\n<!-- b: end -->\n"},
		{"a", "three", "<!-- a: begin -->\nthree\n<!-- a: end -->\n\n<!-- b: begin -->\ntwo\n<!-- b: end -->\n"},
	} {
		if err := Write(path, step.name, step.text); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != step.want {
			t.Fatalf("after %q:\n%s\nwant:\n%s", step.text, got, step.want)
		}
	}
}

func TestAPageWithHalfASectionIsLeftAlone(t *testing.T) {
	for _, page := range []string{"<!-- a: begin -->\nx\n", "x\n<!-- a: end -->\n"} {
		if _, err := replace(page, "a", "new"); err == nil {
			t.Errorf("%q was taken", page)
		}
	}
}
