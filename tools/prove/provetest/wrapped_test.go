package provetest_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// ofItsClient are the checks of what an application's own client does with a dependency: what stands around its handler
// can't see that.
var ofItsClient = []string{"budget", "recover", "stale", "retry", "repeat", "breaker", "bulkhead"}

// TestAWrappedApplicationKeepsEveryPromise attacks an application on a router of somebody else's, which is as it was
// before plimsoll.Wrap stood around it. Its numbers are small, so that the attack is short; the manifest names them.
func TestAWrappedApplicationKeepsEveryPromise(t *testing.T) {
	const dir = "../../../example/chi"
	bin := filepath.Join(t.TempDir(), "chi")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	service, err := spec.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	small := provetest.Service("")
	service.Build, service.Run = "", spec.Command{bin}
	service.Attack, service.Limits.Memory = small.Attack, small.Limits.Memory
	service.Limits.IdleMin = small.Limits.IdleMin
	service.Env = map[string]string{
		"PLIMSOLL_DEADLINE": "1s", "PLIMSOLL_HEADER_TIMEOUT": "1s", "PLIMSOLL_IDLE_TIMEOUT": "2s",
		"PLIMSOLL_DRAIN_LAG": "500ms", "PLIMSOLL_ADMISSION": "fixed:16",
	}
	var ids []string
	for _, c := range check.All() {
		if !slices.Contains(ofItsClient, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	artifacts, judged := provetest.Run(t, service, ids...)
	for _, f := range check.EvalAll(artifacts, judged) {
		if slices.Contains(ids, f.Check) {
			expect(t, f, check.Proved)
		}
	}
}
