package blueprint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCatalogueIsWellFormed(t *testing.T) {
	seen := map[ID]bool{}
	last := Area(0)
	for _, g := range All() {
		if seen[g.ID] {
			t.Errorf("%s stands twice", g.ID)
		}
		seen[g.ID] = true
		if area, word, ok := strings.Cut(string(g.ID), "."); !ok || area == "" || word == "" {
			t.Errorf("%q is not area.word", g.ID)
		}
		if g.Promise == "" || g.Area >= areas {
			t.Errorf("%s is incomplete: %+v", g.ID, g)
		}
		if g.Area < last {
			t.Errorf("%s stands outside its area", g.ID)
		}
		last = g.Area
		if found, ok := Find(g.ID); !ok || found != g {
			t.Errorf("Find(%s) = %+v, %v", g.ID, found, ok)
		}
	}
	if _, ok := Find("no.such"); ok {
		t.Error("found a guarantee that does not exist")
	}
	if len(areaNames) != int(areas) || areas.String() != "UNKNOWN" {
		t.Error("every area has one name")
	}
}

func TestKeepersExist(t *testing.T) {
	for _, g := range All() {
		switch g.Keeper {
		case "", "plimsoll": // nobody yet, or the root package
		default:
			if files, _ := filepath.Glob(filepath.Join("..", g.Keeper, "*.go")); len(files) == 0 {
				t.Errorf("%s is said to be kept by %s, which has no source", g.ID, g.Keeper)
			}
		}
	}
	if _, err := os.Stat("../go.mod"); err != nil {
		t.Fatal("the test does not run beside its module:", err)
	}
}

func TestAllReturnsACopy(t *testing.T) {
	All()[0].Promise = "changed"
	if All()[0].Promise == "changed" {
		t.Error("the catalogue can be changed from outside")
	}
}
