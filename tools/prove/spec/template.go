package spec

import (
	"fmt"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// Values are what placeholders stand for, by name.
type Values map[string]string

// Expand replaces every placeholder in text. One that has no value is an error; {{unique}} takes a fresh word from
// unique each time, which may be nil where there is none.
func Expand(text string, values Values, unique func() string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	var missing error
	out := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-2])
		if name == "unique" && unique != nil {
			return unique()
		}
		value, ok := values[name]
		if !ok && missing == nil {
			missing = fmt.Errorf("nothing is known for {{%s}}", name)
		}
		return value
	})
	return out, missing
}

// placeholders lists the names that a text refers to.
func placeholders(text string) []string {
	var names []string
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.TrimSpace(match[1]))
	}
	return names
}
