package provetest_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

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
	artifacts, judged := provetest.Run(t, service)
	for _, f := range check.EvalAll(artifacts, judged) {
		expect(t, f, check.Proved)
	}
}
