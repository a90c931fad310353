//go:build race

package servicetest

// raceDetector is on in this build.
const raceDetector = true
