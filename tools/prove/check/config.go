package check

import (
	"fmt"
	"slices"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func config() Check {
	return Check{
		ID: "config", Title: "missing or malformed config", Guarantee: blueprint.LifeConfig,
		Promise: "a missing or malformed variable ends the process at once, with its name, before anything listens",
		Why:     "a process that starts with half a configuration passes its health checks and fails at the first request, or does the wrong thing quietly",
		Remedies: []Remedy{
			{"plimsoll", "on by default: a field without default is required, every fault is named at once, exit code 78"},
			{"net/http", "read the environment into a struct first thing in main (caarlos0/env with required and url types), and os.Exit(1) before Listen"},
			{"node", "envalid or zod over process.env as the first import"},
			{"jvm", "Spring: @ConfigurationProperties with @Validated and @NotBlank; no defaults for what has none"},
			{"python", "pydantic-settings: class Settings(BaseSettings), instantiated before the app"},
		},
		Judge: judgeConfig,
	}
}

func judgeConfig(a *run.Artifacts, p policy.Policy, f *Finding) {
	type key struct{ how, variable string }
	judged := map[key][]Part{}
	var order []key
	for _, start := range a.Configs {
		k := key{start.Case, start.Variable}
		if judged[k] == nil {
			order = append(order, k)
		}
		part := configStart(start, p.ConfigExit)
		judged[k] = append(judged[k], part)
		if part.Verdict != Proved || len(f.Evidence) == 0 {
			f.show(broken(start), append([]string{fmt.Sprintf("exited %t, code %d, after %s", start.Exited, start.Code, seconds(start.After))}, start.Output...))
		}
	}
	for _, k := range order {
		part := rounds(judged[k])
		part.Name, part.Main = startName(k.how, k.variable), true
		f.addPart(part)
	}
	if len(order) > 0 {
		f.Says = fmt.Sprintf("%d of %d broken starts ended at once, named their variable and listened nowhere", len(order), len(order))
	}
}

// startName names the part about one broken start.
func startName(how, variable string) string { return variable + " " + how }

// ConfigWants reports whether starting again like this could decide what a finding about configuration leaves open.
func ConfigWants(f Finding, start run.Config) bool {
	return slices.ContainsFunc(f.Parts, func(p Part) bool { return p.Name == startName(start.Case, start.Variable) && p.WantsRepeat() })
}

func broken(start run.Config) string {
	if start.Case == run.Malformed {
		return fmt.Sprintf("%s=%s", start.Variable, start.Value)
	}
	return "without " + start.Variable
}

func configStart(start run.Config, limit policy.Time) Part {
	part := Part{Verdict: Refuted, Limit: atMost(limit), Measured: largest(start.After, 1)}
	how := broken(start)
	switch {
	case start.Problem != "":
		part.Verdict, part.Reason, part.Says = Inconclusive, ToolFailed, start.Problem
	case len(start.Listened) > 0:
		part.Says = fmt.Sprintf("%s: it listened on %s", how, join(start.Listened))
	case !start.Exited:
		part.Verdict, part.Reason = timely(start.Watched, limit, start.Noise)
		part.Says = fmt.Sprintf("%s: still running after %s", how, seconds(start.Watched))
	case start.Code == 0:
		part.Says = how + ": it ended with exit code 0"
	case !start.Named:
		part.Says = fmt.Sprintf("%s: it ended with exit code %d and did not name the variable", how, start.Code)
	default:
		part.Verdict, part.Reason = timely(start.After, limit, start.Noise)
		part.Says = fmt.Sprintf("%s: exit code %d after %s, named", how, start.Code, seconds(start.After))
	}
	return part
}
