package launch

import (
	"net/netip"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const sampleTable = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n" +
	"   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:D431 01 00000000:00000000 00:0 0 0 0 0 2\n"

func TestParseTCPTable(t *testing.T) {
	sockets, err := parseTCPTable([]byte(sampleTable))
	assert.NoError(t, err)
	service := netip.MustParseAddrPort("127.0.0.1:8080")
	assert.Equal(t, sockets, []tcpSocket{
		{service, netip.MustParseAddrPort("0.0.0.0:0"), tcpListen, 4711},
		{service, netip.MustParseAddrPort("127.0.0.1:54321"), 1, 0},
	})
	for _, bad := range []string{"0: 1 2", "0: X:1 0:0 0A 0 0 0 0 0 1", "0: 0100007F:1 0100007F:2 ZZ 0 0 0 0 0 1"} {
		_, err := parseTCPTable([]byte("\n" + bad + "\n"))
		assert.Error(t, err)
	}
}

func FuzzParseTCPTable(f *testing.F) {
	f.Add([]byte(sampleTable))
	f.Add([]byte("\n0: 0100007F:1F90"))
	f.Fuzz(func(t *testing.T, table []byte) {
		sockets, err := parseTCPTable(table)
		if err != nil {
			return
		}
		for _, s := range sockets {
			if !s.local.IsValid() || !s.remote.IsValid() || s.local.Addr().Is4In6() {
				t.Fatalf("bad socket %+v", s)
			}
		}
	})
}
