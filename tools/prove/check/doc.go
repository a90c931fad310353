// Package check turns what a run recorded into verdicts.
//
// A check is a pure function of the artifacts and a policy: it starts nothing, asks for no time and reads no file. So
// a run can be judged again under another policy, and every check is tested on recorded artifacts.
//
// To add one: write its file with its entry and its judgement, and name it in All. Nothing else knows the checks.
package check
