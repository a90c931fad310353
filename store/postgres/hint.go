package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// malformed says what is wrong with a URL. The driver's error repeats the URL
// and hides the password as well as it can guess where it is; this keeps only
// what follows.
func malformed(err error) error {
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) {
		return errors.New("the URL is not valid: write it like postgres://user:password@host:5432/name")
	}
	text := err.Error()
	_, reason, ok := strings.Cut(text[min(len("cannot parse `"), len(text)):], "`: ")
	if !ok || strings.Contains(reason, "failed to parse as") {
		reason = "the URL is not valid"
	}
	return fmt.Errorf("%s: write it like postgres://user:password@host:5432/name?sslmode=require, with special characters of the password as %%XX", reason)
}

// explain adds what to do now to an error of connecting.
func explain(err error, config *pgx.ConnConfig) error {
	where := fmt.Sprintf("open postgres at %s:%d", config.Host, config.Port)
	if strings.HasPrefix(config.Host, "/") {
		where = "open postgres at socket " + config.Host
	}
	if hint := hint(err, config); hint != "" {
		return fmt.Errorf("%s: %w: %s", where, err, hint)
	}
	return fmt.Errorf("%s: %w", where, err)
}

func hint(err error, config *pgx.ConnConfig) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return serverHint(refused.Code, config)
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("is the name %s right, and does it resolve from here?", config.Host)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return "is the server running there?"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time; is a firewall between, or the address wrong?"
	case strings.Contains(err.Error(), "tls"), strings.Contains(err.Error(), "certificate"):
		return "check sslmode and sslrootcert in the URL"
	}
	return ""
}

// serverHint is by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
func serverHint(code string, config *pgx.ConnConfig) string {
	switch code {
	case "28P01":
		return fmt.Sprintf("check the password of %s in the URL", config.User)
	case "28000":
		return fmt.Sprintf("the server's pg_hba.conf does not let %s in from here, or wants TLS: check user and sslmode", config.User)
	case "3D000":
		return fmt.Sprintf("create it first: createdb %s", config.Database)
	case "53300":
		return "the server's max_connections are used up; count replicas × pool, or put a pooler between"
	case "57P03":
		return "the server is starting or stopping; try again in a moment"
	}
	return ""
}
