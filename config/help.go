package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Help writes what SERVICE -help shows: every variable with its type, its default or that it is required, and its
// meaning, in one table a struct. The first struct is the service's own; another one names its table by a method
// Title() string. A struct without variables has no table. What w does not take is lost, as with [fmt.Println].
func Help(w io.Writer, service string, into ...any) {
	fields, _, _ := collect(into)
	rows := [][]string{{"VARIABLE", "TYPE", "DEFAULT"}}
	for _, f := range fields {
		v := f.describe()
		shown := v.Default
		switch {
		case v.Required:
			shown = "(required)"
		case shown == "":
			shown = "-"
		}
		rows = append(rows, []string{v.Name, v.Type, shown})
	}
	widths := columns(rows)
	var b strings.Builder
	fmt.Fprintf(&b, "%s is configured by environment variables. An empty value counts as none.\n", service)
	last := -1
	for i, f := range fields {
		if f.group != last {
			last = f.group
			fmt.Fprintf(&b, "\n%s\n", title(service, into[f.group], f.group))
			line(&b, rows[0], widths, "MEANING")
		}
		line(&b, rows[i+1], widths, f.meaning())
	}
	_, _ = io.WriteString(w, b.String())
}

// meaning is the help text with the bounds.
func (f field) meaning() string {
	if bounds := f.bounds(); bounds != "" {
		return strings.TrimSpace(f.help + " (" + bounds + ")")
	}
	return f.help
}

func title(service string, target any, group int) string {
	if t, ok := target.(interface{ Title() string }); ok {
		return t.Title()
	}
	if group == 0 {
		return service
	}
	return reflect.TypeOf(target).Elem().String()
}

// widest is how far one long cell may push its neighbours to the right.
const widest = 36

func columns(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			if n := utf8.RuneCountInString(cell); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	return widths
}

func line(b *strings.Builder, cells []string, widths []int, last string) {
	var l strings.Builder
	for i, cell := range cells {
		fmt.Fprintf(&l, "  %-*s", widths[i], cell)
	}
	l.WriteString("  " + last)
	b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
}
