package main

import (
	"strings"
	"testing"
	"time"
)

func TestEverySubjectIsMeasured(t *testing.T) {
	all := subjects()
	text := report(measure(all, 2, 50*time.Microsecond), 2)
	for _, s := range all {
		if !strings.Contains(text, "| "+s.name+" | ") {
			t.Errorf("%q is not in the report:\n%s", s.name, text)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("something was not measured:\n%s", text)
	}
}
