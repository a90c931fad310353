// Package launch runs the service under test, and ends it.
//
// A service runs under a guard: the prover's own program, started again by its
// hidden argument, between the prover and the service. The guard owns every
// process that the service brings forth, those that left its process group and
// its session included, and ends them all when the service exits, when it is
// told to, or when the prover is gone, even by kill -9. It never ends before
// they have.
//
// A program that uses this package hands its main over to the guard first:
//
//	if len(os.Args) > 1 && os.Args[1] == launch.GuardArgument {
//		os.Exit(launch.Guard(os.Args[2:]))
//	}
//
// A signal goes to the service's main process alone, as a container's runtime
// sends it: what a shell or npm does not pass on is lost there too. What is left
// when the main process has ended is killed, for the same reason.
//
// Samples, sockets and pinning are read from and set through Linux's procfs.
// Elsewhere they return ErrNotAvailable, and the guard ends the process group
// only.
package launch
