//go:build !ablation

package main

// parts needs a build of the controller that can do without some of them.
func parts() []contender { return nil }
