package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
)

// report writes what was recorded into the page of results, and prints it.
func report(recorded []line, page string) error {
	b := book{lines: recorded}
	text := strings.Join([]string{b.preface(), b.named(), b.opponents(), b.drawn(), b.asked(), b.beside("no-queue").ablated()}, "\n")
	fmt.Println(text)
	return results.Write(page, "arena-virtual", text)
}

// book is a set of recorded runs.
type book struct{ lines []line }

// values are one figure of the runs, lowest first.
func (b book) values(drawn bool, scenario, contender, figure string) []float64 {
	var all []float64
	i := slices.IndexFunc(figures, func(f figureOf) bool { return f.name == figure })
	for _, l := range b.lines {
		if l.Drawn == drawn && (scenario == "" || l.Scenario == scenario) && l.Contender == contender && l.Figures[i] != nil {
			all = append(all, *l.Figures[i])
		}
	}
	slices.Sort(all)
	return all
}

// cell is a figure's median and its bad end.
func (b book) cell(drawn bool, scenario, contender, figure string, end float64) string {
	i := slices.IndexFunc(figures, func(f figureOf) bool { return f.name == figure })
	return cell(b.values(drawn, scenario, contender, figure), figures[i].higher, end)
}

// median is a figure's median in percent; NaN: there is none.
func (b book) median(scenario, contender, figure string) float64 {
	values := b.values(false, scenario, contender, figure)
	if len(values) == 0 {
		return math.NaN()
	}
	return 100 * quantile(values, 0.5)
}

func (b book) refusal(scenario string) string {
	var all []float64
	for _, l := range b.lines {
		if !l.Drawn && l.Scenario == scenario && l.Contender == ours {
			all = append(all, l.Refusal.Seconds()*1000)
		}
	}
	slices.Sort(all)
	return fmt.Sprintf("%.1f / %.1f", quantile(all, 0.5), quantile(all, 1))
}

const ours = "plimsoll"

// beside is the runs that somebody else had too: one with the same seed.
func (b book) beside(contender string) book {
	seeds := map[uint64]bool{}
	for _, l := range b.lines {
		if l.Contender == contender && !l.Drawn {
			seeds[l.Seed] = true
		}
	}
	return book{slices.DeleteFunc(slices.Clone(b.lines), func(l line) bool { return !seeds[l.Seed] })}
}

// seeds are those that a contender ran with.
func (b book) seeds(drawn bool, contender string) string {
	var all []uint64
	for _, l := range b.lines {
		if l.Drawn == drawn && l.Contender == contender {
			all = append(all, l.Seed)
		}
	}
	if len(all) == 0 {
		return "none"
	}
	low, high := slices.Min(all), slices.Max(all)
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func (b book) preface() string {
	return fmt.Sprintf(`# Part A: admission controllers in virtual time

- Time is testing/synctest's, so the machine changes nothing but how long it takes: %s, %d processors, %s, %s. One exception:
  go-zero scales its limit by the machine's CPU use as well. Where it ran beside other work it is worse than it would be alone; a run of its
  own on a quiet machine stands below the section.
- %s, unmodified. Gradient2 is written from its published formula with its defaults. **fixed** is a limit of 1½ times the backend's slots,
  which nobody knows in practice. aegis and go-zero look only when the CPU is busy; their gate stands open here, which is
  their best case (as shipped they equal *nothing* where work waits instead of computing).
- The constants were tuned on the named scenarios with seeds 1 to 8 and on scenarios drawn with seeds 5, 6 and 7, and frozen by the commit that
  says so. The seeds here were not used before: named %s (opponents %s), drawn %s.
- Goodput is work finished in time as a share of what is physically possible for one who cannot foresee how long a request will
  take. Random arrivals make a little over 100 %% possible. Classes: 8 %% critical, 32 %% sheddable-plus, 60 %% sheddable.
  Recovery is goodput after the trouble: in metastability in the first second.
`, cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.Version(), libraries(), b.seeds(false, ours), b.seeds(false, "fixed"), b.seeds(true, ours))
}

// libraries are the versions of the opponents in this build.
func libraries() string {
	var all []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if slices.Contains([]string{"github.com/failsafe-go/failsafe-go", "github.com/zeromicro/go-zero", "github.com/go-kratos/aegis"}, dep.Path) {
				all = append(all, dep.Path+" "+dep.Version)
			}
		}
	}
	return strings.Join(all, ", ")
}

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for text := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(text, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}
