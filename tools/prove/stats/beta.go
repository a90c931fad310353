package stats

import "math"

// betaRegularized is I_x(a, b), the regularised incomplete beta function, by the continued fraction of DiDonato and
// Morris in Lentz's form (Numerical Recipes, 3rd ed., section 6.4). The binomial and Student's t distribution are both
// cases of it. The fraction needs about sqrt(max(a, b)) steps.
func betaRegularized(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2): // the fraction converges fast on the other side
		return 1 - betaRegularized(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front * betaFraction(x, a, b) / a
}

func betaFraction(x, a, b float64) float64 {
	const enough, steps = 1e-15, 100_000
	c, d := 1.0, nudge(1-(a+b)*x/(a+1))
	d = 1 / d
	h := d
	for m := 1.0; m < steps; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nudge(1+even*d)
		c = nudge(1 + even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nudge(1+odd*d)
		c = nudge(1 + odd/c)
		h *= d * c
		if math.Abs(d*c-1) < enough {
			break
		}
	}
	return h
}

// nudge keeps a denominator away from zero.
func nudge(x float64) float64 {
	const tiny = 1e-300
	if math.Abs(x) < tiny {
		return tiny
	}
	return x
}

// bisect finds x in [lo, hi] where the rising function f crosses target.
func bisect(lo, hi, target float64, f func(float64) float64) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid == lo || mid == hi {
			break
		}
		if f(mid) < target {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}
