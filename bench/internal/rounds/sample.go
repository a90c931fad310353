package rounds

import "slices"

// Sample is what a request took in one round, client and server together.
type Sample struct {
	Wall   float64 // µs from the round's start to its end, shared by its connections
	CPU    float64 // µs, user and system
	Allocs float64
	Bytes  float64 // allocated
}

// Values are one measure of each sample.
func Values(row []Sample, of func(Sample) float64) []float64 {
	values := make([]float64, len(row))
	for i, s := range row {
		values[i] = of(s)
	}
	return values
}

// Spread is the median of many values with the quarters that lie below and above
// it.
type Spread struct{ Low, Median, High float64 }

// SpreadOf needs at least one value.
func SpreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))] }
	return Spread{Low: at(0.25), Median: at(0.5), High: at(0.75)}
}

// ServerCPU is what the server took of a round's CPU. The client's part is
// measured beside it: the floor is an exchange of two that do the same, write
// and read, so half of it is what a client takes.
func ServerCPU(row, floor []Sample) []float64 {
	server := make([]float64, len(row))
	for i, s := range row {
		server[i] = s.CPU - floor[i].CPU/2
	}
	return server
}

// Ratios are a[i]/b[i].
func Ratios(a, b []float64) []float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}
