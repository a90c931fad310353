// Package report shows findings: as a scorecard for a person, as JSON for a program, and two runs side by side.
//
// There is no score. The headline counts verdicts; a number that adds a lost request to a slow header would say nothing.
package report
