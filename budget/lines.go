package budget

// page holds the lines of one bill. One that a Book lends is used again for others, which only the ledger's lock and
// that it is closed make safe: who outlived a request holds the ledger, and through it finds no page any more.
type page struct {
	lines [maxLines + 1]Line
}

// page is a clean one.
func (l *Ledger) page() *page {
	if l.book == nil {
		return new(page)
	}
	return l.book.pages.Get().(*page) //nolint:forcetypeassert // nothing else is in it
}

// Free is for whoever closed the ledger and has done with its bill, which has no lines from now on: those of a ledger
// that a Book opened are used again by another request. The first call after Close counts.
func (l *Ledger) Free() {
	if l == nil {
		return
	}
	l.mu.Lock()
	p := l.bill.page
	if p == nil || !l.closed {
		l.mu.Unlock()
		return
	}
	used := l.bill.used
	l.bill.page, l.bill.used = nil, 0
	l.mu.Unlock()
	if l.book != nil {
		clear(p.lines[:used])
		l.book.pages.Put(p)
	}
}

// findLocked returns the index of the line for such a charge, which it makes when there is room.
func (l *Ledger) findLocked(kind Kind, name string, attempt int) int {
	b := &l.bill
	if b.page == nil {
		b.page = l.page()
	}
	for i := range b.used {
		if line := &b.page.lines[i]; line.Kind == kind && int(line.attempt) == attempt && line.Name == name {
			return i
		}
	}
	if b.used > maxLines {
		return maxLines
	}
	if b.used == maxLines {
		kind, name, attempt = Others, "", whole
	}
	line := &b.page.lines[b.used]
	line.Kind, line.Name, line.attempt = kind, name, int8(attempt)
	b.used++
	return b.used - 1
}
