package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// explain adds what to do now to an error of opening the database.
func explain(err error, loc location) error {
	name := loc.path
	if name == "" {
		name = "in memory"
	}
	if hint := hint(err, loc); hint != "" {
		return fmt.Errorf("open sqlite %s: %w: %s", name, err, hint)
	}
	return fmt.Errorf("open sqlite %s: %w", name, err)
}

func hint(err error, loc location) string {
	var e *driver.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_CANTOPEN:
		return cannotOpen(loc)
	case lib.SQLITE_NOTADB:
		return "the file is something else; choose another path, or move it away"
	case lib.SQLITE_CORRUPT:
		return "the file is damaged; restore it from a backup"
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Sprintf("user %d may not write the file or its folder; the log is written beside it", os.Getuid())
	case lib.SQLITE_FULL:
		return "the disk is full"
	case lib.SQLITE_BUSY:
		return "another process holds it; a backup tool or a second copy of the service?"
	}
	return ""
}

func cannotOpen(loc location) string {
	folder := filepath.Dir(loc.path)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the folder %s does not exist; create it, or choose another path", folder)
	case err == nil && !info.IsDir():
		return fmt.Sprintf("%s is not a folder", folder)
	}
	switch info, err := os.Stat(loc.path); {
	case err == nil && info.IsDir():
		return "this is a folder; name a file in it"
	case errors.Is(err, fs.ErrNotExist) && loc.mode == "rw":
		return "the file does not exist and mode=rw does not create it; is the volume mounted?"
	}
	return fmt.Sprintf("user %d may not open it or write in its folder", os.Getuid())
}
