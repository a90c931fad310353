// Package run is what a run leaves behind: one file from which every verdict can be made again.
//
// A run file (.plm) is text, one JSON object a line, and is only ever appended to. The first line is the header with
// the format's version, the last one says that the run is complete. Everything between is an artifact: what an
// experiment saw, in the order in which it ended. A file that ends early, even inside a line, opens: it tells what was
// seen until then. Samples of single requests are packed rows (package load), in base64 inside their line.
//
// Times are durations from the start of the run unless a field says otherwise.
package run
