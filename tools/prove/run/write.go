package run

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Writer appends artifacts to a run file. It may be used by several experiments at once.
type Writer struct {
	path  string
	start time.Time

	mu   sync.Mutex
	file *os.File
	err  error // the first one; nothing is written after it
}

// Create starts a run file and writes its header; Format and Version are filled in. A file of that name is replaced.
func Create(path string, header Header) (*Writer, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create run file: %w", err)
	}
	header.Format, header.Version = format, Version
	w := &Writer{path: path, file: file, start: time.Now()}
	line, err := json.Marshal(header)
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err != nil {
		return nil, fmt.Errorf("write run file: %w", err)
	}
	return w, nil
}

// Path is where the file lies.
func (w *Writer) Path() string { return w.path }

// line is one artifact as it is written.
type line struct {
	Kind string        `json:"kind"`
	At   time.Duration `json:"at_ns"`
	Data any           `json:"data"`
}

// Add appends an artifact. It is in the file when Add returns, so a prover that is killed later has not lost it.
func (w *Writer) Add(record Record) error {
	text, err := json.Marshal(line{Kind: record.kind(), At: time.Since(w.start), Data: record})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err == nil {
		_, err = w.file.Write(append(text, '\n'))
	}
	if err != nil {
		w.err = fmt.Errorf("write run file %s: %w", w.path, err)
	}
	return w.err
}

// Finish marks the run as complete and closes the file.
func (w *Writer) Finish() error {
	if err := w.Add(End{After: time.Since(w.start)}); err != nil {
		return err
	}
	return w.Close()
}

// Close closes the file as it is. A run that was not finished is read as interrupted. A second call does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	if w.err == nil {
		w.err = os.ErrClosed
	}
	return err
}
