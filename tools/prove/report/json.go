package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the summary, indented, with a line's end.
func JSON(w io.Writer, s Summary) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	return nil
}
