package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// kept are the windows of this run and, where there is a file, of those before it:
// a line of JSON each.
type kept struct {
	windows []window
	file    *os.File // nil: none
}

func openKept(path string) (*kept, error) {
	k := &kept{}
	if path == "" {
		return k, nil
	}
	var err error
	if k.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	lines := json.NewDecoder(k.file)
	for {
		var w window
		if err := lines.Decode(&w); errors.Is(err, io.EOF) {
			return k, nil
		} else if err != nil {
			return nil, errors.Join(fmt.Errorf("read the windows in %s: %w", path, err), k.file.Close())
		}
		k.windows = append(k.windows, w)
	}
}

// add takes in windows and says on standard error what they came to.
func (k *kept) add(windows []window) error {
	k.windows = append(k.windows, windows...)
	for _, w := range windows {
		fmt.Fprintln(os.Stderr, w)
		if k.file == nil {
			continue
		}
		line, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if _, err := k.file.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (k *kept) close() {
	if k.file != nil {
		_ = k.file.Close() // each line was written as it came
	}
}
