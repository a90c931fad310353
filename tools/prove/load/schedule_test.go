package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

var nothing = []Request{{Bytes: []byte("x")}}

func TestScheduleFollowsItsSeed(t *testing.T) {
	p := Plan{Mix: []Request{{Weight: 1}, {Weight: 3}}, Rate: 1000, Duration: 2 * time.Second, Seed: 7, Fresh: 0.25}
	a, b := schedule(p), schedule(p)
	assert.True(t, slices.Equal(a, b))
	p.Seed = 8
	assert.False(t, slices.Equal(a, schedule(p)))
}

func TestUniformSchedule(t *testing.T) {
	rows := schedule(Plan{Mix: nothing, Rate: 200, Duration: time.Second, Arrival: Uniform})
	assert.Len(t, rows, 200)
	for i, r := range rows {
		assert.AtMost(t, (r.Intended - time.Duration(i)*5*time.Millisecond).Abs(), time.Microsecond, i)
	}
}

// Gaps of a Poisson process are exponential: their mean and their standard deviation are both 1/rate. Limits are five
// standard errors.
func TestPoissonSchedule(t *testing.T) {
	const rate, n = 1000.0, 100_000
	rows := schedule(Plan{Mix: nothing, Rate: rate, Duration: n / rate * time.Second, Seed: 1})
	assert.AtMost(t, math.Abs(float64(len(rows))-n), 5*math.Sqrt(n))
	var before time.Duration
	var sum, squares float64
	for _, r := range rows {
		gap := (r.Intended - before).Seconds()
		assert.AtLeast(t, gap, 0)
		sum, squares, before = sum+gap, squares+gap*gap, r.Intended
	}
	mean := sum / float64(len(rows))
	deviation := math.Sqrt(squares/float64(len(rows)) - mean*mean)
	assert.AtMost(t, math.Abs(mean*rate-1), 5/math.Sqrt(n))
	assert.AtMost(t, math.Abs(deviation*rate-1), 10/math.Sqrt(n))
	assert.True(t, before < n/rate*time.Second)
}

func TestStepsFollowEachOther(t *testing.T) {
	p := Plan{Mix: nothing, Arrival: Uniform, Steps: []Step{{100, time.Second}, {0, time.Second}, {400, 500 * time.Millisecond}}}
	rows := schedule(p)
	res := Result{Rows: rows, Length: p.length()}
	assert.Equal(t, res.Length, 2500*time.Millisecond)
	assert.Len(t, res.Window(0, time.Second).Rows, 100)
	assert.Len(t, res.Window(time.Second, 2*time.Second).Rows, 0)
	assert.AtMost(t, math.Abs(float64(len(res.Window(2*time.Second, 3*time.Second).Rows))-200), 1)
}

func TestMixAndFreshFollowTheirParts(t *testing.T) {
	rows := schedule(Plan{Mix: []Request{{Weight: 1}, {Weight: 3}, {}}, Rate: 10_000, Duration: 10 * time.Second, Fresh: 0.1})
	by, fresh := [3]float64{}, 0.0
	for _, r := range rows {
		by[r.Route]++
		if r.Has(Fresh) {
			fresh++
		}
	}
	n := float64(len(rows))
	for k, want := range []float64{0.2, 0.6, 0.2} {
		assert.AtMost(t, math.Abs(by[k]/n-want), 0.01, k)
	}
	assert.AtMost(t, math.Abs(fresh/n-0.1), 0.01)
}

func TestPlanNamesAllItsFaults(t *testing.T) {
	err := Plan{Target: "nowhere", Rate: -1, Duration: -time.Second, Fresh: 2, Conns: 5, MaxConns: 4, Deadline: -1}.Validate()
	for _, part := range []string{`target "nowhere"`, "mix", "rate -1", "duration -1s", "fresh 2", "5 connections", "deadline"} {
		assert.Contains(t, err.Error(), part)
	}
	for name, p := range map[string]Plan{
		"both":         {Target: "h:1", Mix: nothing, Rate: 1, Duration: time.Second, Steps: []Step{{1, time.Second}}},
		"no rate":      {Target: "h:1", Mix: nothing, Duration: time.Second},
		"too many":     {Target: "h:1", Mix: nothing, Rate: 1e6, Duration: time.Hour},
		"empty":        {Target: "h:1", Mix: []Request{{Name: "x"}}, Rate: 1, Duration: time.Second},
		"not a weight": {Target: "h:1", Mix: []Request{{Bytes: []byte("x"), Weight: math.NaN()}}, Rate: 1, Duration: time.Second},
		"not a rate":   {Target: "h:1", Mix: nothing, Rate: math.Inf(1), Duration: time.Second},
	} {
		assert.Error(t, p.Validate(), name)
	}
	assert.NoError(t, Plan{Target: "h:1", Mix: nothing, Rate: 1, Duration: time.Second}.Validate())
	assert.Error(t, ClosedLoop{Target: "h", Clients: 0}.Validate())
}

func TestPoolOrder(t *testing.T) {
	for reuse, want := range map[Reuse][]int{RoundRobin: {0, 1, 2}, LIFO: {2, 1, 0}} {
		p := newPool(reuse, 3, new(Live))
		conns := []*conn{{}, {}, {}}
		for _, c := range conns {
			assert.True(t, p.reserve() && p.add(c) && p.put(c))
		}
		assert.False(t, p.reserve(), "a fourth connection")
		for _, k := range want {
			assert.True(t, p.take() == conns[k])
		}
		assert.True(t, p.take() == nil)
		p.put(conns[1])
		p.drop(conns[1])
		assert.True(t, p.take() == nil, "an idle connection that ended is not handed out")
		assert.True(t, p.reserve())
		assert.Len(t, p.close(), 2)
		assert.False(t, p.put(conns[0]))
		assert.False(t, p.add(&conn{}))
	}
}
