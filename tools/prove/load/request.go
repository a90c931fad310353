package load

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
)

// Request is one kind of request in a mix.
type Request struct {
	Name   string  // the route, for people
	Weight float64 // its share relative to the others; 0: 1
	Bytes  []byte  // what is sent each time, see wire.Request
	Build  Build   // makes each one unique; replaces Bytes
}

// Build appends the bytes of request i of the run to dst and returns the result. rng depends on the seed and i only, so
// a request can be built again from them. It is called on the scheduler's thread between two requests: it must be quick
// and must not block. Only whole requests: what it appends is sent as it is.
type Build func(dst []byte, rng *rand.Rand, i int) []byte

// Unique is replaced by [Template] with 16 hex digits, which is as long as it is: a Content-Length that was right stays
// right.
const Unique = "{unique-request}"

// Template returns a Build that sends raw with every [Unique] replaced by the request's [ID].
func Template(raw []byte) Build {
	parts := bytes.Split(raw, []byte(Unique))
	return func(dst []byte, rng *rand.Rand, i int) []byte {
		id := appendID(make([]byte, 0, 16), rng, i)
		for k, part := range parts {
			if k > 0 {
				dst = append(dst, id...)
			}
			dst = append(dst, part...)
		}
		return dst
	}
}

// ID is the 16 hex digits that a [Template] puts into request i of a run with that seed: unique within the run, and very
// likely among runs with different seeds.
func ID(seed uint64, i int) string {
	return string(appendID(nil, rand.New(requestSource(seed, i)), i))
}

func appendID(dst []byte, rng *rand.Rand, i int) []byte {
	high, low := rng.Uint32(), uint32(i)
	return hex.AppendEncode(dst, []byte{byte(high >> 24), byte(high >> 16), byte(high >> 8), byte(high),
		byte(low >> 24), byte(low >> 16), byte(low >> 8), byte(low)})
}

// requestSource is the source of randomness of request i.
func requestSource(seed uint64, i int) *rand.PCG { return rand.NewPCG(seed, uint64(i)) }

// head reports whether a request is a HEAD, whose answer has no body.
func head(request []byte) bool { return bytes.HasPrefix(request, []byte("HEAD ")) }
