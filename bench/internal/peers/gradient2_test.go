package peers

import "testing"

func TestGradient2ComesDownAndGoesUp(t *testing.T) {
	g := &Gradient2{limit: 100}
	for range 20 {
		g.update(0.01, 100)
	}
	up := g.limit
	for range 20 {
		g.update(0.1, 200)
	}
	if up <= 100 || g.limit >= up {
		t.Errorf("limit %v, then %v", up, g.limit)
	}
}
