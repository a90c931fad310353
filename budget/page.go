package budget

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"
)

// ServeHTTP serves the Report: as a page to a browser, as a table of text to whoever takes anything (as curl says), and
// otherwise as JSON.
func (b *Book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	report := b.Report(time.Now())
	w.Header().Set("Cache-Control", "no-store")
	switch accept := strings.Join(r.Header["Accept"], ","); {
	case strings.Contains(accept, "text/html"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		report.writeHTML(w)
	case strings.Contains(accept, "application/json"):
		report.writeJSON(w)
	case strings.Contains(accept, "text/plain"), strings.Contains(accept, "*/*"):
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		report.writeText(w)
	default:
		report.writeJSON(w)
	}
}

func (r *Report) writeJSON(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(r) // the operator is gone if this fails
}

// heading says what the numbers are.
func (r *Report) heading() string {
	return fmt.Sprintf("where the time of each route went, last %v", time.Duration(r.WindowS*float64(time.Second)))
}

// writeText writes a table for a terminal. That the operator is gone is no failure of the table.
func (r *Report) writeText(w io.Writer) {
	fmt.Fprintln(w, r.heading())
	for i := range r.Routes {
		route := &r.Routes[i]
		fmt.Fprintf(w, "\n%s\n", printable(route.headline()))
		t := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "\tshare\tp50\tp99\trequests\tfailed\tslowest trace\t")
		for j := range route.Where {
			fmt.Fprintln(t, printable("  "+strings.Join(route.Where[j].cells(), "\t")+"\t"))
		}
		_ = t.Flush()
		if s := route.Slowest; s != nil {
			fmt.Fprintf(w, "  slowest: %s trace=%s %s\n", s.At.UTC().Format(time.RFC3339), s.TraceID, printable(s.Bill))
		}
	}
	if len(r.Routes) == 0 {
		fmt.Fprintln(w, "\nno request was served")
	}
}

// writeHTML writes the same for a browser: no script, nothing from elsewhere.
func (r *Report) writeHTML(w io.Writer) {
	fmt.Fprintf(w, `<!doctype html><html lang="en"><meta charset="utf-8"><title>time</title><style>
body{font:14px/1.5 system-ui,sans-serif;margin:2em}td,th{text-align:right;padding:.1em 1em}td:first-child,th:first-child{text-align:left}code{font-size:12px}
meter{width:12em}</style><h1>%s</h1>`, html.EscapeString(r.heading()))
	for i := range r.Routes {
		route := &r.Routes[i]
		fmt.Fprintf(w, "<h2>%s</h2><table><tr><th><th>share<th>p50<th>p99<th>requests<th>failed<th>slowest trace", html.EscapeString(route.headline()))
		for j := range route.Where {
			line := &route.Where[j]
			fmt.Fprint(w, "<tr>")
			for k, cell := range line.cells() {
				if k == 1 {
					cell = fmt.Sprintf(`<meter value="%v"></meter> %s`, line.Share, html.EscapeString(cell))
				} else {
					cell = html.EscapeString(cell)
				}
				fmt.Fprintf(w, "<td>%s", cell)
			}
		}
		fmt.Fprint(w, "</table>")
		if s := route.Slowest; s != nil {
			fmt.Fprintf(w, "<p>slowest: %s <code>%s</code> <code>%s</code>", s.At.UTC().Format(time.RFC3339), s.TraceID, html.EscapeString(s.Bill))
		}
	}
	if len(r.Routes) == 0 {
		fmt.Fprint(w, "<p>no request was served")
	}
}

// headline is a route and its numbers in a line.
func (r *RouteReport) headline() string {
	return fmt.Sprintf("%s: %d requests, %d failed, p50 %s, p99 %s, needs %s", r.Route, r.Requests, r.Failed, shortMS(r.P50MS), shortMS(r.P99MS), shortMS(r.NeedMS))
}

// cells are a line's, in the order of both tables.
func (l *LineReport) cells() []string {
	name := l.Kind
	if l.Name != "" {
		name += " " + l.Name
	}
	return []string{name, fmt.Sprintf("%.1f %%", 100*l.Share), shortMS(l.P50MS), shortMS(l.P99MS), fmt.Sprint(l.Requests), fmt.Sprint(l.Failed), l.TraceID}
}

// shortMS writes milliseconds with the digits that say something.
func shortMS(ms float64) string {
	return string(appendMilliseconds(nil, time.Duration(ms*float64(time.Millisecond))))
}

// printable keeps what a terminal would obey out of a table; tabs stand between its cells.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '_'
		}
		return r
	}, s)
}
