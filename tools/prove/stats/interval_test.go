package stats_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func TestAnswers(t *testing.T) {
	i := stats.Interval{Estimate: 0.9, Lo: 0.8, Hi: 1, N: 3}
	for _, c := range []struct {
		limit           float64
		atLeast, atMost stats.Answer
	}{
		{0.7, stats.Yes, stats.No},
		{0.8, stats.Yes, stats.Unsure},
		{0.9, stats.Unsure, stats.Unsure},
		{1.0, stats.Unsure, stats.Yes},
		{1.1, stats.No, stats.Yes},
	} {
		assert.Equal(t, i.AtLeast(c.limit), c.atLeast, c.limit)
		assert.Equal(t, i.AtMost(c.limit), c.atMost, c.limit)
	}
}

// What was not measured is not decided, whatever the limit.
func TestNothingIsUnsure(t *testing.T) {
	ratios, err := stats.Ratios(nil, 0.95)
	assert.NoError(t, err)
	for _, i := range []stats.Interval{
		{}, stats.Proportion(0, 0, 0.95), stats.QuantileInterval([]float64(nil), 0.99, 0.95), stats.Mean(nil, 0.95), ratios,
	} {
		for _, limit := range []float64{-1, 0, 0.5, 1, 2, math.Inf(1)} {
			assert.Equal(t, i.AtLeast(limit), stats.Unsure, i.Method)
			assert.Equal(t, i.AtMost(limit), stats.Unsure, i.Method)
		}
	}
	assert.Equal(t, stats.Unsure.String()+stats.Yes.String()+stats.No.String()+stats.Answer(9).String(), "unsureyesnounknown")
}

func TestIntervalAsJSON(t *testing.T) {
	for _, i := range []stats.Interval{
		{Estimate: 1, Lo: 0.5, Hi: 2, N: 7, Confidence: 0.95, Method: "m"},
		{Estimate: 1, Lo: math.Inf(-1), Hi: math.Inf(1), N: 1, Confidence: 0.95},
	} {
		stored, err := json.Marshal(i)
		assert.NoError(t, err)
		var back stats.Interval
		assert.NoError(t, json.Unmarshal(stored, &back))
		assert.Equal(t, back, i)
	}
	stored, err := json.Marshal(stats.Mean(nil, 0.95))
	assert.NoError(t, err)
	assert.Equal(t, string(stored), `{"estimate":null,"lo":null,"hi":null,"n":0,"confidence":0.95,"method":"Student's t"}`)
	var back stats.Interval
	assert.NoError(t, json.Unmarshal(stored, &back))
	assert.True(t, math.IsNaN(back.Estimate))
	assert.Error(t, json.Unmarshal([]byte(`{"n":"many"}`), &back))
}
