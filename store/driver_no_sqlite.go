//go:build plimsoll_no_sqlite

package store

import (
	"context"
	"errors"

	"github.com/plimsoll-go/plimsoll/config"
)

func openSQLite(context.Context, config.URL, options) (engine, error) {
	return nil, errors.New("open database: this binary was built without SQLite; build it without the tag plimsoll_no_sqlite")
}
