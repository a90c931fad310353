package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// longestLine bounds what is read into memory for one artifact: a million packed rows are 43 MB in base64.
const longestLine = 128 << 20

// ErrFormat is the cause of every error about a file's content.
var ErrFormat = errors.New("not a usable run file")

// Open reads a run file. A file that ends early is no error: Complete is false then, and Cut says whether it ends
// inside a line. Any other fault of its content is an ErrFormat in one line.
func Open(path string) (*Artifacts, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open run file: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: %w: it is a folder", path, ErrFormat)
	}
	a, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// Read reads a run file from r.
func Read(r io.Reader) (*Artifacts, error) {
	reader := bufio.NewReaderSize(r, 1<<16)
	a := &Artifacts{}
	for number := 1; ; number++ {
		text, whole, err := readLine(reader)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		switch {
		case number == 1:
			if err := a.readHeader(text, whole); err != nil {
				return nil, err
			}
		case !whole:
			a.Cut = len(text) > 0
			return a, nil
		default:
			if err := a.readLine(text); err != nil {
				return nil, fmt.Errorf("%w: line %d is damaged: %w", ErrFormat, number, err)
			}
		}
	}
}

func (a *Artifacts) readHeader(text []byte, whole bool) error {
	err := json.Unmarshal(text, &a.Header)
	switch {
	case len(text) == 0:
		return fmt.Errorf("%w: it is empty", ErrFormat)
	case err != nil || a.Header.Format != format:
		return fmt.Errorf("%w: it does not begin like one; `plimsoll prove DIR --out FILE` writes one", ErrFormat)
	case a.Header.Version != Version:
		return fmt.Errorf("%w: it is of version %d and this tool reads version %d; use the tool that wrote it (%s), or prove again",
			ErrFormat, a.Header.Version, Version, a.Header.Tool)
	case !whole:
		return fmt.Errorf("%w: it ends inside its first line", ErrFormat)
	}
	return nil
}

func (a *Artifacts) readLine(text []byte) error {
	var entry struct {
		Kind string          `json:"kind"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		return err
	}
	return a.add(entry.Kind, entry.Data)
}

// readLine returns the next line; whole says whether it had an end.
func readLine(r *bufio.Reader) (text []byte, whole bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(text, []byte("\n")), true, nil
		case errors.Is(err, io.EOF):
			return text, false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		case len(text) > longestLine:
			return nil, false, fmt.Errorf("%w: it is longer than %d MiB", ErrFormat, longestLine>>20)
		}
	}
}
