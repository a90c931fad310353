package main

import "time"

const ms = time.Millisecond

// usual is the class mix of the named scenarios: 8 % critical, a third of the
// rest sheddable-plus, lowest class first.
var usual = mix{0.60, 0.32, 0.08, 0}

// standard are the scenarios that the controller was tuned on, and the rows of
// the plan that virtual time can show.
func standard() []scenario {
	all := []scenario{
		steady("S1 BDP 16, 2x", 16, work(20*ms), 200*ms, 2),
		steady("S1 BDP 16, 5x", 16, work(20*ms), 200*ms, 5),
		steady("S1 BDP 16, 10x", 16, work(20*ms), 200*ms, 10),
		cold("S2 cold into 2x, BDP 128", 128, work(50*ms), 500*ms, 2),
		steady("S3 BDP 2, 2x", 2, work(20*ms), 200*ms, 2),
		steady("S3 BDP 2, 10x", 2, work(20*ms), 200*ms, 10),
		steady("S3 BDP 1, 2x", 1, work(20*ms), 200*ms, 2),
		slower("S4 4x slower, 0.7x", 16, 0.7, 4),
		bimodal("S5 bimodal, 0.7x", 0.7),
		bimodal("S5 bimodal, 2x", 2),
		long("S6 90 s at 2x"),
		farther("S7 latency x3, 0.6x", 0.6),
		farther("S7 latency x3, 1.5x", 1.5),
	}
	return append(all, troubles()...)
}

func work(mean time.Duration) distribution { return distribution{average: mean, cv: 0.5} }

func steady(name string, slots int, w distribution, budget time.Duration, load float64) scenario {
	return scenario{name: name, slots: slots, work: w, budget: budget, classes: usual, parts: []part{
		{length: 2 * time.Second, load: load, unscored: true},
		{length: 15 * time.Second, load: load},
	}}
}

func cold(name string, slots int, w distribution, budget time.Duration, load float64) scenario {
	return scenario{name: name, slots: slots, work: w, budget: budget, classes: usual, parts: []part{
		{length: 2 * time.Second, load: load, unscored: true, cold: true},
		{length: 13 * time.Second, load: load},
	}}
}

func slower(name string, slots int, load, slow float64) scenario {
	return scenario{name: name, slots: slots, work: work(20 * ms), budget: 400 * ms, classes: usual, parts: []part{
		{length: 3 * time.Second, load: load, unscored: true},
		{length: 5 * time.Second, load: load},
		{length: 12 * time.Second, load: load, slow: slow},
		{length: time.Second, load: load, after: true},
		{length: 5 * time.Second, load: load},
	}}
}

func bimodal(name string, load float64) scenario {
	s := steady(name, 16, distribution{average: 5 * ms, cv: 0.3, tail: 0.1, tailAverage: 100 * ms}, 500*ms, load)
	return s
}

func long(name string) scenario {
	s := steady(name, 16, work(20*ms), 200*ms, 2)
	s.parts[1].length = 88 * time.Second
	return s
}

// farther makes every answer take three times as long while the slots do as
// much as before.
func farther(name string, load float64) scenario {
	return scenario{name: name, slots: 16, work: work(20 * ms), budget: 400 * ms, classes: usual, parts: []part{
		{length: 3 * time.Second, load: load, unscored: true},
		{length: 5 * time.Second, load: load},
		{length: 12 * time.Second, load: load, pipe: 40 * ms},
		{length: 5 * time.Second, load: load},
	}}
}

func mixShift() scenario {
	few := distribution{average: 5 * ms, cv: 0.3, tail: 0.1, tailAverage: 100 * ms}
	many := distribution{average: 5 * ms, cv: 0.3, tail: 0.4, tailAverage: 100 * ms}
	load := 0.8 * few.mean().Seconds() / many.mean().Seconds() // of the slots with the heavier mix
	return scenario{name: "mix shift, below capacity", slots: 16, work: few, budget: 500 * ms, classes: usual, parts: []part{
		{length: 3 * time.Second, load: load, unscored: true},
		{length: 5 * time.Second, load: load},
		{length: 12 * time.Second, load: load, work: many},
		{length: 5 * time.Second, load: load},
	}}
}

// pauses stop everything for 50 ms every 2 s, as a collector might.
func pauses(name string, load float64, frozen bool) scenario {
	s := scenario{name: name, slots: 16, work: work(20 * ms), budget: 400 * ms, classes: usual}
	s.parts = []part{{length: 3 * time.Second, load: load, unscored: true}}
	for range 8 {
		s.parts = append(s.parts, part{length: 50 * ms, load: load, mark: true, frozen: frozen}, part{length: 1950 * ms, load: load})
	}
	return s
}

// metastable has clients that try again at once while the backend is slow for
// 8 s, and asks for what was offered in the first second after that.
func metastable(name string, slow float64) scenario {
	return scenario{name: name, slots: 16, work: work(20 * ms), budget: 400 * ms, classes: usual, attempts: 3, parts: []part{
		{length: 5 * time.Second, load: 0.7},
		{length: 8 * time.Second, load: 0.7, slow: slow, unscored: true},
		{length: time.Second, load: 0.7, after: true},
		{length: 6 * time.Second, load: 0.7},
	}}
}

// stalled has the backend stop for 8 s, and clients that try three times more.
func stalled() scenario {
	return scenario{name: "meta: 8 s of standstill, 4 attempts", slots: 10, work: distribution{average: 20 * ms}, budget: 200 * ms, classes: mix{0, 0, 1, 0}, attempts: 4, parts: []part{
		{length: 5 * time.Second, load: 0.7},
		{length: 8 * time.Second, load: 0.7, frozen: true, unscored: true},
		{length: time.Second, load: 0.7, after: true},
		{length: 6 * time.Second, load: 0.7},
	}}
}

// flood has one tenant send nine tenths of three times the capacity.
func flood() scenario {
	s := steady("one tenant floods, 3x", 16, work(20*ms), 200*ms, 3)
	s.tenants = tenantry{light: 9, heavy: 0.9}
	s.classes = mix{0, 0, 1, 0}
	return s
}
