// Package stats is the arithmetic behind a verdict: how sure one can be of what was measured.
//
// Every [Interval] has two bounds, and each of them alone holds with the stated confidence; a check asks one question of
// one bound, so that is the error rate of its verdict. Quantiles are judged by order statistics of the raw samples, rare
// events by Clopper and Pearson, ratios by pairs measured next to each other in time. Nothing assumes that latencies are
// normal, and nothing is judged on fewer samples than the bound needs: the bound is infinite then.
package stats
