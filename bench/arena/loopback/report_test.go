package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func made(contender, workload string, load, goodput float64, invalid string) window {
	return window{Contender: contender, Workload: workload, Load: load, Invalid: invalid,
		Score: score{Goodput: goodput, P99: 100 * msec, Refusal: 21 * msec, Light: goodput, After: goodput}}
}

func TestWindowsThatDoNotCountAreCountedOnly(t *testing.T) {
	tally := tallyOf([]window{
		made("plimsoll", "io", 2, 0.99, ""), made("plimsoll", "io", 2, 0.10, "lag: late"), made("plimsoll", "io", 2, 0.97, ""),
		made("plimsoll", "io", 5, 0.96, ""),
	})
	c := tally.find("plimsoll", "io", 2, false)
	s, ok := c.of(func(w window) float64 { return w.Score.Goodput })
	if !ok || s.least != 0.97 || s.most != 0.99 || s.median != 0.98 || c.thrown != 1 {
		t.Errorf("%+v, %d thrown away", s, c.thrown)
	}
	if _, ok := tally.find("nobody", "io", 2, false).of(func(window) float64 { return 1 }); ok {
		t.Error("a figure of nothing")
	}
}

func TestTheWorstLoadDecides(t *testing.T) {
	tally := tallyOf([]window{
		made("plimsoll", "io", 2, 0.99, ""), made("plimsoll", "io", 5, 0.96, ""), made("plimsoll", "io", 10, 0.5, "stolen: 9 %"),
		made("nothing", "stall", 0.7, 0.02, ""), made("service", "tenants", 3, 0.995, ""),
	})
	text := tally.compared()
	for _, want := range []string{
		"plimsoll | 96.0 % (io 5x)", "| 21.0 ms (io 2x)", "nothing  | 2.0 % (stall 0.7x)", "service  | 99.5 % (tenants 3x)", "not measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if held, missed := strings.Count(text, "| held"), strings.Count(text, "**missed**"); held != 3 || missed != 2 {
		t.Errorf("%d held, %d missed:\n%s", held, missed, text)
	}
}

func TestTheReportHasEverything(t *testing.T) {
	cold := made("plimsoll", "cold", 10, 0.8, "")
	cold.Cold = true
	text := report([]window{made("service", "cpu", 2, 1, "others: x"), made("failsafe", "cpu", 2, 0.5, ""), cold, made("nothing", "stall", 0.7, 0, "")})
	for _, want := range []string{"3 windows count; thrown away: 1 others.", "| 2x   | service", "0, 1 thrown away", "10x, first 2s", "aegis v0", "### CPU-bound"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "%!") {
		t.Error("a verb without its value")
	}
}

func TestKeptWindowsAreReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "windows.jsonl")
	want := []string{}
	for _, load := range []float64{2, 5} {
		k, err := openKept(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.add([]window{made("plimsoll", "io", load, 0.9, "")}); err != nil {
			t.Fatal(err)
		}
		k.close()
		want = append(want, made("plimsoll", "io", load, 0.9, "").String())
	}
	k, err := openKept(path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	var got []string
	for _, w := range k.windows {
		got = append(got, w.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
