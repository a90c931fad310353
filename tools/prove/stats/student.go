package stats

import "math"

// studentAtMost is the probability that Student's t with df degrees of freedom is at most t.
func studentAtMost(t, df float64) float64 {
	tail := betaRegularized(df/(df+t*t), df/2, 0.5) / 2
	if t < 0 {
		return tail
	}
	return 1 - tail
}

// studentQuantile is the value that Student's t with df degrees of freedom does not exceed with probability p ≥ 0.5.
func studentQuantile(p, df float64) float64 {
	hi := 1.0
	for studentAtMost(hi, df) < p && hi < 1e12 {
		hi *= 2
	}
	return bisect(0, hi, p, func(t float64) float64 { return studentAtMost(t, df) })
}

// Mean bounds the mean of independent samples by Student's t. It needs two samples for finite bounds.
func Mean(samples []float64, confidence float64) Interval {
	n := len(samples)
	i := Interval{N: n, Estimate: math.NaN(), Lo: math.Inf(-1), Hi: math.Inf(1), Confidence: confidence, Method: "Student's t"}
	if n == 0 {
		return i
	}
	var sum, squares float64
	for _, x := range samples {
		sum += x
	}
	i.Estimate = sum / float64(n)
	if n < 2 {
		return i
	}
	for _, x := range samples {
		squares += (x - i.Estimate) * (x - i.Estimate)
	}
	half := studentQuantile(confidence, float64(n-1)) * math.Sqrt(squares/float64(n-1)/float64(n))
	i.Lo, i.Hi = i.Estimate-half, i.Estimate+half
	return i
}
