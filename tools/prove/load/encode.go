package load

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrRows is what cannot be read as rows.
var ErrRows = errors.New("not readable as rows")

const (
	rowsMagic   = "plmrows"
	rowsVersion = 1
	minRowSize  = 10 // one byte a field
)

// AppendRows appends rows in their stored form: a magic word, a version, their number, and about 20 bytes each, times as
// differences in nanoseconds. The rows must be in the order in which they were due, as in a [Result].
func AppendRows(dst []byte, rows []Row) []byte {
	dst = append(append(dst, rowsMagic...), rowsVersion)
	dst = binary.AppendUvarint(dst, uint64(len(rows)))
	var before time.Duration
	for i := range rows {
		r := &rows[i]
		dst = binary.AppendUvarint(dst, uint64(r.Intended-before))
		before = r.Intended
		ref := r.Intended
		for _, t := range [...]time.Duration{r.Picked, r.Written, r.First, r.Last} {
			if t == 0 {
				dst = append(dst, 0)
				continue
			}
			dst = binary.AppendUvarint(dst, zigzag(t-ref)+1)
			ref = t
		}
		dst = binary.AppendUvarint(dst, uint64(r.Status))
		dst = binary.AppendUvarint(dst, zigzag(time.Duration(r.RetryAfter)))
		dst = binary.AppendUvarint(dst, uint64(r.Route))
		dst = append(dst, byte(r.Outcome), byte(r.Flags))
	}
	return dst
}

// ParseRows reads what [AppendRows] wrote. Its errors wrap [ErrRows].
func ParseRows(b []byte) ([]Row, error) {
	if len(b) <= len(rowsMagic) || string(b[:len(rowsMagic)]) != rowsMagic {
		return nil, fmt.Errorf("%w: they begin otherwise", ErrRows)
	}
	if v := b[len(rowsMagic)]; v != rowsVersion {
		return nil, fmt.Errorf("%w: version %d, this build reads %d", ErrRows, v, rowsVersion)
	}
	d := decoder{rest: b[len(rowsMagic)+1:]}
	n := d.uvarint()
	if d.bad || n > uint64(len(d.rest)/minRowSize) {
		return nil, fmt.Errorf("%w: %d rows do not fit into %d bytes", ErrRows, n, len(d.rest))
	}
	rows := make([]Row, n)
	var before time.Duration
	for i := range rows {
		d.row(&rows[i], before)
		if d.bad {
			return nil, fmt.Errorf("%w: row %d is damaged", ErrRows, i)
		}
		before = rows[i].Intended
	}
	if len(d.rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last row", ErrRows, len(d.rest))
	}
	return rows, nil
}

// decoder takes values off the front of rest until something is wrong.
type decoder struct {
	rest []byte
	bad  bool
}

// farthest bounds times, so that sums of a few cannot overflow: 73 years.
const farthest = time.Duration(1) << 61

func (d *decoder) row(r *Row, before time.Duration) {
	r.Intended = d.within(before + time.Duration(d.limited(uint64(farthest))))
	ref := r.Intended
	for _, t := range [...]*time.Duration{&r.Picked, &r.Written, &r.First, &r.Last} {
		v := d.uvarint()
		if v == 0 {
			continue
		}
		*t = d.within(ref + d.within(unzigzag(v-1)))
		if *t == 0 {
			d.bad = true // zero has a form of its own
		}
		ref = *t
	}
	r.Status = uint16(d.limited(1<<16 - 1))
	retry := unzigzag(d.limited(1<<16 - 1))
	r.RetryAfter = int16(retry)
	r.Route = uint16(d.limited(1<<16 - 1))
	r.Outcome = Outcome(d.byte())
	r.Flags = Flags(d.byte())
	if r.Outcome >= outcomes {
		d.bad = true
	}
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) limited(most uint64) uint64 {
	v := d.uvarint()
	if v > most {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) within(t time.Duration) time.Duration {
	if t > farthest || t < -farthest {
		d.bad = true
		return 0
	}
	return t
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func zigzag(d time.Duration) uint64 { return uint64(d)<<1 ^ uint64(d>>63) }

func unzigzag(v uint64) time.Duration { return time.Duration(v>>1) ^ -time.Duration(v&1) }

// MarshalJSON writes the stored form in base64.
func (r Rows) MarshalJSON() ([]byte, error) {
	return json.Marshal(base64.StdEncoding.EncodeToString(AppendRows(nil, r)))
}

// UnmarshalJSON is the reverse of MarshalJSON.
func (r *Rows) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("%w: %w", ErrRows, err)
	}
	stored, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRows, err)
	}
	*r, err = ParseRows(stored)
	return err
}
