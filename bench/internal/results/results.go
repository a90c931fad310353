// Package results keeps bench/RESULTS.md: a page of sections, each written by one
// benchmark and left alone by the others.
package results

import (
	"fmt"
	"os"
	"strings"
)

// Write puts a section's text in the file, in place of what it said before. The
// section stands between "<!-- NAME: begin -->" and "<!-- NAME: end -->"; a new one
// is added at the end. The error says what of the file could not be read, found or
// written.
func Write(path, name, text string) error {
	page, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read the results: %w", err)
	}
	replaced, err := replace(string(page), name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(replaced), 0o644); err != nil { //nolint:gosec // a page of the repository
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

func replace(page, name, text string) (string, error) {
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
	section := begin + strings.TrimSpace(text) + "\n" + end
	before, rest, found := strings.Cut(page, begin)
	if !found {
		if strings.Contains(page, end) {
			return "", fmt.Errorf("section %q ends without beginning", name)
		}
		if page != "" {
			page = strings.TrimRight(page, "\n") + "\n\n"
		}
		return page + section, nil
	}
	_, after, found := strings.Cut(rest, end)
	if !found {
		return "", fmt.Errorf("section %q does not end", name)
	}
	return before + section + after, nil
}
