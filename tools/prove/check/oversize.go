package check

import (
	"fmt"
	"slices"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func oversize() Check {
	return Check{
		ID: "oversize", Title: "oversize bodies", Guarantee: blueprint.LoadBounded,
		Promise: "a body that is too large is refused with 413 or 415, however it is framed or packed, and costs no memory",
		Why:     "one client with a large body, or a small one that unpacks to a large one, takes the process out of memory",
		Remedies: []Remedy{
			{"plimsoll", "on by default: 1 MiB after decompression, per route with route.Body; gzip only where route.Gzip asks for it"},
			{"net/http", "r.Body = http.MaxBytesReader(w, r.Body, 1<<20), and the same around gzip.NewReader; answer 413 on *http.MaxBytesError"},
			{"node", "express.json({limit: '1mb', inflate: false}); fastify({bodyLimit: 1048576})"},
			{"jvm", "Spring WebFlux: spring.codec.max-in-memory-size=1MB; a servlet filter that counts bytes, since Tomcat's maxPostSize only covers forms"},
			{"python", "nginx client_max_body_size 1m in front; Flask: MAX_CONTENT_LENGTH, which does not see chunked bodies"},
		},
		Judge: judgeOversize,
	}
}

func judgeOversize(a *run.Artifacts, p policy.Policy, f *Finding) {
	for _, form := range []string{run.ByLength, run.ByChunks, run.ByGzip} {
		var answers, growths []Part
		for _, try := range a.Oversize {
			if try.Form != form {
				continue
			}
			answer, growth := oversizeAnswer(try), oversizeMemory(try, p.Memory)
			answers, growths = append(answers, answer), append(growths, growth)
			if len(answers) == 1 || answer.Verdict == Refuted || growth.Verdict == Refuted {
				f.show(fmt.Sprintf("%s, try %d", form, try.Round), append(slices.Clip(try.Transcript), oversizeLine(try)))
			}
		}
		if len(answers) == 0 {
			continue
		}
		answer, growth := rounds(answers), rounds(growths)
		answer.Main = true
		answer.Name, growth.Name = form+": refused", form+": memory"
		f.addPart(answer)
		f.addPart(growth)
	}
}

func oversizeAnswer(try run.Oversize) Part {
	part := Part{Verdict: Refuted}
	offered := fmt.Sprintf("%s by %s", policy.Size(try.Size), try.Form)
	taken := fmt.Sprintf("after %d bytes were taken", try.Sent)
	switch {
	case try.Problem != "":
		part.Verdict, part.Reason, part.Says = Inconclusive, ToolFailed, try.Problem
	case try.Status == 413 || try.Status == 415:
		part.Verdict = Proved
		part.Says = fmt.Sprintf("%s: %d %s", offered, try.Status, taken)
	case try.Form == run.ByChunks && try.Status == 411:
		part.Verdict = Proved
		part.Says = fmt.Sprintf("%s: 411, bodies without a length are not taken", offered)
	case try.Form == run.ByGzip && (try.Status == 400 || try.Status == 422):
		part.Verdict = Proved
		part.Says = fmt.Sprintf("%s: %d, it was not unpacked (415 would tell the client why)", offered, try.Status)
	case !try.Alive:
		part.Says = fmt.Sprintf("%s: the service did not answer an ordinary request afterwards", offered)
	case try.Status != 0:
		part.Says = fmt.Sprintf("%s: answered %d %s", offered, try.Status, taken)
	case try.Closed != "":
		part.Says = fmt.Sprintf("%s: the connection ended (%s) without an answer, %s", offered, try.Closed, taken)
	default:
		part.Says = fmt.Sprintf("%s: no answer within %s, %s", offered, seconds(try.After), taken)
	}
	return part
}

func oversizeMemory(try run.Oversize, limit policy.Bytes) Part {
	grown := try.Peak - try.Before
	value := float64(grown)
	part := Part{
		Verdict:  Proved,
		Says:     fmt.Sprintf("resident memory grew by %s", megabytes(grown)),
		Measured: &Measure{Unit: "B", Method: "peak over before", Value: stats.Interval{Estimate: value, Lo: value, Hi: value, N: 1, Method: "peak over before"}},
		Limit:    &Limit{Op: "<=", Value: float64(limit.Value), Unit: "B", Source: limit.Source},
	}
	switch {
	case !try.Measured:
		part.Verdict, part.Reason, part.Says = NotApplicable, ToolFailed, "memory of the service's processes cannot be read here"
		part.Measured = nil
	case grown > int64(limit.Value):
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("%s by %s made resident memory grow by %s", policy.Size(try.Size), try.Form, megabytes(grown))
	}
	return part
}

// oversizeLine tells what the try did to the service's memory.
func oversizeLine(try run.Oversize) string {
	if !try.Measured {
		return "resident memory is not known"
	}
	return fmt.Sprintf("resident memory of the service: %s before, at most %s", megabytes(try.Before), megabytes(try.Peak))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
