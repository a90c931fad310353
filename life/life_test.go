package life

import "testing"

func TestPhasesAreNamedAndOrdered(t *testing.T) {
	all := Phases()
	if len(all) != len(phaseNames) {
		t.Fatalf("%d phases, %d names", len(all), len(phaseNames))
	}
	for i, p := range all {
		if int(p) != i || p.String() == "unknown" {
			t.Errorf("phase %d is %v", i, p)
		}
	}
	if all[len(all)-1] != Stores {
		t.Errorf("the last phase is %v, want stores: everything before may write", all[len(all)-1])
	}
	if Phase(200).String() != "unknown" {
		t.Error("a phase that does not exist has a name")
	}
}
