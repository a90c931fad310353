package postgres_test

import (
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/postgres"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

const password = "hunter2-%40-secret"

// pretend listens like a server and answers whoever comes with an error; with
// none it never answers.
func pretend(t *testing.T, code, message string) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			t.Cleanup(func() { _ = conn.Close() })
			if code != "" {
				go refuse(conn, code, message)
			}
		}
	}()
	return listener.Addr().String()
}

func refuse(conn net.Conn, code, message string) {
	backend := pgproto3.NewBackend(conn, conn)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: message})
	_ = backend.Flush()
}

func TestAnErrorOfConnectingSaysWhatToDo(t *testing.T) {
	for code, want := range map[string]string{
		"28P01": "check the password of anna",
		"28000": "pg_hba.conf",
		"3D000": "createdb orders",
		"53300": "max_connections",
		"57P03": "starting or stopping",
		"XX000": "something broke",
	} {
		_, err := postgres.Open(t.Context(), "postgres://anna:"+password+"@"+pretend(t, code, "something broke")+"/orders?sslmode=disable", postgres.Config{})
		assert.Error(t, err, code)
		assert.Contains(t, err.Error(), want, code)
		assert.Contains(t, err.Error(), "open postgres at 127.0.0.1:", code)
		hidesPassword(t, err)
	}
}

func TestAServerThatIsNotThereIsNamed(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://anna:"+password+"@127.0.0.1:1/orders", postgres.Config{})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "127.0.0.1:1")
	assert.Contains(t, err.Error(), "is the server running there?")
	hidesPassword(t, err)

	_, err = postgres.Open(t.Context(), "postgres:///orders?host="+t.TempDir()+"&password="+password, postgres.Config{})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "open postgres at socket /")
	assert.Contains(t, err.Error(), "is the server running there?")
	hidesPassword(t, err)
}

func TestAServerThatDoesNotAnswerIsGivenUp(t *testing.T) {
	start := time.Now()
	_, err := postgres.Open(t.Context(), "postgres://anna:"+password+"@"+pretend(t, "", "")+"/orders?sslmode=disable",
		postgres.Config{Connect: 100 * time.Millisecond})
	assert.Error(t, err)
	assert.AtMost(t, time.Since(start), 5*time.Second)
	assert.Contains(t, err.Error(), "no answer in time")
	hidesPassword(t, err)
}

func TestADatabaseThatDoesNotExistIsNamed(t *testing.T) {
	url := storetest.Postgres(t).URL.Parsed()
	url.Path = "/nothing_here"
	_, err := postgres.Open(t.Context(), url.String(), postgres.Config{})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "createdb nothing_here")
}

func TestAMalformedURLIsNotRepeated(t *testing.T) {
	for _, url := range []string{
		"postgres://anna:" + password + "@h:port/orders",
		"postgres://anna:" + password + "@h/orders?sslmode=maybe",
		"postgres://anna:" + password + "@h/orders?connect_timeout=soon",
		"postgres://anna:" + password + "@h/orders?target_session_attrs=any-" + password,
		"postgres://anna:hunter2 secret@h/orders",
		"user=anna password=" + password + " sslmode",
		"postgres://anna:hunter2`: secret@h/orders?sslmode=maybe",
	} {
		_, err := postgres.Open(t.Context(), url, postgres.Config{})
		assert.Error(t, err, url)
		assert.Contains(t, err.Error(), "write it like postgres://", url)
		if url != "postgres://anna:"+password+"@h/orders?target_session_attrs=any-"+password { // there it is no password
			hidesPassword(t, err)
		}
	}
}

func hidesPassword(t *testing.T, err error) {
	t.Helper()
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotContains(t, err.Error(), "secret")
}
