package spec

import (
	"reflect"
	"slices"
	"strings"
)

// suggest names the known key that a misspelt one is closest to, or all that there are at the top.
func suggest(name string) string {
	best, distance := "", 3
	for _, key := range keys(reflect.TypeFor[Service]()) {
		if d := edits(name, key); d < distance {
			best, distance = key, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	var top []string
	for i := range reflect.TypeFor[Service]().NumField() {
		top = append(top, reflect.TypeFor[Service]().Field(i).Tag.Get("yaml"))
	}
	return "at the top there are " + strings.Join(top, ", ")
}

// keys lists every key that a description may use, at any depth.
func keys(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var out []string
	for i := range t.NumField() {
		field := t.Field(i)
		if tag := field.Tag.Get("yaml"); tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
			out = append(out, keys(field.Type)...)
		}
	}
	return out
}

// edits is the number of letters to insert, delete or replace to make a into b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
