//go:build plimsoll_no_postgres

package store

import (
	"context"
	"errors"

	"github.com/plimsoll-go/plimsoll/config"
)

func openPostgres(context.Context, config.URL, options) (engine, error) {
	return nil, errors.New("open database: this binary was built without PostgreSQL; build it without the tag plimsoll_no_postgres")
}
