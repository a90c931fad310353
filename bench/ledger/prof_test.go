package main

import "testing"

func BenchmarkUsual(b *testing.B) { subjects()[2].run(b.N) }
